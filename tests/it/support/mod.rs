//! What the tests share.

pub mod answer;
pub mod api;
pub mod browser;
pub mod database;
pub mod house;
pub mod idp;
pub mod letters;
pub mod mmdb;
pub mod relying_party;
pub mod signing_keys;
pub mod sms;
