//! An account's own pages, `/me/…`: whose page it is, and who may post to it.
//!
//! Each of them is about one account of the browser that asks: the one that its
//! address names, else the one used last. What is on it and what a form does is
//! each page's own file.

use super::outcome::{FlowError, Problem};
use super::people::Facts;
use super::policy::{Asked, Way, state_for};
use super::{Flow, Visit};
use crate::domain::{SignIn, SignInState};
use crate::session::{Browser, Recognised};
use crate::store::{StoreResult, Tx};

/// A page of one account, and what is on it.
#[derive(Clone, Debug)]
pub struct OwnPage<T> {
    /// The token of its forms.
    pub csrf: String,
    /// Whose page it is.
    pub facts: Facts,
    /// The account's name on its pages, for links and forms.
    pub account: String,
    /// What is on it.
    pub content: T,
}

/// What guards a posted form of such a page.
#[derive(Clone, Debug)]
pub struct OwnForm {
    /// The form's token.
    pub csrf: String,
    /// The account that the address names.
    pub account: Option<String>,
}

impl Flow {
    /// The page of the account behind `handle`, else of the one used last, with
    /// what `read` finds.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in here.
    pub(super) async fn own_page<T: Send + 'static>(
        &self,
        visit: Visit,
        handle: Option<String>,
        read: impl Fn(&Self, &mut Tx<'_>, &SignIn) -> StoreResult<T> + Send + 'static,
    ) -> Result<OwnPage<T>, FlowError> {
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
                Ok(Ok(OwnPage {
                    csrf: flow.browser_token(browser.id),
                    facts: flow.facts(tx, &sign_in.principal)?,
                    account: flow.account_handle(sign_in.id),
                    content: read(&flow, tx, &sign_in)?,
                }))
            })
            .await?
    }

    /// Does what a form asks, if it is ours, to the account that it is about.
    ///
    /// # Errors
    /// [`Problem::Forged`], [`Problem::SignedOut`], and what `act` refuses.
    pub(super) async fn own_form<T: Send + 'static>(
        &self,
        visit: Visit,
        posted: OwnForm,
        act: impl Fn(&Self, &mut Tx<'_>, &Visit, &SignIn) -> StoreResult<Result<T, FlowError>> + Send + 'static,
    ) -> Result<T, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let Some(browser) = flow.present_browser(tx, &visit)? else {
                    return Ok(Err(Problem::SignedOut.into()));
                };
                if let Err(forged) = Self::is_own_form(&flow.browser_token(browser.id), &posted.csrf) {
                    return Ok(Err(forged));
                }
                match flow.account_of(tx, &visit, &browser, posted.account.as_deref())? {
                    Some(sign_in) => act(&flow, tx, &visit, &sign_in),
                    None => Ok(Err(Problem::SignedOut.into())),
                }
            })
            .await?
    }

    /// The live account of this browser behind a handle; the one used last
    /// without one.
    fn account_of(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        browser: &Browser,
        handle: Option<&str>,
    ) -> StoreResult<Option<SignIn>> {
        let (asked, situation) = (Asked::default(), self.own_situation(tx, visit, browser)?);
        let state = |row: &SignIn| state_for(&asked, &situation, (row, Way::Unasked), visit.now);
        let mut active = situation.sign_ins.iter().filter(|row| state(row) == SignInState::Active);
        Ok(match handle {
            Some(handle) => active.find(|row| self.account_handle(row.id) == handle).cloned(),
            None => active.next().cloned(),
        })
    }
}
