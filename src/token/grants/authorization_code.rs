//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.6, OIDC Core §3.1.3).
//!
//! A code is spent before anything else is looked at: a presenter who fails a
//! check afterwards has burnt it. A code that comes again revokes what it bought.

use std::sync::Arc;

use thiserror::Error;

use super::purchase::{Chance, Halt, Purchase};
use crate::base::id::{ClientId, GrantId, ResourceId};
use crate::base::{OpaqueKind, Presented, Secret};
use crate::domain::audit::Origin;
use crate::domain::grant::{GrantEnd, LiveGrant, RevokedWhy, Spend};
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::protocol::pkce::{CodeChallenge, METHOD};
use crate::protocol::{ErrorCode, Scope};
use crate::store::codes::{self, StoredCode};
use crate::store::{StoreResult, Tx, audit, grants};
use crate::token::audience::{WrongTarget, audience};
use crate::token::id_token::Nonce;
use crate::token::oxide::{self, Facts, Stop};
use crate::token::{AuthenticatedClient, Call, TokenAnswer, TokenError, Tokens};

/// Why an exchange was refused. `Display` is for our log, the client sees `code()`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ExchangeError {
    /// No such code.
    #[error("the code is unknown")]
    Unknown,
    /// Nobody came in time.
    #[error("the code is over")]
    Expired,
    /// Another presenter won while this one waited; nothing is revoked.
    #[error("the code was spent by a concurrent request")]
    Concurrent,
    /// It was spent before this presenter came; its grant is revoked.
    #[error("the code came again, grant {0} is revoked")]
    Replayed(GrantId),
    /// Somebody else's code; burnt.
    #[error("the code belongs to client {owner}, presented by {presenter}")]
    OtherClient {
        /// To whom it was issued.
        owner: ClientId,
        /// Who came with it.
        presenter: ClientId,
    },
    /// Absent or another than the code was sent to; burnt.
    #[error("the redirect_uri is not the one the code was sent to")]
    RedirectUri,
    /// A challenge and no verifier, or a wrong one; burnt.
    #[error("the code_verifier is missing or wrong")]
    Pkce,
    /// A verifier and no challenge (RFC 9700 §4.8.2); burnt.
    #[error("a code_verifier came for a code without challenge")]
    UnexpectedVerifier,
    /// The grant ended before its code was used.
    #[error(transparent)]
    Ended(#[from] GrantEnd),
    /// A resource that is not granted.
    #[error(transparent)]
    Target(#[from] WrongTarget),
    /// The engine refused what our checks had passed.
    #[error("the engine refused with {0}")]
    Engine(ErrorCode),
}

impl ExchangeError {
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

/// What was presented.
pub(in crate::token) struct Presentation {
    pub code: Secret<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<Secret<String>>,
    pub resources: Vec<ResourceId>,
}

impl Tokens {
    /// A code for tokens.
    pub(in crate::token) async fn exchange(
        &self,
        client: &AuthenticatedClient,
        presented: Presentation,
        call: &Call,
    ) -> Result<TokenAnswer, TokenError> {
        let code = self.0.opaque.read(OpaqueKind::Code, presented.code.expose()).ok_or(ExchangeError::Unknown)?;
        let job = Arc::new(Exchange {
            tokens: self.clone(),
            client: client.clone(),
            code,
            presented,
            chance: Chance::draw(self),
            call: call.clone(),
            origin: call.origin(client),
        });
        let inside = Arc::clone(&job);
        let purchase = self.0.store.write(move |tx| inside.run(tx)).await??;
        Ok(purchase.answer(self, client, &job.chance, Nonce::Carried)?)
    }
}

/// One exchange, as the job that may run twice.
struct Exchange {
    tokens: Tokens,
    client: AuthenticatedClient,
    code: Presented,
    presented: Presentation,
    chance: Chance,
    call: Call,
    origin: Origin,
}

impl Exchange {
    fn run(&self, tx: &mut Tx<'_>) -> StoreResult<Result<Purchase, ExchangeError>> {
        let code = match codes::spend(tx, self.code, self.call.arrived_at)? {
            Spend::Fresh(code) => code,
            Spend::Replayed(code) => {
                grants::revoke(tx, code.grant, RevokedWhy::CodeReplayed)?;
                let reason = ExchangeError::Replayed(code.grant);
                self.record(tx, AuditKind::CodeReplayed, None, &reason.to_string())?;
                return Ok(Err(reason));
            }
            Spend::Concurrent => return Ok(Err(ExchangeError::Concurrent)),
            Spend::Expired => return Ok(Err(ExchangeError::Expired)),
            Spend::Unknown => return Ok(Err(ExchangeError::Unknown)),
        };
        let outcome = Halt::settle(self.buy(tx, &code))?;
        if let Err(reason) = &outcome {
            self.record(tx, AuditKind::CodeMisused, None, &reason.to_string())?;
        }
        Ok(outcome)
    }

    fn buy(&self, tx: &mut Tx<'_>, code: &StoredCode) -> Result<Purchase, Halt<ExchangeError>> {
        let redirect_uri = self.check_binding(code).map_err(Halt::Refused)?;
        let live = grants::find_live(tx, code.grant)?.ok_or(Halt::Refused(ExchangeError::Unknown))?;
        if let Some(end) = live.end(tx.now()) {
            return Err(Halt::Refused(end.into()));
        }
        let for_whom = audience(&self.presented.resources, &live.grant.resources, &self.client.client.metadata)
            .map_err(|wrong| Halt::Refused(ExchangeError::Target(wrong)))?;
        let scope = live.grant.scope.clone();
        let bought = Facts { client: code.client.as_str(), redirect_uri: Some(&code.redirect_uri), scope: &scope };
        oxide::exchange(self.client.id().as_str(), redirect_uri, bought, |scope| self.store(tx, live, scope, for_whom))
            .map_err(|stop| match stop {
                Stop::Ours(error) => Halt::Store(error),
                Stop::Engine(code) => Halt::Refused(ExchangeError::Engine(code)),
            })
    }

    /// What a code is bound to; the engine compares the first two once more, in
    /// its own looser way.
    fn check_binding(&self, code: &StoredCode) -> Result<&str, ExchangeError> {
        if code.client != *self.client.id() {
            let (owner, presenter) = (code.client.clone(), self.client.id().clone());
            return Err(ExchangeError::OtherClient { owner, presenter });
        }
        let redirect_uri = self.presented.redirect_uri.as_deref().filter(|uri| *uri == code.redirect_uri);
        let redirect_uri = redirect_uri.ok_or(ExchangeError::RedirectUri)?;
        match (&code.challenge, &self.presented.code_verifier) {
            (None, None) => Ok(redirect_uri),
            (None, Some(_)) => Err(ExchangeError::UnexpectedVerifier),
            (Some(_), None) => Err(ExchangeError::Pkce),
            (Some(challenge), Some(verifier)) => {
                let challenge = CodeChallenge::parse(challenge, Some(METHOD)).map_err(|_row| ExchangeError::Pkce)?;
                challenge.matches(verifier.expose()).then_some(redirect_uri).ok_or(ExchangeError::Pkce)
            }
        }
    }

    fn store(
        &self,
        tx: &mut Tx<'_>,
        live: LiveGrant,
        scope: Scope,
        audience: Vec<ResourceId>,
    ) -> StoreResult<Purchase> {
        self.record(tx, AuditKind::TokensIssued, Some(&live), "authorization_code")?;
        Purchase::store(tx, &self.tokens, &self.client, live, (scope, audience), &self.chance)
    }

    fn record(&self, tx: &mut Tx<'_>, kind: AuditKind, live: Option<&LiveGrant>, why: &str) -> StoreResult<()> {
        let outcome = if live.is_some() { Outcome::Success } else { Outcome::Refused };
        let mut event = AuditEvent::new(kind, outcome).of_client(self.client.id()).because(why);
        if let Some(live) = live {
            event = event.of_principal(&live.grant.principal).of_account(&live.holder.account.account_id);
        }
        audit::record(tx, &event, &self.origin)
    }
}
