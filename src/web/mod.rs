//! Floor 6: HTTP: routes, guards, extraction, answers.

pub mod assets;
pub mod body;
pub mod client_address;
pub mod csp;
pub mod edge;
pub mod health;
mod held_payload;
pub mod pages;
pub mod server;
pub mod tls;
