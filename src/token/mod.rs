//! Floor 4: codes and tokens, from the exchange to their end.
//!
//! [`Tokens`] is the service: `web` hands it the requests of the token,
//! introspection, revocation and userinfo endpoints, `flow` calls
//! [`codes::issue`] inside its own transaction. The engine for RFC 6749 is
//! driven from `oxide` alone. Nothing here knows of HTTP, of pages or of how a
//! person signed in.
//!
//! Everything that must be true together is decided in one transaction: spend
//! what was presented, look at everything that could have ended the grant, store
//! what is issued. Random values are drawn before it, signatures made after it.

mod access;
mod access_claims;
pub mod answer;
pub mod audience;
pub mod client_auth;
pub mod clients;
pub mod codes;
pub mod error;
mod grants;
pub mod hint;
mod id_token;
pub mod introspect;
mod logout_token;
mod oxide;
mod person;
mod resolve;
pub mod revoke;
mod tally;
pub mod userinfo;

use std::sync::Arc;

use crate::base::{OpaqueTokens, SharedClock, SharedEntropy, Timestamp};
use crate::config;
use crate::domain::audit::Origin;
use crate::keys::{ClientJwks, ClientSecretKeys, ContactKeys, LoginHints, SigningKeys};
use crate::protocol::client_metadata::GrantType;
use crate::protocol::discovery::TOKEN_PATH;
use crate::protocol::{PresentedClient, RawParams, TokenRequest};
use crate::store::Store;
use crate::telemetry::Metrics;

pub use answer::TokenAnswer;
pub use client_auth::{AuthenticatedClient, ClientAuthError};
pub use clients::{ClientDirectory, KnownClient};
pub use codes::CodeMint;
pub use error::TokenError;
pub use grants::client_credentials::ClientCredentialsError;
pub use grants::refusal::GrantError;
pub use hint::Hint;

/// What the service is built of; `app` fills it in once.
pub struct TokenParts {
    /// The database.
    pub store: Store,
    /// Maker and reader of opaque tokens.
    pub opaque: Arc<OpaqueTokens>,
    /// Our signing keys.
    pub keys: SigningKeys,
    /// Opens contacts for the claims.
    pub contacts: ContactKeys,
    /// Opaque names of people.
    pub login_hints: LoginHints,
    /// Hashes client secrets.
    pub client_secrets: ClientSecretKeys,
    /// Fetches the keys of clients that registered an address of them.
    pub client_jwks: ClientJwks,
    /// Who the clients are.
    pub clients: ClientDirectory,
    /// The issuer, exact.
    pub issuer: String,
    /// Lifetimes.
    pub lifetimes: config::Tokens,
    /// Counts what is issued.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: SharedClock,
    /// Chance.
    pub entropy: SharedEntropy,
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    parts: TokenParts,
    token_endpoint: String,
    tally: tally::Tally,
}

impl std::ops::Deref for Inner {
    type Target = TokenParts;

    fn deref(&self) -> &TokenParts {
        &self.parts
    }
}

/// Where and when a request came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it reached us: decides who was concurrent and who replays.
    pub arrived_at: Timestamp,
    /// Address of the peer, or `-`.
    pub address: String,
    /// The request's number.
    pub request_id: String,
}

impl Call {
    /// As the audit trail wants it.
    fn origin(&self, client: &AuthenticatedClient) -> Origin {
        Origin {
            actor: format!("client:{}", client.id()),
            address: self.address.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

impl Tokens {
    /// The service over its parts.
    #[must_use]
    pub fn new(parts: TokenParts) -> Self {
        let token_endpoint = format!("{}{TOKEN_PATH}", parts.issuer);
        Self(Arc::new(Inner { parts, token_endpoint, tally: tally::Tally::default() }))
    }

    /// What one code is made of, drawn now; for [`codes::issue`].
    #[must_use]
    pub fn code_mint(&self) -> CodeMint {
        let lives = &self.0.lifetimes;
        CodeMint {
            opaque: Arc::clone(&self.0.opaque),
            random: self.0.entropy.bytes(),
            lives: codes::CodeLives {
                code: lives.code,
                access: lives.access.max(lives.access_jwt),
                family: lives.refresh_absolute,
            },
        }
    }

    /// Who the clients are.
    #[must_use]
    pub fn clients(&self) -> &ClientDirectory {
        &self.0.clients
    }

    /// The issuer, exact.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Our public keys as they go over the wire (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> Arc<[u8]> {
        self.0.keys.jwks_json()
    }

    /// The present, as this service knows it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Who calls the token, introspection or revocation endpoint.
    pub async fn client(
        &self,
        authorization: Option<&str>,
        body: &RawParams,
    ) -> Result<AuthenticatedClient, TokenError> {
        Ok(self.authenticate(&PresentedClient::parse(authorization, body)?).await?)
    }

    /// Answers one request to the token endpoint (RFC 6749 §3.2): who is it, may
    /// it, then the grant type's own file.
    pub async fn token(
        &self,
        authorization: Option<&str>,
        body: &RawParams,
        call: &Call,
    ) -> Result<(AuthenticatedClient, TokenAnswer), TokenError> {
        let client = self.client(authorization, body).await?;
        let request = TokenRequest::parse(body)?;
        let grant_type = request.grant_type();
        if !client.client.metadata.allows(grant_type) {
            return Err(TokenError::GrantNotAllowed(grant_type.as_str()));
        }
        // A public client cannot speak for itself (RFC 6749 §4.4).
        if grant_type == GrantType::ClientCredentials && client.client.metadata.is_public() {
            return Err(TokenError::GrantNotAllowed(grant_type.as_str()));
        }
        let answer = match request {
            TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier, resources } => {
                let presented =
                    grants::authorization_code::Presentation { code, redirect_uri, code_verifier, resources };
                self.exchange(&client, presented, call).await?
            }
            TokenRequest::RefreshToken { refresh_token, scope, resources } => {
                let presented = grants::refresh_token::Presentation { refresh_token, scope, resources };
                self.refresh(&client, presented, call).await?
            }
            TokenRequest::ClientCredentials { scope, resources } => {
                self.client_credentials(&client, (scope.as_ref(), &resources), call).await?
            }
        };
        self.0.metrics.token_issued(grant_type.as_str());
        Ok((client, answer))
    }
}
