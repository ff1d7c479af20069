//! `/me/sessions`: where one account is signed in, on every browser, and ending
//! those places one by one, all but this, or all.

use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::{Flow, Visit};
use crate::base::id::SignInId;
use crate::domain::{SignIn, SignInState};
use crate::session::{self, Browser, Recognised};
use crate::store::sign_ins::{self, Place};
use crate::store::{StoreResult, Tx};

/// Name of the page in its handles.
const PAGE: &str = "/me/sessions";

/// One place where the account is signed in.
#[derive(Clone, Debug)]
pub struct SessionEntry {
    /// What its button sends.
    pub handle: String,
    /// Whether it is the browser that asks.
    pub here: bool,
    /// Where, when and how.
    pub place: Place,
    /// What it is good for now.
    pub state: SignInState,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct SessionsView {
    /// The token of its forms.
    pub csrf: String,
    /// Whose places these are.
    pub facts: Facts,
    /// The account's name on this page, for links and forms.
    pub account: String,
    /// The places, last used first.
    pub entries: Vec<SessionEntry>,
}

/// What was asked for on the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SessionsAction {
    /// Ends one place.
    End(String),
    /// Ends all but the one that asks.
    EndOthers,
    /// Ends all of them.
    EndEverywhere,
}

impl Flow {
    /// Where an account of this browser is signed in: the account behind
    /// `handle`, else the one used last.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in here.
    pub async fn sessions_view(&self, visit: Visit, handle: Option<String>) -> Result<SessionsView, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let Recognised::Known(browser) = flow.browsers.recognise(tx, visit.cookie.as_deref(), visit.now)?
                else {
                    return Ok(Err(Problem::SignedOut.into()));
                };
                let Some(sign_in) = flow.account_of(tx, &visit, &browser, handle.as_deref())? else {
                    return Ok(Err(Problem::SignedOut.into()));
                };
                let places = session::places(tx, &flow.settings.lifetimes, &sign_in.principal)?;
                let entries = places.into_iter().map(|place| SessionEntry {
                    handle: flow.handle_for(PAGE, place.id),
                    here: place.id == sign_in.id,
                    state: place.state(visit.now),
                    place,
                });
                Ok(Ok(SessionsView {
                    csrf: flow.browser_token(browser.id),
                    facts: flow.facts(tx, &sign_in.principal)?,
                    account: flow.account_handle(sign_in.id),
                    entries: entries.collect(),
                }))
            })
            .await?
    }

    /// Ends what was asked for.
    ///
    /// # Errors
    /// [`Problem::Forged`], [`Problem::SignedOut`], or [`Problem::Stale`] when
    /// there is no such place.
    pub async fn end_sessions(
        &self,
        visit: Visit,
        csrf: String,
        account: Option<String>,
        action: SessionsAction,
    ) -> Result<Answer, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let Some(browser) = flow.present_browser(tx, &visit)? else {
                    return Ok(Err(Problem::SignedOut.into()));
                };
                if let Err(forged) = Self::is_own_form(&flow.browser_token(browser.id), &csrf) {
                    return Ok(Err(forged));
                }
                flow.end_places(tx, &visit, (&browser, account.as_deref()), &action)
            })
            .await?
    }

    fn end_places(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        (browser, account): (&Browser, Option<&str>),
        action: &SessionsAction,
    ) -> StoreResult<Result<Answer, FlowError>> {
        let Some(own) = self.account_of(tx, visit, browser, account)? else {
            return Ok(Err(Problem::SignedOut.into()));
        };
        let places = sign_ins::places_of(tx, &own.principal.id)?;
        let meant = |id: SignInId| match action {
            SessionsAction::End(handle) => self.handle_for(PAGE, id) == *handle,
            SessionsAction::EndOthers => id != own.id,
            SessionsAction::EndEverywhere => true,
        };
        let ends: Vec<_> = places.iter().map(|place| place.id).filter(|id| meant(*id)).collect();
        if ends.is_empty() && matches!(action, SessionsAction::End(_)) {
            return Ok(Err(Problem::Stale.into()));
        }
        for id in &ends {
            let found: Option<SignIn> = sign_ins::find(tx, *id)?;
            if let Some(sign_in) = found {
                session::sign_out(tx, &sign_in, &visit.origin())?;
            }
        }
        let page = if ends.contains(&own.id) {
            Destination::Accounts
        } else {
            Destination::Account(self.account_handle(own.id))
        };
        Ok(Ok(Answer { outcome: Outcome::Page(page), cookie: None }))
    }
}
