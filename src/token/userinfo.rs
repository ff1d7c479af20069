//! Userinfo (OIDC Core §5.3): what an access token lets its client know of the person.

use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use super::Tokens;
use super::clients::KnownClient;
use super::id_token::request_of;
use super::person::Person;
use super::resolve::Resolved;
use crate::base::Secret;
use crate::protocol::ErrorCode;
use crate::protocol::claims::{Destination, Release};
use crate::protocol::scope::OPENID;
use crate::store::{StoreError, StoreResult, Tx};

/// The claims, and the client they go to (its origins decide on CORS).
pub struct UserInfo {
    /// As they go over the wire.
    pub claims: Map<String, Value>,
    /// Who asked.
    pub client: Arc<KnownClient>,
}

/// Why nothing was told (RFC 6750 §3.1).
#[derive(Debug, Error)]
pub enum UserInfoError {
    /// Unknown, revoked, over, or nothing behind it stands.
    #[error("the access token is not good")]
    InvalidToken,
    /// The token has no scope `openid`, or speaks for no person.
    #[error("the access token is not for userinfo")]
    InsufficientScope,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UserInfoError {
    /// What the client sees.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidToken => ErrorCode::InvalidToken,
            Self::InsufficientScope => ErrorCode::InsufficientScope,
            Self::Store(error) => super::error::store_code(error),
        }
    }
}

impl Tokens {
    /// What `token` lets its client know, as things stand now.
    pub async fn userinfo(&self, token: &Secret<String>) -> Result<UserInfo, UserInfoError> {
        let (resolved, client, person) =
            self.resolve(token.expose(), read_person).await?.ok_or(UserInfoError::InvalidToken)?;
        let (Some(live), Some(person)) = (resolved.live, person) else { return Err(UserInfoError::InsufficientScope) };
        let release = Release {
            scope: &resolved.scope,
            request: &request_of(&live.grant.claims),
            always_account_claims: client.client.metadata.always_include_account_claims,
        };
        let available = person.claims(&self.0, &live);
        Ok(UserInfo { claims: release.filter(&available, Destination::UserInfo), client })
    }
}

/// In the snapshot of the token; nothing is read for a token that is not for this.
fn read_person(tx: &mut Tx<'_>, resolved: &Resolved) -> StoreResult<Option<Person>> {
    match &resolved.live {
        Some(live) if resolved.scope.contains(OPENID) => Person::find(tx, &live.grant.principal),
        Some(_) | None => Ok(None),
    }
}
