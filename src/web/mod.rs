//! Floor 6: HTTP: routes, guards, extraction, answers.

pub mod assets;
pub mod body;
pub mod client_address;
pub mod csp;
pub mod discovery;
pub mod edge;
pub mod health;
mod held_payload;
pub mod introspect;
pub mod jwks;
pub mod pages;
pub mod revoke;
pub mod server;
pub mod tls;
pub mod token;
pub mod userinfo;
pub mod wire;
