//! `grant_type=refresh_token` (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! Every client's refresh tokens rotate. One that comes again after it was
//! traded ends the family. A refusal that is nobody's theft (a scope too wide, a
//! wrong resource) leaves the token as it was.

use std::sync::Arc;

use super::purchase::{Chance, Halt, Purchase};
use super::refusal::GrantError;
use crate::base::id::ResourceId;
use crate::base::{OpaqueKind, Presented, Secret};
use crate::domain::audit::Origin;
use crate::domain::grant::{LiveGrant, RevokedWhy, Spend};
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::protocol::Scope;
use crate::protocol::client_metadata::GrantType;
use crate::store::refresh_tokens::RefreshToken;
use crate::store::{StoreResult, Tx, audit, grants, refresh_tokens};
use crate::token::audience::audience;
use crate::token::id_token::Nonce;
use crate::token::oxide::{self, Facts, Stop};
use crate::token::{AuthenticatedClient, Call, TokenAnswer, TokenError, Tokens};

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
        let token = self.0.opaque.read(OpaqueKind::Refresh, text).ok_or(TokenError::Refresh(GrantError::Unknown))?;
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
        let purchase =
            self.0.store.write(move |tx| Halt::settle(inside.run(tx))).await?.map_err(TokenError::Refresh)?;
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
    fn run(&self, tx: &mut Tx<'_>) -> Result<Purchase, Halt<GrantError>> {
        let token = refresh_tokens::find(tx, self.token)?.ok_or(Halt::Refused(GrantError::Unknown))?;
        let grant = &token.live.grant;
        if grant.client != *self.client.id() {
            let (owner, presenter) = (grant.client.clone(), self.client.id().clone());
            return Err(Halt::Refused(GrantError::OtherClient { owner, presenter }));
        }
        if token.spent_at.is_some() {
            // It cannot win any more; the gate tells a replay from a race.
            self.spend(tx, &token)?;
            return Err(Halt::Refused(GrantError::Concurrent));
        }
        if let Some(end) = token.live.end(tx.now()) {
            return Err(Halt::Refused(end.into()));
        }
        let for_whom = audience(&self.presented.resources, &grant.resources, &self.client.client.metadata)
            .map_err(|wrong| Halt::Refused(GrantError::Target(wrong)))?;
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
            Stop::Engine(code) => Halt::Refused(GrantError::Engine(code)),
        })
    }

    /// The single-use gate.
    fn spend(&self, tx: &mut Tx<'_>, token: &RefreshToken) -> Result<(), Halt<GrantError>> {
        let refused = match refresh_tokens::spend(tx, token.id, self.call.arrived_at)? {
            Spend::Fresh(()) => return Ok(()),
            Spend::Replayed(()) => {
                grants::revoke(tx, token.live.grant.id, RevokedWhy::RefreshReplayed)?;
                let reason = GrantError::Replayed(token.live.grant.id);
                let what = (AuditKind::RefreshReplayed, Outcome::Refused);
                self.record(tx, &token.live, what, &format!("the refresh token {reason}"))?;
                reason
            }
            Spend::Concurrent => GrantError::Concurrent,
            Spend::Expired => GrantError::Expired,
            Spend::Unknown => GrantError::Unknown,
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
