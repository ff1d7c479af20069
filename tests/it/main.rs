//! The integration tests: one binary, one module for each part of the house.

mod reference;
mod server;
mod store;
mod support;
mod templates;
