//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.6, OIDC Core §3.1.3).
//!
//! A code is spent before anything else is looked at: a presenter who fails a
//! check afterwards has burnt it. A code that comes again revokes what it bought.

use std::sync::Arc;

use super::purchase::{Chance, Halt, Purchase};
use super::refusal::GrantError;
use crate::base::id::ResourceId;
use crate::base::{OpaqueKind, Presented, Secret};
use crate::domain::audit::Origin;
use crate::domain::grant::{LiveGrant, RevokedWhy, Spend};
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::protocol::Scope;
use crate::protocol::pkce::{CodeChallenge, METHOD};
use crate::store::codes::{self, StoredCode};
use crate::store::{StoreResult, Tx, audit, grants};
use crate::token::audience::audience;
use crate::token::id_token::Nonce;
use crate::token::oxide::{self, Facts, Stop};
use crate::token::{AuthenticatedClient, Call, TokenAnswer, TokenError, Tokens};

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
        let code = self
            .0
            .opaque
            .read(OpaqueKind::Code, presented.code.expose())
            .ok_or(TokenError::Exchange(GrantError::Unknown))?;
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
        let purchase = self.0.store.write(move |tx| inside.run(tx)).await?.map_err(TokenError::Exchange)?;
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
    fn run(&self, tx: &mut Tx<'_>) -> StoreResult<Result<Purchase, GrantError>> {
        let code = match codes::spend(tx, self.code, self.call.arrived_at)? {
            Spend::Fresh(code) => code,
            Spend::Replayed(code) => {
                grants::revoke(tx, code.grant, RevokedWhy::CodeReplayed)?;
                let reason = GrantError::Replayed(code.grant);
                self.record(tx, AuditKind::CodeReplayed, None, &format!("the code {reason}"))?;
                return Ok(Err(reason));
            }
            Spend::Concurrent => return Ok(Err(GrantError::Concurrent)),
            Spend::Expired => return Ok(Err(GrantError::Expired)),
            Spend::Unknown => return Ok(Err(GrantError::Unknown)),
        };
        let outcome = Halt::settle(self.buy(tx, &code))?;
        if let Err(reason) = &outcome {
            self.record(tx, AuditKind::CodeMisused, None, &format!("the code {reason}"))?;
        }
        Ok(outcome)
    }

    fn buy(&self, tx: &mut Tx<'_>, code: &StoredCode) -> Result<Purchase, Halt<GrantError>> {
        let redirect_uri = self.check_binding(code).map_err(Halt::Refused)?;
        let live = grants::find_live(tx, code.grant)?.ok_or(Halt::Refused(GrantError::Unknown))?;
        if let Some(end) = live.end(tx.now()) {
            return Err(Halt::Refused(end.into()));
        }
        let for_whom = audience(&self.presented.resources, &live.grant.resources, &self.client.client.metadata)
            .map_err(|wrong| Halt::Refused(GrantError::Target(wrong)))?;
        let scope = live.grant.scope.clone();
        let bought = Facts { client: code.client.as_str(), redirect_uri: Some(&code.redirect_uri), scope: &scope };
        oxide::exchange(self.client.id().as_str(), redirect_uri, bought, |scope| self.store(tx, live, scope, for_whom))
            .map_err(|stop| match stop {
                Stop::Ours(error) => Halt::Store(error),
                Stop::Engine(code) => Halt::Refused(GrantError::Engine(code)),
            })
    }

    /// What a code is bound to; the engine compares the first two once more, in
    /// its own looser way.
    fn check_binding(&self, code: &StoredCode) -> Result<&str, GrantError> {
        if code.client != *self.client.id() {
            let (owner, presenter) = (code.client.clone(), self.client.id().clone());
            return Err(GrantError::OtherClient { owner, presenter });
        }
        let redirect_uri = self.presented.redirect_uri.as_deref().filter(|uri| *uri == code.redirect_uri);
        let redirect_uri = redirect_uri.ok_or(GrantError::RedirectUri)?;
        match (&code.challenge, &self.presented.code_verifier) {
            (None, None) => Ok(redirect_uri),
            (None, Some(_)) => Err(GrantError::UnexpectedVerifier),
            (Some(_), None) => Err(GrantError::Pkce),
            (Some(challenge), Some(verifier)) => {
                let challenge = CodeChallenge::parse(challenge, Some(METHOD)).map_err(|_row| GrantError::Pkce)?;
                challenge.matches(verifier.expose()).then_some(redirect_uri).ok_or(GrantError::Pkce)
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
