//! The integration tests: one binary, one module for each part of the house.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does; clippy exempts only the test functions themselves"
)]

mod architecture;
mod authenticators;
mod authn;
mod cli;
mod clients;
mod connectors;
mod crash;
mod decisions;
mod demo;
mod exhaustion;
mod guards;
mod hostile;
mod identity;
mod jobs;
mod keys;
mod reference;
mod routes;
mod server;
mod simulator;
mod store;
mod support;
mod templates;
mod token;
