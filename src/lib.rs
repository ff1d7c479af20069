//! Menshen (门神), the sign-in door of a cloud platform: an OAuth 2 / OpenID
//! Connect provider in one binary.
//!
//! The floors of the house. A module may use modules on lower floors only; on
//! one floor only those named to its left. `tests/it/architecture.rs` enforces it.
//!
//! | floor | modules |
//! |---|---|
//! | F0 | [`base`] |
//! | F1 | [`protocol`] |
//! | F2 | [`domain`] · [`config`] · [`telemetry`] |
//! | F3 | [`store`] · [`outbound`] · [`geo`] · [`keys`] · [`connectors`] · [`notify`] |
//! | F4 | [`authn`] · [`session`] · [`token`] · [`identity`] · [`flow`] |
//! | F5 | [`app`] |
//! | F6 | [`web`] · [`jobs`] · [`simulator`] |
//! | F7 | [`demo`] · [`cli`] |

pub mod app;
pub mod authn;
pub mod base;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod demo;
pub mod domain;
pub mod flow;
pub mod geo;
pub mod identity;
pub mod jobs;
pub mod keys;
pub mod notify;
pub mod outbound;
pub mod protocol;
pub mod session;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod token;
pub mod web;
