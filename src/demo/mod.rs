//! Floor 7: the demo: a provider with people in it, an example relying party
//! and an example API.
//!
//! The relying party and the API talk to the provider over HTTP alone, as
//! strangers would; nothing here has a private door. `cli` runs it.

pub mod addresses;
pub mod api;
pub mod banner;
pub mod console;
pub mod data;
pub mod http;
