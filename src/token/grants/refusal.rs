//! Why a code or a refresh token bought nothing: both are good once, for one
//! client, while their grant lives.

use thiserror::Error;

use crate::base::id::{ClientId, GrantId};
use crate::domain::grant::GrantEnd;
use crate::protocol::ErrorCode;
use crate::token::audience::WrongTarget;

/// Why a code or a refresh token was refused. `Display` goes on from "the code"
/// or "the refresh token" and is for our log; the client sees `code()`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum GrantError {
    /// There is no such thing.
    #[error("is unknown")]
    Unknown,
    /// Nobody came in time.
    #[error("is over")]
    Expired,
    /// Another presenter won while this one waited; nothing is revoked.
    #[error("was spent by a concurrent request")]
    Concurrent,
    /// It was spent before this presenter came; its grant is revoked.
    #[error("came again, grant {0} is revoked")]
    Replayed(GrantId),
    /// Somebody else's (conformance-needs 8: 400, never 401); a code is burnt.
    #[error("belongs to client {owner}, presented by {presenter}")]
    OtherClient {
        /// To whom it was issued.
        owner: ClientId,
        /// Who came with it.
        presenter: ClientId,
    },
    /// A code without its redirect URI, or with another one; burnt.
    #[error("came with another redirect_uri than it was sent to")]
    RedirectUri,
    /// A code with a challenge and no verifier, or a wrong one; burnt.
    #[error("came without its code_verifier, or with a wrong one")]
    Pkce,
    /// A code without a challenge and with a verifier (RFC 9700 §4.8.2); burnt.
    #[error("has no challenge and came with a code_verifier")]
    UnexpectedVerifier,
    /// The grant ended before.
    #[error("is worth nothing any more: {0}")]
    Ended(#[from] GrantEnd),
    /// A resource that is not granted.
    #[error("was refused: {0}")]
    Target(#[from] WrongTarget),
    /// The engine refused: a scope wider than what was granted, or what our own
    /// checks had passed.
    #[error("was refused by the engine with {0}")]
    Engine(ErrorCode),
}

impl GrantError {
    /// What the client sees.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown
            | Self::Expired
            | Self::Concurrent
            | Self::Replayed(_)
            | Self::OtherClient { .. }
            | Self::RedirectUri
            | Self::Pkce
            | Self::UnexpectedVerifier
            | Self::Ended(_) => ErrorCode::InvalidGrant,
            Self::Target(_) => ErrorCode::InvalidTarget,
            Self::Engine(code) => *code,
        }
    }
}
