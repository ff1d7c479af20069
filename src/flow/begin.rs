//! `/authorize`: a client sends somebody to sign in (RFC 6749 §4.1.1, OIDC
//! Core §3.1.2). Checks the request in its order, then decides or asks.

use std::sync::Arc;

use super::issue::{Draws, Issue};
use super::narrowing::takes_numbers;
use super::outcome::{Answer, ClientProblem, FlowError, Outcome, Problem};
use super::policy::{self, Ask, Asked, NamedSession, NextStep, Situation};
use super::situation::{Given, Named};
use super::{Flow, Progress, SignUpPolicy, StoredRequest, Visit};
use crate::base::Secret;
use crate::base::id::{ClientId, PrincipalId};
use crate::domain::client::RedirectRefused;
use crate::domain::{RedirectAnswer, VerifiedRedirect};
use crate::protocol::{AuthorizationRequest, AuthorizationResponse, ErrorCode, Prompt, ProtocolError, RawParams};
use crate::session::{self, Browser, Recognised};
use crate::store::{StoreResult, Tx, client_sessions, sign_ins};
use crate::token::KnownClient;

/// A request whose client and redirect target are known good.
#[derive(Clone)]
struct Verified {
    visit: Visit,
    client: Arc<KnownClient>,
    target: VerifiedRedirect,
    request: AuthorizationRequest,
    subject: Option<PrincipalId>,
    restart: String,
}

impl Flow {
    /// Begins an authorization request. `restart` is the path and query that
    /// begins it again, should it be left lying.
    ///
    /// # Errors
    /// [`Problem::Client`] until the redirect target is known good; afterwards
    /// errors are returned to the client. [`FlowError::Store`] in trouble.
    pub async fn begin(&self, visit: Visit, params: RawParams, restart: String) -> Result<Answer, FlowError> {
        let (client, target) = self.redirect_target(&params).await?;
        let request = match AuthorizationRequest::validate(&params, &client.client.metadata) {
            Ok(request) => request,
            Err(error) => return Ok(self.refused(target, &error)),
        };
        if request.prompts.contains(Prompt::Create) && self.settings.sign_up == SignUpPolicy::Closed {
            let error = ProtocolError::invalid_request("a prompt value is not supported");
            return Ok(self.refused(target, &error));
        }
        let subject = match self.hinted_subject(&request) {
            Ok(subject) => subject,
            Err(error) => return Ok(self.refused(target, &error)),
        };
        let verified = Verified { visit, client, target, request, subject, restart };
        let (flow, draws) = (self.clone(), self.draw());
        self.store.write(move |tx| flow.decide(tx, &verified, &draws)).await?
    }

    /// The client and its verified target. Unknown client, wrong target and a
    /// client that is switched off are one answer to a stranger.
    async fn redirect_target(&self, params: &RawParams) -> Result<(Arc<KnownClient>, VerifiedRedirect), FlowError> {
        let refused = |why: ClientProblem| FlowError::from(Problem::Client(why));
        if params.is_repeated("client_id") {
            return Err(refused(RedirectRefused::Repeated.into()));
        }
        let id = params.optional("client_id").ok_or_else(|| refused(ClientProblem::Unknown))?;
        let found = self.tokens.clients().find(&ClientId::from_text(id)).await?;
        let known = found.ok_or_else(|| refused(ClientProblem::Unknown))?;
        let target = known.client.redirect_target(params).map_err(|why| refused(why.into()))?;
        if !known.is_active() {
            return Err(refused(RedirectRefused::Disabled.into()));
        }
        Ok((known, target))
    }

    /// The subject that `id_token_hint` demands: a token of ours for this
    /// client, however old; it must not contradict the `claims` parameter.
    fn hinted_subject(&self, request: &AuthorizationRequest) -> Result<Option<PrincipalId>, ProtocolError> {
        let Some(raw) = &request.id_token_hint else {
            return Ok(None);
        };
        let hint = self.tokens.read_hint(raw).filter(|hint| hint.is_for(&request.client_id));
        let hint = hint.ok_or_else(|| ProtocolError::invalid_request("id_token_hint is not a token of this client"))?;
        match request.claims.required_subject() {
            Some(required) if required != hint.subject.as_str() => {
                Err(ProtocolError::invalid_request("id_token_hint and claims name different subjects"))
            }
            Some(_) | None => Ok(Some(hint.subject)),
        }
    }

    fn decide(&self, tx: &mut Tx<'_>, verified: &Verified, draws: &Draws) -> StoreResult<Result<Answer, FlowError>> {
        let visit = &verified.visit;
        let browser = self.present_browser(tx, visit)?;
        let client = &verified.client.client;
        let named = Self::named(tx, verified, browser.as_ref())?;
        let subject = named.subject.clone();
        let asked = self.asked(tx, &verified.request, client, named, browser.as_ref().map(|browser| browser.id))?;
        let (progress, alone) = (Progress::default(), policy::named_alone(&asked));
        let given = Given { browser: browser.as_ref(), progress: &progress, client: Some(client), alone };
        let (mut step, mut situation) = self.step(tx, visit, &asked, given)?;
        if alone.is_some() && matches!(step, NextStep::Ask(_)) {
            (step, situation) = self.step(tx, visit, &asked, Given { alone: None, ..given })?;
        }
        match (step, browser) {
            (NextStep::Refuse(code), _) => Ok(Ok(self.refused(verified.target.clone(), &plain(code)))),
            (NextStep::Issue(id), Some(browser)) => {
                let cookie = self.browsers.note(tx, &browser, &draws.browser, visit.now)?;
                let issue = Issue { visit, client, request: &verified.request, target: &verified.target, draws };
                let answer = self.issue(tx, &issue, &browser, id, &situation)?;
                Ok(answer.map(|returned| Answer { outcome: Outcome::Return(returned), cookie }))
            }
            (NextStep::Issue(_), None) => {
                Ok(Ok(self.refused(verified.target.clone(), &plain(ErrorCode::LoginRequired))))
            }
            (NextStep::Ask(Ask::SignUp), _)
                if !(Self::takes_newcomers(Some(client)) && takes_numbers(&situation.methods)) =>
            {
                let error = ProtocolError::invalid_request("prompt=create: this client takes no new accounts");
                Ok(Ok(self.refused(verified.target.clone(), &error)))
            }
            (NextStep::Ask(ask), browser) => {
                let (stored, restart) = (Some(verified.request.clone()), verified.restart.clone());
                let request = StoredRequest { asked: stored, subject, ..StoredRequest::own(restart) };
                let opening = Opening { visit, request: &request, asked: &asked, situation: &situation, draws };
                self.ask(tx, &opening, browser, &ask)
            }
        }
    }

    fn step(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        asked: &Asked,
        given: Given<'_>,
    ) -> StoreResult<(NextStep, Situation)> {
        let situation = self.situation(tx, visit, asked, given)?;
        Ok((policy::next_step(asked, &situation, visit.now), situation))
    }

    /// Whom the hint's subject and the `sid` name together. A `sid` of no
    /// sign-in here, or of somebody else than the hint's, leaves nobody.
    fn named(tx: &mut Tx<'_>, verified: &Verified, browser: Option<&Browser>) -> StoreResult<Named> {
        let hinted = verified.subject.clone();
        let Some(sid) = &verified.request.hints.sid else {
            return Ok(Named { subject: hinted, session: NamedSession::Unnamed });
        };
        let client = &verified.client.client.id;
        let id = browser.map(|browser| client_sessions::find(tx, browser.id, client, sid)).transpose()?.flatten();
        let sign_in = id.map(|id| sign_ins::find(tx, id)).transpose()?.flatten();
        let principal = sign_in.map(|sign_in| sign_in.principal.id);
        Ok(match (principal, hinted) {
            (Some(principal), hinted) if hinted.as_ref().is_none_or(|hinted| *hinted == principal) => {
                Named { subject: Some(principal), session: NamedSession::Here }
            }
            (_, hinted) => Named { subject: hinted, session: NamedSession::Gone },
        })
    }

    /// The browser that asks. A replaced cookie that comes back is the theft
    /// signal: everybody in that browser is signed out, and it is a stranger.
    pub(super) fn present_browser(&self, tx: &mut Tx<'_>, visit: &Visit) -> StoreResult<Option<Browser>> {
        match self.browsers.recognise(tx, visit.cookie.as_deref(), visit.now)? {
            Recognised::Known(browser) => Ok(Some(browser)),
            Recognised::Unknown => Ok(None),
            Recognised::Stolen(browser) => {
                self.tell_of_theft(tx, visit, browser)?;
                session::end_stolen(tx, browser, &visit.origin())?;
                Ok(None)
            }
        }
    }

    /// Opens an interaction for a step that needs the person.
    pub(super) fn ask(
        &self,
        tx: &mut Tx<'_>,
        opening: &Opening<'_>,
        browser: Option<Browser>,
        ask: &Ask,
    ) -> StoreResult<Result<Answer, FlowError>> {
        let (browser, cookie) = self.browser_for(tx, browser, opening.draws, opening.visit)?;
        let progress = Opening::progress(ask);
        let opened = self.open_interaction(
            tx,
            browser.id,
            opening.request,
            &progress,
            (&opening.draws.interaction, opening.visit),
        )?;
        Ok(opened.map(|name| Answer {
            outcome: Outcome::Page(self.destination(ask, name, (opening.asked, opening.situation), opening.request)),
            cookie,
        }))
    }

    /// The browser, opened if it is a new one, and its cookie if that changed.
    pub(super) fn browser_for(
        &self,
        tx: &mut Tx<'_>,
        browser: Option<Browser>,
        draws: &Draws,
        visit: &Visit,
    ) -> StoreResult<(Browser, Option<Secret<String>>)> {
        match browser {
            Some(browser) => {
                let cookie = self.browsers.note(tx, &browser, &draws.browser, visit.now)?;
                Ok((browser, cookie))
            }
            None => self.browsers.open(tx, &draws.browser).map(|(browser, cookie)| (browser, Some(cookie))),
        }
    }

    /// An error, returned to the client.
    pub(super) fn refused(&self, target: VerifiedRedirect, error: &ProtocolError) -> Answer {
        let response = AuthorizationResponse::refusal(&self.settings.issuer, error, target.state());
        Answer { outcome: Outcome::Return(RedirectAnswer { target, response }), cookie: None }
    }
}

/// A protocol error that needs no more words than its code.
pub(super) fn plain(code: ErrorCode) -> ProtocolError {
    ProtocolError::new(code, "")
}

/// What an interaction is opened with.
pub(super) struct Opening<'a> {
    pub(super) visit: &'a Visit,
    pub(super) request: &'a StoredRequest,
    pub(super) asked: &'a Asked,
    pub(super) situation: &'a Situation,
    pub(super) draws: &'a Draws,
}

impl Opening<'_> {
    /// Where the interaction stands when it is opened.
    fn progress(ask: &Ask) -> Progress {
        let expected = match ask {
            Ask::Login(expected) => *expected,
            Ask::SignUp
            | Ask::Choose(_)
            | Ask::Mismatch(_)
            | Ask::ChangePassword(_)
            | Ask::Agreements(_)
            | Ask::Consent(_) => None,
        };
        Progress { expected, ..Progress::default() }
    }
}
