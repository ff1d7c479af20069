//! Floor 1: the wire types and rules of OAuth 2 and OpenID Connect, pure.
//!
//! Text comes in, checked values or a [`ProtocolError`] go out. Nothing here
//! knows of HTTP frameworks, of storage, of time or of who is signed in; the
//! floors above call it with data, and it never calls back.

pub mod account_hints;
pub mod authorization;
pub mod claims;
pub mod claims_request;
pub mod client_metadata;
pub mod client_rules;
pub mod client_values;
pub mod discovery;
pub mod error;
pub mod login_methods;
pub mod params;
pub mod pkce;
pub mod presented;
pub mod prompt;
pub mod redirect_uri;
pub mod response;
pub mod scope;
pub mod standard_claims;
pub mod token_request;

pub use authorization::AuthorizationRequest;
pub use claims_request::ClaimsRequest;
pub use client_metadata::ClientMetadata;
pub use client_rules::{MetadataError, ValidatedMetadata};
pub use error::{ErrorCode, ProtocolError};
pub use login_methods::LoginMethods;
pub use params::RawParams;
pub use presented::PresentedClient;
pub use prompt::{Prompt, Prompts};
pub use redirect_uri::{ApplicationType, RegisteredRedirectUri};
pub use response::{AuthorizationResponse, ResponseMode};
pub use scope::Scope;
pub use token_request::TokenRequest;
