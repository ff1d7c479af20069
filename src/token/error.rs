//! Why the token endpoint refused. `Display` is for our log, the client sees `code()`.

use thiserror::Error;

use super::client_auth::ClientAuthError;
use super::grants::client_credentials::ClientCredentialsError;
use super::grants::refusal::GrantError;
use crate::keys::SignError;
use crate::protocol::{ErrorCode, ProtocolError};
use crate::store::StoreError;

/// What a client sees of trouble with the store.
pub(super) fn store_code(error: &StoreError) -> ErrorCode {
    if error.is_unavailable() { ErrorCode::TemporarilyUnavailable } else { ErrorCode::ServerError }
}

/// Why no token was issued.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The request is not well-formed.
    #[error("{}: {}", .0.code(), .0.description())]
    Request(#[from] ProtocolError),
    /// The client did not prove who it is.
    #[error(transparent)]
    Client(#[from] ClientAuthError),
    /// The client is not registered for this grant.
    #[error("the client is not registered for {0}")]
    GrantNotAllowed(&'static str),
    /// The code did not buy anything.
    #[error("the code {0}")]
    Exchange(GrantError),
    /// The refresh token did not buy anything.
    #[error("the refresh token {0}")]
    Refresh(GrantError),
    /// The client got nothing for itself.
    #[error(transparent)]
    ClientCredentials(#[from] ClientCredentialsError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl TokenError {
    /// What the client sees (RFC 6749 §5.2).
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Request(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::GrantNotAllowed(_) => ErrorCode::UnauthorizedClient,
            Self::Exchange(error) | Self::Refresh(error) => error.code(),
            Self::ClientCredentials(error) => error.code(),
            Self::Store(error) => store_code(error),
            Self::Sign(_) => ErrorCode::ServerError,
        }
    }

    /// A few words for the client's developers, where they help.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        match self {
            Self::Request(error) => Some(error.description()),
            Self::GrantNotAllowed(_) => Some("the client is not registered for this grant type"),
            Self::Client(_)
            | Self::Exchange(_)
            | Self::Refresh(_)
            | Self::ClientCredentials(_)
            | Self::Store(_)
            | Self::Sign(_) => None,
        }
    }
}
