//! `/accounts` on its own: who is signed in in this browser, and the ways out.

use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::{Flow, Visit};
use crate::base::id::SignInId;
use crate::domain::{SignIn, SignInState};
use crate::session::{self, Browser, Recognised};
use crate::store::{StoreResult, Tx, affinities, sign_ins};

/// Name of the page in its handles.
const PAGE: &str = "/accounts";

/// One row of the page.
#[derive(Clone, Debug)]
pub struct AccountEntry {
    /// What its buttons send.
    pub handle: String,
    /// Who.
    pub facts: Facts,
    /// What it is good for now.
    pub state: SignInState,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct AccountsView {
    /// The token of its forms; empty in a browser that we do not know, which
    /// has nothing to post.
    pub csrf: String,
    /// Last used first.
    pub entries: Vec<AccountEntry>,
}

/// What was asked for on the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AccountsAction {
    /// Signs one account out.
    SignOut(String),
    /// Signs one out and forgets it.
    Remove(String),
    /// Signs everybody out.
    SignOutAll,
}

impl Flow {
    /// The accounts of this browser.
    ///
    /// # Errors
    /// [`FlowError::Store`] in trouble.
    pub async fn accounts_view(&self, visit: Visit) -> Result<AccountsView, FlowError> {
        let flow = self.clone();
        let view = self
            .store
            .read(move |tx| match flow.browsers.recognise(tx, visit.cookie.as_deref(), visit.now)? {
                Recognised::Known(browser) => flow.list(tx, &visit, &browser),
                Recognised::Unknown | Recognised::Stolen(_) => Ok(AccountsView::default()),
            })
            .await?;
        Ok(view)
    }

    /// Does what was asked for on the page.
    ///
    /// # Errors
    /// [`Problem::Forged`] for a form that is not ours, [`Problem::Stale`] for a
    /// handle of no account here.
    pub async fn manage_accounts(
        &self,
        visit: Visit,
        csrf: String,
        action: AccountsAction,
    ) -> Result<Answer, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let Some(browser) = flow.present_browser(tx, &visit)? else {
                    return Ok(Err(Problem::Forged.into()));
                };
                if let Err(forged) = Self::is_own_form(&flow.browser_token(browser.id), &csrf) {
                    return Ok(Err(forged));
                }
                let done = flow.manage(tx, &visit, &browser, &action)?;
                Ok(done.map(|()| Answer { outcome: Outcome::Page(Destination::Accounts), cookie: None }))
            })
            .await?
    }

    fn list(&self, tx: &mut Tx<'_>, visit: &Visit, browser: &Browser) -> StoreResult<AccountsView> {
        let rows = browser.sign_ins(tx)?;
        let entries = rows.iter().map(|row| {
            Ok(AccountEntry {
                handle: self.account_handle(row.id),
                facts: self.facts(tx, &row.principal)?,
                state: row.state(visit.now),
            })
        });
        Ok(AccountsView { entries: entries.collect::<StoreResult<_>>()?, csrf: self.browser_token(browser.id) })
    }

    fn manage(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        browser: &Browser,
        action: &AccountsAction,
    ) -> StoreResult<Result<(), FlowError>> {
        let (handle, forget) = match action {
            AccountsAction::SignOutAll => {
                return session::end_browser(tx, browser, &visit.origin()).map(Ok);
            }
            AccountsAction::SignOut(handle) => (handle, false),
            AccountsAction::Remove(handle) => (handle, true),
        };
        let Some(sign_in) = self.account_behind(tx, browser, handle)? else {
            return Ok(Err(Problem::Stale.into()));
        };
        session::sign_out(tx, &sign_in, &visit.origin())?;
        if forget {
            affinities::forget(tx, browser.id, &sign_in.principal.id)?;
            sign_ins::remove(tx, sign_in.id)?;
        }
        Ok(Ok(()))
    }

    /// The name of a sign-in on this browser's own pages.
    pub(super) fn account_handle(&self, id: SignInId) -> String {
        self.handle_for(PAGE, id)
    }

    /// The sign-in of this browser behind a handle.
    pub(super) fn account_behind(
        &self,
        tx: &mut Tx<'_>,
        browser: &Browser,
        handle: &str,
    ) -> StoreResult<Option<SignIn>> {
        let rows = browser.sign_ins(tx)?;
        Ok(rows.into_iter().find(|row| self.account_handle(row.id) == handle))
    }
}
