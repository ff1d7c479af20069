//! Floor 6: HTTP: routes, guards, extraction, answers.
//!
//! A handler reads a request, calls one service and answers; it decides
//! nothing. Never names the store's functions: what it needs, a service gives.

pub mod accounts;
pub mod apps;
pub mod assets;
pub mod authorize;
pub mod bind;
pub mod bindings;
pub mod body;
pub mod client_address;
pub mod consent;
pub mod context;
pub mod cookie;
pub mod csp;
pub mod csrf;
pub mod discovery;
pub mod edge;
pub mod failure;
pub mod health;
mod held_payload;
pub mod introspect;
pub mod jwks;
pub mod login;
pub mod login_pages;
pub mod logout;
pub mod native;
mod own;
pub mod pages;
pub mod password;
pub mod people;
pub mod provider;
pub mod reset;
pub mod respond;
pub mod revoke;
pub mod routes;
pub mod server;
pub mod sessions;
pub mod sign_up;
pub mod site;
mod sms;
pub mod static_files;
pub mod tls;
pub mod token;
pub mod upstream;
pub mod userinfo;
pub mod wire;
