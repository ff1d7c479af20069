//! What each path of the provider does, over HTTP and on both databases.

mod accounts;
mod authorize_people;
mod authorize_requests;
mod authorize_targets;
mod chooser;
mod consent;
mod cookie;
mod discovery;
mod guessing;
mod hints;
mod lifecycle;
mod login;
mod logout;
mod logout_channels;
mod notices;
mod reset;
mod sessions;
mod sign_in;
pub mod sign_up;
mod sms;
mod tabs;
mod timing;
mod upstream;
mod web_layer;
