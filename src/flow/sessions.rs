//! `/me/sessions`: where one account is signed in, on every browser, and ending
//! those places one by one, all but this, or all.

use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::own::{OwnForm, OwnPage};
use super::{Flow, Visit};
use crate::base::id::SignInId;
use crate::domain::{SignIn, SignInState};
use crate::session;
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

/// What the page shows: the places, last used first.
pub type SessionsView = OwnPage<Vec<SessionEntry>>;

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
    /// Where an account of this browser is signed in.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in here.
    pub async fn sessions_view(&self, visit: Visit, handle: Option<String>) -> Result<SessionsView, FlowError> {
        let now = visit.now;
        self.own_page(visit, handle, move |flow, tx, sign_in| {
            let places = session::places(tx, &flow.settings.lifetimes, &sign_in.principal)?;
            let entry = |place: Place| SessionEntry {
                handle: flow.handle_for(PAGE, place.id),
                here: place.id == sign_in.id,
                state: place.state(now),
                place,
            };
            Ok(places.into_iter().map(entry).collect())
        })
        .await
    }

    /// Ends what was asked for.
    ///
    /// # Errors
    /// [`Problem::Forged`], [`Problem::SignedOut`], or [`Problem::Stale`] when
    /// there is no such place.
    pub async fn end_sessions(
        &self,
        visit: Visit,
        posted: OwnForm,
        action: SessionsAction,
    ) -> Result<Answer, FlowError> {
        self.own_form(visit, posted, move |flow, tx, visit, own| flow.end_places(tx, visit, own, &action)).await
    }

    fn end_places(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        own: &SignIn,
        action: &SessionsAction,
    ) -> StoreResult<Result<Answer, FlowError>> {
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
            Destination::Sessions(self.account_handle(own.id))
        };
        Ok(Ok(Answer { outcome: Outcome::Page(page), cookie: None }))
    }
}
