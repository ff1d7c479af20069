//! `grant_type=client_credentials` (RFC 6749 §4.4): a token for the client
//! itself. An opaque one is a durable row, written down in the audit trail in the
//! same transaction; an `at+jwt` costs no write and is counted ([`crate::token`]).

use thiserror::Error;

use crate::base::OpaqueKind;
use crate::base::id::ResourceId;
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::protocol::client_metadata::{AccessTokenFormat, GrantType};
use crate::protocol::{ErrorCode, Scope, scope};
use crate::store::{Tx, audit};
use crate::token::access::{Speaker, Ticket};
use crate::token::audience::{WrongTarget, audience};
use crate::token::oxide::{self, Stop};
use crate::token::{AuthenticatedClient, Call, TokenAnswer, TokenError, Tokens};

/// Why a client got nothing for itself.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ClientCredentialsError {
    /// A scope that is not registered (TK-17), or one that speaks of a person.
    #[error("a scope is not registered for the client itself")]
    Scope,
    /// A resource that is not registered.
    #[error(transparent)]
    Target(#[from] WrongTarget),
    /// The engine refused what our checks had passed.
    #[error("the engine refused with {0}")]
    Engine(ErrorCode),
}

impl ClientCredentialsError {
    /// What the client sees.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Scope => ErrorCode::InvalidScope,
            Self::Target(_) => ErrorCode::InvalidTarget,
            Self::Engine(code) => *code,
        }
    }
}

impl Tokens {
    /// A token for the client itself; no refresh token, no ID token.
    pub(in crate::token) async fn client_credentials(
        &self,
        client: &AuthenticatedClient,
        (asked, resources): (Option<&Scope>, &[ResourceId]),
        call: &Call,
    ) -> Result<TokenAnswer, TokenError> {
        let metadata = &client.client.metadata;
        let audience = audience(resources, &[], metadata).map_err(ClientCredentialsError::Target)?;
        let scope = oxide::client_credentials(client.id().as_str(), asked, |asked| negotiate(&metadata.scope, asked))
            .map_err(|stop| match stop {
            Stop::Ours(error) => error,
            Stop::Engine(code) => ClientCredentialsError::Engine(code),
        })?;
        let random = self.0.entropy.bytes();
        let ticket = Ticket::new(self, metadata, scope, audience, (self.0.clock.now(), None));
        let row = match metadata.access_token_format {
            AccessTokenFormat::Jwt => None,
            AccessTokenFormat::Opaque => {
                let (ticket, known, event, origin) =
                    (ticket.clone(), client.clone(), issued(client), call.origin(client));
                let hash = self.0.opaque.hash(OpaqueKind::Access, &random);
                let job = move |tx: &mut Tx<'_>| {
                    audit::record(tx, &event, &origin)?;
                    ticket.store(tx, &known, None, hash)
                };
                self.0.store.write(job).await?
            }
        };
        let text = self.access_text(&ticket, client, Speaker::Client, (row, &random))?;
        if row.is_none() {
            self.0.tally.note(client, call);
        }
        Ok(TokenAnswer::new(text, ticket.expires_in(), ticket.scope))
    }
}

/// What the audit trail says of an opaque token.
fn issued(client: &AuthenticatedClient) -> AuditEvent {
    let event = AuditEvent::new(AuditKind::TokensIssued, Outcome::Success).of_client(client.id());
    let event = event.because(GrantType::ClientCredentials.as_str());
    match &client.owner {
        Some(owner) => event.of_account(&owner.owner_account_id),
        None => event,
    }
}

/// What a client may have for itself: what it registered, without the scopes
/// that speak of a person. Nothing asked for means all of that.
fn negotiate(registered: &Scope, asked: Option<Scope>) -> Result<Scope, ClientCredentialsError> {
    let of_people = Scope::parse(&scope::STANDARD.join(" ")).map_err(|_constant| ClientCredentialsError::Scope)?;
    let own = registered.without(&of_people);
    match asked {
        None => Ok(own),
        Some(asked) if asked.is_subset_of(&own) => Ok(asked),
        Some(_) => Err(ClientCredentialsError::Scope),
    }
}
