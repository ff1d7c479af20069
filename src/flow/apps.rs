//! `/me/apps`: the clients that an account let in, and taking that back.

use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::own::{OwnForm, OwnPage};
use super::{Flow, Visit};
use crate::base::Timestamp;
use crate::base::id::{ClientId, PrincipalId};
use crate::domain::{AuditEvent, AuditKind, Outcome as AuditOutcome, SignIn};
use crate::protocol::{ClientMetadata, Scope};
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

/// What the page shows: the clients.
pub type AppsView = OwnPage<Vec<AppEntry>>;

impl Flow {
    /// The clients that an account of this browser let in.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in here.
    pub async fn apps_view(&self, visit: Visit, handle: Option<String>) -> Result<AppsView, FlowError> {
        self.own_page(visit, handle, |flow, tx, sign_in| flow.apps_of(tx, &sign_in.principal.id)).await
    }

    /// Takes a consent back, with every token that it had bought.
    ///
    /// # Errors
    /// [`Problem::Forged`], [`Problem::SignedOut`], or [`Problem::Stale`] when
    /// there is no such consent.
    pub async fn revoke_app(&self, visit: Visit, posted: OwnForm, app: String) -> Result<Answer, FlowError> {
        self.own_form(visit, posted, move |flow, tx, visit, sign_in| {
            let page = Destination::Apps(flow.account_handle(sign_in.id));
            let revoked = flow.revoke(tx, visit, sign_in, &app)?;
            Ok(revoked.map(|()| Answer { outcome: Outcome::Page(page), cookie: None }))
        })
        .await
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

    fn app_handle(&self, principal: &PrincipalId, client: &ClientId) -> String {
        self.mac_text(&[b"app", principal.as_str().as_bytes(), client.as_str().as_bytes()])
    }
}
