//! `/me/apps`: the clients that an account let in, and taking that back.

use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::policy::{Asked, Way, state_for};
use super::{Flow, Visit};
use crate::base::Timestamp;
use crate::base::id::{ClientId, PrincipalId};
use crate::domain::{AuditEvent, AuditKind, Outcome as AuditOutcome, SignIn, SignInState};
use crate::protocol::{ClientMetadata, Scope};
use crate::session::{Browser, Recognised};
use crate::store::{StoreResult, Tx, audit, consents, grants};

/// One client that was let in.
#[derive(Clone, Debug)]
pub struct AppEntry {
    /// What its button sends.
    pub handle: String,
    /// Its name.
    pub name: String,
    /// Ours, or somebody else's.
    pub first_party: bool,
    /// What it may have.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct AppsView {
    /// The token of its forms.
    pub csrf: String,
    /// Whose consents these are.
    pub facts: Facts,
    /// The account's name on this page, for links and forms.
    pub account: String,
    /// The clients.
    pub apps: Vec<AppEntry>,
}

impl Flow {
    /// The clients that an account of this browser let in: of the account
    /// behind `handle`, else of the one used last.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in here.
    pub async fn apps_view(&self, visit: Visit, handle: Option<String>) -> Result<AppsView, FlowError> {
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
                let apps = flow.apps_of(tx, &sign_in.principal.id)?;
                Ok(Ok(AppsView {
                    csrf: flow.browser_token(browser.id),
                    facts: flow.facts(tx, &sign_in.principal)?,
                    account: flow.account_handle(sign_in.id),
                    apps,
                }))
            })
            .await?
    }

    /// Takes a consent back, with every token that it had bought.
    ///
    /// # Errors
    /// [`Problem::Forged`], [`Problem::SignedOut`], or [`Problem::Stale`] when
    /// there is no such consent.
    pub async fn revoke_app(
        &self,
        visit: Visit,
        csrf: String,
        account: Option<String>,
        app: String,
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
                let Some(sign_in) = flow.account_of(tx, &visit, &browser, account.as_deref())? else {
                    return Ok(Err(Problem::SignedOut.into()));
                };
                let revoked = flow.revoke(tx, &visit, &sign_in, &app)?;
                Ok(revoked.map(|()| Answer { outcome: Outcome::Page(Destination::Apps), cookie: None }))
            })
            .await?
    }

    fn revoke(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        sign_in: &SignIn,
        app: &str,
    ) -> StoreResult<Result<(), FlowError>> {
        let principal = &sign_in.principal;
        let known = consents::list(tx, &principal.id)?;
        let Some(consent) = known.iter().find(|consent| self.app_handle(&principal.id, &consent.client) == app) else {
            return Ok(Err(Problem::Stale.into()));
        };
        consents::remove(tx, &principal.id, &consent.client)?;
        grants::revoke_of_client(tx, &principal.id, &consent.client)?;
        let event = AuditEvent::new(AuditKind::ConsentRevoked, AuditOutcome::Success).of_principal(&principal.id);
        let event = event.of_account(&principal.account.id).of_client(&consent.client);
        audit::record(tx, &event, &visit.origin())?;
        Ok(Ok(()))
    }

    fn apps_of(&self, tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<AppEntry>> {
        let known = consents::list(tx, principal)?;
        Ok(known
            .into_iter()
            .map(|consent| {
                // A registration that does not read is shown by its id, not hidden.
                let metadata: ClientMetadata = serde_json::from_str(&consent.client_metadata).unwrap_or_default();
                AppEntry {
                    handle: self.app_handle(principal, &consent.client),
                    name: metadata.client_name.unwrap_or_else(|| consent.client.as_str().to_owned()),
                    first_party: metadata.first_party,
                    scope: consent.scope,
                    since: consent.created_at,
                }
            })
            .collect())
    }

    /// The live account of this browser behind a handle; the one used last
    /// without one.
    pub(super) fn account_of(
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

    fn app_handle(&self, principal: &PrincipalId, client: &ClientId) -> String {
        self.mac_text(&[b"app", principal.as_str().as_bytes(), client.as_str().as_bytes()])
    }
}
