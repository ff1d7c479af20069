//! `/accounts` on its own: who is signed in in this browser, and the ways out.

use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::policy::{Asked, Situation, Way, state_for};
use super::{Flow, Progress, StoredRequest, Visit};
use crate::base::Timestamp;
use crate::base::id::SignInId;
use crate::domain::{SignIn, SignInState};
use crate::protocol::response::appended;
use crate::session::{self, Browser, Recognised};
use crate::store::{StoreResult, Tx};

/// Name of the page in its handles.
pub(super) const PAGE: &str = "/accounts";

/// One row of the page.
#[derive(Clone, Debug)]
pub struct AccountEntry {
    /// What its buttons send.
    pub handle: String,
    /// Who.
    pub facts: Facts,
    /// What it is good for now.
    pub state: SignInState,
    /// When it was used last.
    pub last_used: Timestamp,
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
    /// Signs everybody out and forgets them.
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

    /// Does what was asked for on the page, or on the chooser of the
    /// interaction `name`.
    ///
    /// # Errors
    /// [`Problem::Forged`] for a form that is not ours, [`Problem::Stale`] for a
    /// handle of no account here, [`Problem::Gone`] for an interaction that is over.
    pub async fn manage_accounts(
        &self,
        visit: Visit,
        name: Option<String>,
        csrf: String,
        action: AccountsAction,
    ) -> Result<Answer, FlowError> {
        let (flow, random) = (self.clone(), self.entropy.bytes::<32>());
        self.store
            .write(move |tx| {
                if let Some(name) = &name {
                    return flow.manage_in(tx, &visit, (name, &csrf), &action, &random);
                }
                let Some(browser) = flow.present_browser(tx, &visit)? else {
                    return Ok(Err(Problem::Forged.into()));
                };
                if let Err(forged) = Self::is_own_form(&flow.browser_token(browser.id), &csrf) {
                    return Ok(Err(forged));
                }
                let done = flow.manage(tx, &visit, &browser, (PAGE, &action))?;
                Ok(done.map(|()| Answer { outcome: Outcome::Page(Destination::Accounts), cookie: None }))
            })
            .await?
    }

    /// Opens one account from the page: a live one where it is used, any other
    /// on its own login page.
    ///
    /// # Errors
    /// As [`Flow::manage_accounts`].
    pub async fn open_account(&self, visit: Visit, csrf: String, handle: String) -> Result<Answer, FlowError> {
        let (flow, draws) = (self.clone(), self.draw());
        self.store
            .write(move |tx| {
                let Some(browser) = flow.present_browser(tx, &visit)? else {
                    return Ok(Err(Problem::Forged.into()));
                };
                if let Err(forged) = Self::is_own_form(&flow.browser_token(browser.id), &csrf) {
                    return Ok(Err(forged));
                }
                let situation = flow.own_situation(tx, &visit, &browser)?;
                let mut rows = situation.sign_ins.iter();
                let Some(sign_in) = rows.find(|row| flow.account_handle(row.id) == handle) else {
                    return Ok(Err(Problem::Stale.into()));
                };
                if picked_state(&situation, sign_in, visit.now) == SignInState::Active {
                    let outcome = flow.entrance_for(tx, sign_in)?;
                    return Ok(Ok(Answer { outcome, cookie: None }));
                }
                let request = StoredRequest::own(PAGE.to_owned());
                let progress = Progress { chosen: Some(sign_in.id), ..Progress::default() };
                let opened =
                    flow.open_interaction(tx, browser.id, &request, &progress, (&draws.interaction, &visit))?;
                Ok(opened.map(|name| Answer { outcome: Outcome::Page(Destination::Resume(name)), cookie: None }))
            })
            .await?
    }

    /// Where a signed-in account is used: at the default client, with a hint at
    /// whom (OIDC Core §4), else on its own page here.
    pub(super) fn entrance_for(&self, tx: &mut Tx<'_>, sign_in: &SignIn) -> StoreResult<Outcome> {
        let hint = self.login_hints.of(&sign_in.principal.id);
        let pairs = [("iss", self.settings.issuer.as_str()), ("login_hint", hint.as_str())];
        let entrance = self.default_entrance(tx)?;
        Ok(match entrance {
            Some(address) => Outcome::Leave(appended(&address, pairs.into_iter())),
            None => Outcome::Page(Destination::Sessions(self.account_handle(sign_in.id))),
        })
    }

    /// The same on the chooser of an interaction, which then goes on: with
    /// whoever waited for room, with the chooser, or without anybody.
    fn manage_in(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        (name, csrf): (&str, &str),
        action: &AccountsAction,
        random: &[u8; 32],
    ) -> StoreResult<Result<Answer, FlowError>> {
        let (interaction, client) = match self.enter_form(tx, visit, name, csrf)? {
            Ok(entered) => entered,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = self.manage(tx, visit, &interaction.browser, (name, action))? {
            return Ok(Err(error));
        }
        let makes_room = match action {
            AccountsAction::Remove(_) | AccountsAction::SignOutAll => true,
            AccountsAction::SignOut(_) => false,
        };
        if makes_room && interaction.progress.waiting.is_some() {
            return self.let_in(tx, visit, &interaction, random);
        }
        let left = self.offered(tx, visit, &interaction, client.as_ref())?;
        let (name, empty) = (name.to_owned(), left.is_empty());
        let page = if empty { Destination::Resume(name) } else { Destination::Choose(name) };
        Ok(Ok(Answer { outcome: Outcome::Page(page), cookie: None }))
    }

    fn list(&self, tx: &mut Tx<'_>, visit: &Visit, browser: &Browser) -> StoreResult<AccountsView> {
        let situation = self.own_situation(tx, visit, browser)?;
        let entries = situation.sign_ins.iter().map(|row| {
            Ok(AccountEntry {
                handle: self.account_handle(row.id),
                facts: self.facts(tx, &row.principal)?,
                state: picked_state(&situation, row, visit.now),
                last_used: row.last_seen_at,
            })
        });
        Ok(AccountsView { entries: entries.collect::<StoreResult<_>>()?, csrf: self.browser_token(browser.id) })
    }

    fn manage(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        browser: &Browser,
        (page, action): (&str, &AccountsAction),
    ) -> StoreResult<Result<(), FlowError>> {
        let (handle, forget) = match action {
            AccountsAction::SignOutAll => return session::forget_browser(tx, browser, &visit.origin()).map(Ok),
            AccountsAction::SignOut(handle) => (handle, false),
            AccountsAction::Remove(handle) => (handle, true),
        };
        let rows = browser.sign_ins(tx)?;
        let Some(sign_in) = rows.into_iter().find(|row| self.handle_for(page, row.id) == *handle) else {
            return Ok(Err(Problem::Stale.into()));
        };
        session::sign_out(tx, &sign_in, &visit.origin())?;
        if forget {
            session::forget(tx, &sign_in)?;
        }
        Ok(Ok(()))
    }

    /// The name of a sign-in on this browser's own pages.
    pub(super) fn account_handle(&self, id: SignInId) -> String {
        self.handle_for(PAGE, id)
    }
}

/// What opening one of these accounts comes to.
fn picked_state(situation: &Situation, row: &SignIn, now: Timestamp) -> SignInState {
    state_for(&Asked::default(), situation, (row, Way::Picked), now)
}
