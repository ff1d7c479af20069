//! The integration tests: one binary, one module for each part of the house.

mod store;
mod support;
mod templates;
