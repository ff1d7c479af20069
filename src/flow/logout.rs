//! Signing out at a client's request (OpenID Connect RP-Initiated Logout 1.0)
//! or at the person's own.
//!
//! A hint ends something only when its `sid` is one of this browser; anything
//! else asks the person first. Nothing is redirected to but an address that the
//! client registered.

use super::leaving::{Ended, Left};
use super::outcome::{FlowError, Problem};
use super::people::Facts;
use super::policy::{Asked, Situation, Way, state_for};
use super::{Flow, Visit};
use crate::base::id::{ClientId, SessionId, SignInId};
use crate::domain::{Client, ClientStatus, SignIn, SignInState};
use crate::protocol::RawParams;
use crate::protocol::response::appended;
use crate::session::{self, Browser, Recognised};
use crate::store::{StoreResult, Tx, client_sessions, clients};
use crate::token::Hint;

/// What a client asked for.
#[derive(Clone, Debug, Default)]
pub struct LogoutRequest {
    /// `id_token_hint`.
    pub id_token_hint: Option<String>,
    /// `logout_hint`.
    pub logout_hint: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `state`.
    pub state: Option<String>,
}

/// What the confirm page shows.
#[derive(Clone, Debug)]
pub struct LogoutView {
    /// The token of its form.
    pub csrf: String,
    /// Who is signed in here, with the handles that the form sends.
    pub entries: Vec<LogoutEntry>,
    /// The entry that is meant, if the request told.
    pub preselected: Option<String>,
    /// Whether signing out of this client alone is offered.
    pub app_alone: bool,
    /// Whom the person was signed in to.
    pub client_name: Option<String>,
}

/// One account of the confirm page.
#[derive(Clone, Debug)]
pub struct LogoutEntry {
    /// What the form sends.
    pub handle: String,
    /// Who.
    pub facts: Facts,
    /// What its sign-in is good for.
    pub state: SignInState,
}

/// What a request to sign out leads to.
#[derive(Clone, Debug)]
pub enum LoggedOut {
    /// The person is asked first.
    Confirm(LogoutView),
    /// Done: back to the client.
    Return(String),
    /// Done: a page of ours says so.
    Shown(SignedOutView),
}

/// What the page after a sign-out says and does.
#[derive(Clone, Debug, Default)]
pub struct SignedOutView {
    /// Who left.
    pub people: Vec<Facts>,
    /// How many are still signed in here.
    pub remaining: usize,
    /// Addresses that clients registered to hear of it in this browser
    /// (OpenID Connect Front-Channel Logout 1.0).
    pub frames: Vec<String>,
    /// Where the person goes on to, once the clients have heard of it.
    pub return_to: Option<String>,
}

/// What the person confirmed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogoutChoice {
    /// The account behind a handle.
    One(String),
    /// This client alone, for every account.
    App,
    /// Everybody in this browser.
    All,
}

impl LogoutRequest {
    /// Reads the parameters; a repeated one is refused.
    ///
    /// # Errors
    /// [`Problem::Unreadable`].
    pub fn parse(params: &RawParams) -> Result<Self, Problem> {
        if params.repeated().is_some() {
            return Err(Problem::Unreadable);
        }
        let text = |name| params.optional(name).map(str::to_owned);
        Ok(Self {
            id_token_hint: text("id_token_hint"),
            logout_hint: text("logout_hint"),
            client_id: text("client_id"),
            redirect_uri: text("post_logout_redirect_uri"),
            state: text("state"),
        })
    }

    /// Where the person goes afterwards: the address, if this client registered
    /// it, with the client's `state`.
    pub(super) fn return_to(&self, client: Option<&Client>) -> Option<String> {
        let uri = self.redirect_uri.as_deref()?;
        let registered = client.is_some_and(|client| client.has_post_logout_redirect_uri(uri));
        let state = self.state.as_deref().map(|state| ("state", state));
        registered.then(|| appended(uri, state.into_iter()))
    }
}

/// A request, resolved.
pub(super) struct Resolved {
    pub(super) browser: Option<Browser>,
    pub(super) active: Vec<SignIn>,
    pub(super) client: Option<Client>,
    /// A hint of ours, for this client.
    pub(super) hinted: bool,
    /// The sign-in of this browser that the hint names.
    meant: Option<SignInId>,
}

impl Flow {
    /// A request to sign out, by GET or POST.
    ///
    /// # Errors
    /// [`FlowError::Store`] in trouble.
    pub async fn logout(&self, visit: Visit, request: LogoutRequest) -> Result<LoggedOut, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let resolved = flow.resolve(tx, &visit, &request)?;
                let meant = resolved.active.iter().find(|row| Some(row.id) == resolved.meant);
                if let Some(sign_in) = meant {
                    let left = Left {
                        people: vec![flow.facts(tx, &sign_in.principal)?],
                        remaining: resolved.active.len().saturating_sub(1),
                        frames: flow.frames(tx, sign_in.id)?,
                        ended: Ended::Somebody,
                    };
                    session::sign_out(tx, sign_in, &visit.origin())?;
                    return Ok(Self::left(&request, &resolved, left));
                }
                if resolved.active.is_empty() {
                    return Ok(Self::left(&request, &resolved, Left::default()));
                }
                flow.confirm_view(tx, &visit, &request, &resolved).map(LoggedOut::Confirm)
            })
            .await
            .map_err(FlowError::from)
    }

    /// What the person confirmed.
    ///
    /// # Errors
    /// [`Problem::Forged`] for a form that is not ours, [`Problem::Stale`] for a
    /// handle of no account here.
    pub async fn confirm_logout(
        &self,
        visit: Visit,
        request: LogoutRequest,
        csrf: String,
        choice: LogoutChoice,
    ) -> Result<LoggedOut, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let mut resolved = flow.resolve(tx, &visit, &request)?;
                let Some(browser) = &resolved.browser else {
                    return Ok(Err(Problem::Forged.into()));
                };
                if let Err(forged) = Self::is_own_form(&flow.browser_token(browser.id), &csrf) {
                    return Ok(Err(forged));
                }
                flow.confirmed(tx, &visit, &mut resolved, &choice)
                    .map(|done| done.map(|left| Self::left(&request, &resolved, left)))
            })
            .await?
    }

    fn resolve(&self, tx: &mut Tx<'_>, visit: &Visit, request: &LogoutRequest) -> StoreResult<Resolved> {
        let named = request.client_id.as_deref().map(ClientId::from_text);
        let hint = request.id_token_hint.as_deref().and_then(|raw| self.tokens.read_hint(raw));
        let contradicts = |hint: &Hint| named.as_ref().is_some_and(|named| !hint.is_for(named));
        let id = match (&request.id_token_hint, &hint) {
            // A hint that is not ours, or another client's, vouches for nobody.
            (Some(_), None) => None,
            (_, Some(hint)) if contradicts(hint) => None,
            (_, Some(hint)) => Some(hint.client.clone()),
            (None, None) => named,
        };
        let hint = hint.filter(|hint| id.as_ref().is_some_and(|id| hint.is_for(id)));
        let client = id.map(|id| clients::find(tx, &id)).transpose()?.flatten();
        let client = client.filter(|client| client.status == ClientStatus::Active);
        let browser = match self.browsers.recognise(tx, visit.cookie.as_deref(), visit.now)? {
            Recognised::Known(browser) => Some(browser),
            Recognised::Unknown | Recognised::Stolen(_) => None,
        };
        let rows = browser.as_ref().map(|browser| browser.sign_ins(tx)).transpose()?.unwrap_or_default();
        let active: Vec<_> = rows.into_iter().filter(|row| row.stored_state != SignInState::SignedOut).collect();
        let sid = hint.as_ref().and_then(|hint| hint.sid.clone());
        let meant = meant(tx, browser.as_ref(), client.as_ref(), sid.as_ref())?;
        Ok(Resolved { browser, active, client, hinted: hint.is_some(), meant })
    }

    fn confirm_view(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        request: &LogoutRequest,
        resolved: &Resolved,
    ) -> StoreResult<LogoutView> {
        let browser = resolved.browser.as_ref().map(|browser| browser.id);
        let hinted = match &request.logout_hint {
            Some(hint) => self.hinted(tx, hint, browser)?,
            None => Vec::new(),
        };
        let ids: Vec<_> = resolved.active.iter().map(|row| row.id).collect();
        let situation = Situation { sign_ins: resolved.active.clone(), ..Situation::default() };
        let (asked, situation) = (Asked::default(), self.heeding(tx, visit, situation, &ids)?);
        let mut entries = Vec::with_capacity(resolved.active.len());
        let (mut preselected, mut app_alone) = (None, false);
        for row in &resolved.active {
            let handle = self.account_handle(row.id);
            if hinted.contains(&row.principal.id) && preselected.is_none() {
                preselected = Some(handle.clone());
            }
            if let Some(client) = &resolved.client {
                let known = client_sessions::of_sign_in(tx, row.id)?;
                app_alone |= known.iter().any(|(id, _)| *id == client.id);
            }
            let state = state_for(&asked, &situation, (row, Way::Unasked), visit.now);
            entries.push(LogoutEntry { handle, facts: self.facts(tx, &row.principal)?, state });
        }
        let csrf = resolved.browser.as_ref().map(|browser| self.browser_token(browser.id)).unwrap_or_default();
        let client_name = resolved.client.as_ref().map(|client| client.name().to_owned());
        Ok(LogoutView { csrf, entries, preselected, app_alone, client_name })
    }
}

/// The sign-in of this browser that the hint's `sid` names.
fn meant(
    tx: &mut Tx<'_>,
    browser: Option<&Browser>,
    client: Option<&Client>,
    sid: Option<&SessionId>,
) -> StoreResult<Option<SignInId>> {
    match (browser, client, sid) {
        (Some(browser), Some(client), Some(sid)) => client_sessions::find(tx, browser.id, &client.id, sid),
        (None, _, _) | (_, None, _) | (_, _, None) => Ok(None),
    }
}
