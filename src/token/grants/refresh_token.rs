//! `grant_type=refresh_token` (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! Every client's refresh tokens rotate. One that comes again after it was
//! traded ends the family. A refusal that is nobody's theft (a scope too wide, a
//! wrong resource) leaves the token as it was.

use std::sync::Arc;

use thiserror::Error;

use super::purchase::{Chance, Halt, Purchase};
use crate::base::id::{ClientId, GrantId, ResourceId};
use crate::base::{OpaqueKind, Presented, Secret};
use crate::domain::audit::Origin;
use crate::domain::grant::{GrantEnd, LiveGrant, RevokedWhy, Spend};
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::protocol::client_metadata::GrantType;
use crate::protocol::{ErrorCode, Scope};
use crate::store::refresh_tokens::RefreshToken;
use crate::store::{StoreResult, Tx, audit, grants, refresh_tokens};
use crate::token::audience::{WrongTarget, audience};
use crate::token::id_token::Nonce;
use crate::token::oxide::{self, Facts, Stop};
use crate::token::{AuthenticatedClient, Call, TokenAnswer, TokenError, Tokens};

/// Why a refresh was refused. `Display` is for our log, the client sees `code()`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum RefreshError {
    /// No such token.
    #[error("the refresh token is unknown")]
    Unknown,
    /// Not used in time.
    #[error("the refresh token is over")]
    Expired,
    /// Another presenter won while this one waited; nothing is revoked.
    #[error("the refresh token was spent by a concurrent request")]
    Concurrent,
    /// It was traded before this presenter came; its family is revoked.
    #[error("the refresh token came again, grant {0} is revoked")]
    Replayed(GrantId),
    /// Somebody else's token (conformance-needs 8: 400, never 401).
    #[error("the refresh token belongs to client {owner}, presented by {presenter}")]
    OtherClient {
        /// To whom it was issued.
        owner: ClientId,
        /// Who came with it.
        presenter: ClientId,
    },
    /// The grant ended.
    #[error(transparent)]
    Ended(#[from] GrantEnd),
    /// A resource that is not granted.
    #[error(transparent)]
    Target(#[from] WrongTarget),
    /// The engine refused: the scope is wider than what was granted.
    #[error("the engine refused with {0}")]
    Engine(ErrorCode),
}

impl RefreshError {
    /// What the client sees.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown
            | Self::Expired
            | Self::Concurrent
            | Self::Replayed(_)
            | Self::OtherClient { .. }
            | Self::Ended(_) => ErrorCode::InvalidGrant,
            Self::Target(_) => ErrorCode::InvalidTarget,
            Self::Engine(code) => *code,
        }
    }
}

/// What was presented.
pub(in crate::token) struct Presentation {
    pub refresh_token: Secret<String>,
    pub scope: Option<Scope>,
    pub resources: Vec<ResourceId>,
}

impl Tokens {
    /// A refresh token for new tokens.
    pub(in crate::token) async fn refresh(
        &self,
        client: &AuthenticatedClient,
        presented: Presentation,
        call: &Call,
    ) -> Result<TokenAnswer, TokenError> {
        let text = presented.refresh_token.expose();
        let token = self.0.opaque.read(OpaqueKind::Refresh, text).ok_or(RefreshError::Unknown)?;
        let job = Arc::new(Refresh {
            tokens: self.clone(),
            client: client.clone(),
            token,
            presented,
            chance: Chance::draw(self),
            call: call.clone(),
            origin: call.origin(client),
        });
        let inside = Arc::clone(&job);
        let purchase = self.0.store.write(move |tx| Halt::settle(inside.run(tx))).await??;
        Ok(purchase.answer(self, client, &job.chance, Nonce::LeftOut)?)
    }
}

/// One refresh, as the job that may run twice.
struct Refresh {
    tokens: Tokens,
    client: AuthenticatedClient,
    token: Presented,
    presented: Presentation,
    chance: Chance,
    call: Call,
    origin: Origin,
}

impl Refresh {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Purchase, Halt<RefreshError>> {
        let token = refresh_tokens::find(tx, self.token)?.ok_or(Halt::Refused(RefreshError::Unknown))?;
        let grant = &token.live.grant;
        if grant.client != *self.client.id() {
            let (owner, presenter) = (grant.client.clone(), self.client.id().clone());
            return Err(Halt::Refused(RefreshError::OtherClient { owner, presenter }));
        }
        if token.spent_at.is_some() {
            // It cannot win any more; the gate tells a replay from a race.
            self.spend(tx, &token)?;
            return Err(Halt::Refused(RefreshError::Concurrent));
        }
        if let Some(end) = token.live.end(tx.now()) {
            return Err(Halt::Refused(end.into()));
        }
        let for_whom = audience(&self.presented.resources, &grant.resources, &self.client.client.metadata)
            .map_err(|wrong| Halt::Refused(RefreshError::Target(wrong)))?;
        let (owner, scope) = (grant.client.clone(), grant.scope.clone());
        let bought = Facts { client: owner.as_str(), redirect_uri: None, scope: &scope };
        let presenter = self.client.id().as_str();
        oxide::refresh(presenter, self.presented.scope.as_ref(), bought, |scope| {
            self.spend(tx, &token)?;
            let how = GrantType::RefreshToken.as_str();
            self.record(tx, &token.live, (AuditKind::TokensIssued, Outcome::Success), how)?;
            Ok(Purchase::store(tx, &self.tokens, &self.client, token.live, (scope, for_whom), &self.chance)?)
        })
        .map_err(|stop| match stop {
            Stop::Ours(halt) => halt,
            Stop::Engine(code) => Halt::Refused(RefreshError::Engine(code)),
        })
    }

    /// The single-use gate.
    fn spend(&self, tx: &mut Tx<'_>, token: &RefreshToken) -> Result<(), Halt<RefreshError>> {
        let refused = match refresh_tokens::spend(tx, token.id, self.call.arrived_at)? {
            Spend::Fresh(()) => return Ok(()),
            Spend::Replayed(()) => {
                grants::revoke(tx, token.live.grant.id, RevokedWhy::RefreshReplayed)?;
                let reason = RefreshError::Replayed(token.live.grant.id);
                let what = (AuditKind::RefreshReplayed, Outcome::Refused);
                self.record(tx, &token.live, what, &reason.to_string())?;
                reason
            }
            Spend::Concurrent => RefreshError::Concurrent,
            Spend::Expired => RefreshError::Expired,
            Spend::Unknown => RefreshError::Unknown,
        };
        Err(Halt::Refused(refused))
    }

    fn record(
        &self,
        tx: &mut Tx<'_>,
        live: &LiveGrant,
        (kind, outcome): (AuditKind, Outcome),
        why: &str,
    ) -> StoreResult<()> {
        let event = AuditEvent::new(kind, outcome)
            .of_client(self.client.id())
            .of_principal(&live.grant.principal)
            .of_account(&live.holder.account.account_id)
            .because(why);
        audit::record(tx, &event, &self.origin)
    }
}
