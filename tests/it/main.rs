//! The integration tests: one binary, one module for each part of the house.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test that cannot go on must stop"
)]

mod reference;
mod server;
mod store;
mod support;
mod templates;
