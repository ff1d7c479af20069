//! Signing in with a password, on both databases and below HTTP.

mod guessing;
mod logins;
mod sms;
mod spraying;
pub mod world;
