//! The end of a request: a code for one sign-in, and what is noted with it.

use std::time::Duration;

use super::outcome::FlowError;
use super::policy::Situation;
use super::{Flow, Visit};
use crate::base::id::{SessionId, SignInId};
use crate::domain::{AuditEvent, AuditKind, Client, Outcome, RedirectAnswer, SignIn, VerifiedRedirect};
use crate::protocol::{AuthorizationRequest, AuthorizationResponse};
use crate::session::{self, Browser};
use crate::store::{StoreResult, Tx, affinities, audit, client_sessions, sign_ins};
use crate::token::codes::{self, CodeMint, NewGrant};

/// The use of a sign-in is written down when the last note is older than this,
const TOUCH_AFTER: Duration = Duration::from_secs(60);
/// or than this part of the time that its owner lets it lie unused.
const IDLE_PART: u32 = 20;

/// Random values of one request, drawn before its transaction, which may run
/// twice.
pub(super) struct Draws {
    pub(super) browser: [u8; 32],
    pub(super) interaction: [u8; 32],
    pub(super) code: CodeMint,
    pub(super) sid: SessionId,
}

impl Flow {
    /// Draws the random values of one request.
    pub(super) fn draw(&self) -> Draws {
        let entropy = self.entropy.as_ref();
        Draws {
            browser: entropy.bytes(),
            interaction: entropy.bytes(),
            code: self.tokens.code_mint(),
            sid: SessionId::random(entropy),
        }
    }
}

/// A request that has come to its end.
pub(super) struct Issue<'a> {
    pub(super) visit: &'a Visit,
    pub(super) client: &'a Client,
    pub(super) request: &'a AuthorizationRequest,
    pub(super) target: &'a VerifiedRedirect,
    pub(super) draws: &'a Draws,
}

impl Flow {
    /// Gives out a code for this sign-in.
    pub(super) fn issue(
        &self,
        tx: &mut Tx<'_>,
        issue: &Issue<'_>,
        browser: &Browser,
        id: SignInId,
        situation: &Situation,
    ) -> StoreResult<Result<RedirectAnswer, FlowError>> {
        let Some(sign_in) = situation.sign_ins.iter().find(|sign_in| sign_in.id == id) else {
            return Ok(Err(super::Problem::Stale.into()));
        };
        let sid = client_sessions::ensure(tx, id, &issue.client.id, &issue.draws.sid)?;
        let new = NewGrant {
            client: issue.client,
            sign_in,
            sid: &sid,
            request: issue.request,
            scope: issue.request.scope.clone(),
            resources: issue.request.resources.clone(),
        };
        let code = codes::issue(tx, &issue.draws.code, &new)?;
        self.note_use(tx, issue, browser, sign_in, situation)?;
        let state = issue.target.state();
        let response = AuthorizationResponse::success(&self.settings.issuer, code.expose(), state);
        Ok(Ok(RedirectAnswer { target: issue.target.clone(), response }))
    }

    /// Notes who got what: audit, affinity, and that the sign-in was used.
    fn note_use(
        &self,
        tx: &mut Tx<'_>,
        issue: &Issue<'_>,
        browser: &Browser,
        sign_in: &SignIn,
        situation: &Situation,
    ) -> StoreResult<()> {
        let principal = &sign_in.principal;
        let event = AuditEvent::new(AuditKind::CodeIssued, Outcome::Success).of_principal(&principal.id);
        let event = event.of_account(&principal.account.id).of_client(&issue.client.id);
        audit::record(tx, &event, &issue.visit.origin())?;
        if situation.affinity.as_ref() != Some(&principal.id) {
            affinities::put(tx, browser.id, &issue.client.id, &principal.id)?;
        }
        let idle = situation.owners.of(sign_in).and_then(|owner| owner.reauth.idle());
        let touch_after = idle.map_or(TOUCH_AFTER, |idle| TOUCH_AFTER.min(idle / IDLE_PART));
        if issue.visit.now.since(sign_in.last_seen_at) >= touch_after {
            let lifetimes = session::lifetimes(tx, &self.settings.lifetimes, principal, sign_in.stay())?;
            sign_ins::touch(tx, sign_in.id, issue.visit.now + lifetimes.idle)?;
        }
        Ok(())
    }
}
