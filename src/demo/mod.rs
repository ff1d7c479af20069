//! Floor 7: the demo: a provider with people in it, an example relying party
//! and an example API.
//!
//! The relying party and the API talk to the provider over HTTP alone, as
//! strangers would; nothing here has a private door. `cli` runs it.

pub mod addresses;
pub mod api;
pub mod banner;
mod clients;
pub mod console;
pub mod data;
pub mod house;
pub mod http;
mod run;
pub mod vendors;

use std::fmt;

pub use run::Demo;

/// Of every page of the demo: what the provider's pages look like as well, and
/// its own colours and parts.
const STYLESHEET: &str =
    concat!(include_str!("../../assets/base.css"), include_str!("../../templates/demo/console.css"));

/// Why the demo does not run: one line that names what is wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct DemoError(String);

impl DemoError {
    /// `what` (a key, a file, an address) and the `reason`.
    pub fn new(what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self(format!("{what}: {reason}"))
    }

    /// From an error that names what is wrong by itself.
    pub fn whole(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}
