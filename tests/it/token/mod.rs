//! The token service on both databases, without HTTP.

mod client_auth;
mod client_credentials;
mod engine_gaps;
mod exchange;
mod house;
mod http;
mod introspect;
mod races;
mod refresh;
mod residents;
mod revoke;
mod sweep;
mod userinfo;
