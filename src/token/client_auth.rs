//! Who is the client? One answer for the token, introspection and revocation
//! endpoints: exactly the method it registered, compared in constant time
//! (RFC 6749 §2.3, RFC 7523 §3).
//!
//! An unknown client costs what a known one costs, and learns nothing else
//! (CA-01). [`AuthenticatedClient`] is the proof that the rest of `token` asks for.

use std::ops::Deref;
use std::sync::Arc;

use thiserror::Error;

use super::Tokens;
use super::clients::{ClientKeys, KnownClient};
use crate::base::id::ClientId;
use crate::base::{Secret, Timestamp};
use crate::domain::client::Client;
use crate::keys::jose::Compact;
use crate::keys::{AssertionError, AssertionRules, VerifiedAssertion, verify_assertion};
use crate::protocol::client_metadata::{AssertionAlg, ClientAuthMethod};
use crate::protocol::{ErrorCode, PresentedClient};
use crate::store::{StoreError, used_assertions};

/// A client that proved who it is, in the way it registered. Only
/// [`Tokens::authenticate`] makes one.
#[derive(Clone)]
pub struct AuthenticatedClient(Arc<KnownClient>);

impl Deref for AuthenticatedClient {
    type Target = KnownClient;

    fn deref(&self) -> &KnownClient {
        &self.0
    }
}

impl AuthenticatedClient {
    /// Its `client_id`.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.client.id
    }
}

/// Why a client was not let in. For our log; the client sees [`ClientAuthError::code`].
#[derive(Debug, Error)]
pub enum ClientAuthError {
    /// No client of this name.
    #[error("the client is unknown")]
    Unknown,
    /// The client, or the account that owns it, is switched off.
    #[error("client {0} is not active")]
    Inactive(ClientId),
    /// Another method than the registered one.
    #[error("client {0} used a method that it is not registered for")]
    Method(ClientId),
    /// The secret is wrong.
    #[error("client {0} presented a wrong secret")]
    WrongSecret(ClientId),
    /// The assertion is wrong.
    #[error("client {client} presented a wrong assertion: {reason}")]
    Assertion {
        /// Who it says it is.
        client: ClientId,
        /// What is wrong with it.
        reason: Box<AssertionError>,
    },
    /// The assertion was used before.
    #[error("client {0} presented an assertion twice")]
    AssertionUsed(ClientId),
    /// The assertion names nobody that can be read.
    #[error("an assertion cannot be read")]
    Unreadable,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClientAuthError {
    /// What the client sees.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown
            | Self::Inactive(_)
            | Self::Method(_)
            | Self::WrongSecret(_)
            | Self::Assertion { .. }
            | Self::AssertionUsed(_)
            | Self::Unreadable => ErrorCode::InvalidClient,
            Self::Store(error) => super::error::store_code(error),
        }
    }
}

impl Tokens {
    /// Lets a client in, or tells why not.
    pub async fn authenticate(&self, presented: &PresentedClient) -> Result<AuthenticatedClient, ClientAuthError> {
        let claimed = match (presented.client_id(), presented) {
            (Some(id), _) => id.clone(),
            (None, PresentedClient::Assertion { assertion, .. }) => {
                claimed_by(assertion).ok_or(ClientAuthError::Unreadable)?
            }
            (None, PresentedClient::Basic { .. } | PresentedClient::Post { .. } | PresentedClient::Public { .. }) => {
                return Err(ClientAuthError::Unknown);
            }
        };
        let known = self.0.clients.find(&claimed).await?;
        match presented {
            PresentedClient::Basic { secret, .. } => {
                self.check_secret(known, &claimed, secret, ClientAuthMethod::ClientSecretBasic)
            }
            PresentedClient::Post { secret, .. } => {
                self.check_secret(known, &claimed, secret, ClientAuthMethod::ClientSecretPost)
            }
            PresentedClient::Public { .. } => admit(known.ok_or(ClientAuthError::Unknown)?, ClientAuthMethod::None),
            PresentedClient::Assertion { assertion, .. } => {
                self.check_assertion(known.ok_or(ClientAuthError::Unknown)?, assertion).await
            }
        }
    }

    fn check_secret(
        &self,
        known: Option<Arc<KnownClient>>,
        claimed: &ClientId,
        secret: &Secret<String>,
        method: ClientAuthMethod,
    ) -> Result<AuthenticatedClient, ClientAuthError> {
        let presented = self.0.client_secrets.hash(claimed, secret.expose());
        let now = self.0.clock.now();
        // Two comparisons in every case, with nothing to compare too.
        let (current, previous) = known.as_ref().map_or((None, None), |known| stored_hashes(&known.client, now));
        let right = presented.matches(current.unwrap_or(&[0; 32])) | presented.matches(previous.unwrap_or(&[0; 32]));
        let known = known.ok_or(ClientAuthError::Unknown)?;
        if !right {
            return Err(ClientAuthError::WrongSecret(claimed.clone()));
        }
        admit(known, method)
    }

    async fn check_assertion(
        &self,
        known: Arc<KnownClient>,
        assertion: &Secret<String>,
    ) -> Result<AuthenticatedClient, ClientAuthError> {
        let admitted = admit(known, ClientAuthMethod::PrivateKeyJwt)?;
        let client = admitted.id().clone();
        let registered = admitted.client.metadata.token_endpoint_auth_signing_alg;
        let now = self.0.clock.now();
        let rules = AssertionRules {
            client_id: client.as_str(),
            algorithms: registered.as_ref().map_or(AssertionAlg::ALL.as_slice(), std::slice::from_ref),
            audiences: &[&self.0.issuer, &self.0.token_endpoint],
            now,
        };
        let text = assertion.expose();
        let verified = match &admitted.keys {
            ClientKeys::ByValue(keys) => verify_assertion(text, keys, &rules).map_err(AssertionError::from),
            ClientKeys::ByAddress(address) => self.0.client_jwks.verify(address, text, &rules).await,
        };
        let verified = verified
            .map_err(|reason| ClientAuthError::Assertion { client: client.clone(), reason: Box::new(reason) })?;
        self.spend_assertion(client, verified).await?;
        Ok(admitted)
    }

    /// In a transaction of its own: an assertion is spent whatever it is for,
    /// and a client makes a new one for each request anyway.
    async fn spend_assertion(&self, client: ClientId, verified: VerifiedAssertion) -> Result<(), ClientAuthError> {
        let owner = client.clone();
        let spent = self
            .0
            .store
            .write(move |tx| used_assertions::insert(tx, &owner, verified.jti.as_bytes(), verified.remember_until));
        match spent.await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict(_)) => Err(ClientAuthError::AssertionUsed(client)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whom an assertion that stands alone claims to be from (RFC 7521 §4.2); its
/// signature is checked with that client's keys.
fn claimed_by(assertion: &Secret<String>) -> Option<ClientId> {
    #[derive(serde::Deserialize)]
    struct Claimed {
        sub: String,
    }
    let claimed: Claimed = Compact::parse(assertion.expose()).ok()?.claims().ok()?;
    Some(ClientId::from_text(claimed.sub))
}

/// The last check of every method: the client uses what it registered, and may act.
fn admit(known: Arc<KnownClient>, used: ClientAuthMethod) -> Result<AuthenticatedClient, ClientAuthError> {
    if known.client.metadata.token_endpoint_auth_method != used {
        return Err(ClientAuthError::Method(known.client.id.clone()));
    }
    if !known.is_active() {
        return Err(ClientAuthError::Inactive(known.client.id.clone()));
    }
    Ok(AuthenticatedClient(known))
}

/// The secret, and the one before it while it still works (security.md D10).
fn stored_hashes(client: &Client, now: Timestamp) -> (Option<&[u8]>, Option<&[u8]>) {
    let previous = client.previous_secret_hash.as_ref().filter(|(_hash, until)| *until > now);
    (client.secret_hash.as_deref(), previous.map(|(hash, _until)| hash.as_slice()))
}
