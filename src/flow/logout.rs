//! Signing out at a client's request (OpenID Connect RP-Initiated Logout 1.0)
//! or at the person's own.
//!
//! A hint ends something only when its `sid` is one of this browser; anything
//! else asks the person first. Nothing is redirected to but an address that the
//! client registered.

use super::outcome::{FlowError, Problem};
use super::people::Facts;
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
    pub entries: Vec<(String, Facts)>,
    /// The entry that is meant, if the request told.
    pub preselected: Option<String>,
    /// Whom the person was signed in to.
    pub client_name: Option<String>,
}

/// What a request to sign out leads to.
#[derive(Clone, Debug)]
pub enum LoggedOut {
    /// The person is asked first.
    Confirm(LogoutView),
    /// Done: back to the client.
    Return(String),
    /// Done: a page of ours says so.
    Shown {
        /// Who left.
        people: Vec<Facts>,
        /// How many are still signed in here.
        remaining: usize,
    },
}

/// What the person confirmed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogoutChoice {
    /// The account behind a handle.
    One(String),
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
    fn return_to(&self, client: Option<&Client>) -> Option<String> {
        let uri = self.redirect_uri.as_deref()?;
        let registered = client.is_some_and(|client| client.has_post_logout_redirect_uri(uri));
        let state = self.state.as_deref().map(|state| ("state", state));
        registered.then(|| appended(uri, state.into_iter()))
    }
}

/// A request, resolved.
struct Resolved {
    browser: Option<Browser>,
    active: Vec<SignIn>,
    client: Option<Client>,
    /// A hint of ours, for this client.
    hinted: bool,
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
                    let facts = vec![flow.facts(tx, &sign_in.principal)?];
                    session::sign_out(tx, sign_in, &visit.origin())?;
                    return Ok(Self::left(&request, &resolved, facts, resolved.active.len().saturating_sub(1)));
                }
                if resolved.active.is_empty() {
                    return Ok(Self::left(&request, &resolved, Vec::new(), 0));
                }
                flow.confirm_view(tx, &request, &resolved).map(LoggedOut::Confirm)
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
                let leaving = |row: &SignIn| match &choice {
                    LogoutChoice::All => true,
                    LogoutChoice::One(handle) => flow.account_handle(row.id) == *handle,
                };
                let (gone, stay): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut resolved.active).into_iter().partition(leaving);
                if gone.is_empty() && !stay.is_empty() {
                    return Ok(Err(Problem::Stale.into()));
                }
                let mut people = Vec::with_capacity(gone.len());
                for sign_in in &gone {
                    people.push(flow.facts(tx, &sign_in.principal)?);
                    session::sign_out(tx, sign_in, &visit.origin())?;
                }
                Ok(Ok(Self::left(&request, &resolved, people, stay.len())))
            })
            .await?
    }

    fn left(request: &LogoutRequest, resolved: &Resolved, people: Vec<Facts>, remaining: usize) -> LoggedOut {
        // Without anybody leaving, only a client that shows a token of ours is
        // followed: a stranger's link must not be able to use us as a springboard.
        let trusted = resolved.hinted || !people.is_empty();
        match request.return_to(resolved.client.as_ref()) {
            Some(uri) if trusted => LoggedOut::Return(uri),
            Some(_) | None => LoggedOut::Shown { people, remaining },
        }
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

    fn confirm_view(&self, tx: &mut Tx<'_>, request: &LogoutRequest, resolved: &Resolved) -> StoreResult<LogoutView> {
        let mut entries = Vec::with_capacity(resolved.active.len());
        let mut preselected = None;
        for row in &resolved.active {
            let (handle, facts) = (self.account_handle(row.id), self.facts(tx, &row.principal)?);
            let hinted = request
                .logout_hint
                .as_deref()
                .is_some_and(|hint| hint == row.principal.id.as_str() || facts.identifier().as_deref() == Some(hint));
            if hinted && preselected.is_none() {
                preselected = Some(handle.clone());
            }
            entries.push((handle, facts));
        }
        let csrf = resolved.browser.as_ref().map(|browser| self.browser_token(browser.id)).unwrap_or_default();
        let client_name = resolved.client.as_ref().map(|client| client.name().to_owned());
        Ok(LogoutView { csrf, entries, preselected, client_name })
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
