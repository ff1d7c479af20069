//! One file for each grant type, and what the two that sell a grant share.

pub(super) mod authorization_code;
pub(super) mod client_credentials;
mod purchase;
pub(super) mod refresh_token;
pub(super) mod refusal;
