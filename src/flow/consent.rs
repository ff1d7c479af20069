//! Consent: the person lets a client in, or does not.

use super::begin::plain;
use super::context::View;
use super::interaction::{Interaction, Progress};
use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::policy::Ask;
use super::terms::Pending;
use super::{Flow, Visit};
use crate::base::id::ResourceId;
use crate::domain::{AuditEvent, AuditKind, Client, Outcome as AuditOutcome, Resource, SignIn};
use crate::protocol::{AuthorizationRequest, ErrorCode, Scope};
use crate::store::{StoreResult, Tx, audit, consents, interactions, resources};

/// What the consent page shows.
#[derive(Clone, Debug)]
pub struct ConsentView {
    /// The interaction's part.
    pub view: View,
    /// Who is asked.
    pub facts: Facts,
    /// What is asked for.
    pub scope: Scope,
    /// The APIs among whose scopes some of it may be.
    pub resources: Vec<Resource>,
    /// Where the answer goes.
    pub redirect_uri: String,
}

/// What the person said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Deny,
}

/// An interaction that waits for consent.
struct Waiting {
    interaction: Interaction,
    client: Client,
    request: AuthorizationRequest,
    sign_in: SignIn,
}

impl Flow {
    /// The consent page.
    ///
    /// # Errors
    /// [`Problem::Gone`] when the interaction is over, [`Problem::Stale`] when
    /// it does not wait for consent.
    pub async fn consent_view(&self, visit: Visit, name: String) -> Result<ConsentView, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let waiting = match flow.waiting_for_consent(tx, &visit, &name)? {
                    Ok(waiting) => waiting,
                    Err(error) => return Ok(Err(error)),
                };
                let ids: &[ResourceId] = &waiting.client.metadata.resources;
                Ok(Ok(ConsentView {
                    view: flow.view_about(tx, &waiting.interaction, Some(&waiting.client), &waiting.sign_in)?,
                    facts: flow.facts(tx, &waiting.sign_in.principal)?,
                    resources: resources::find_all(tx, ids)?,
                    scope: waiting.request.scope,
                    redirect_uri: waiting.request.redirect_uri,
                }))
            })
            .await?
    }

    /// What the person decided. Scope, client and account are those of the
    /// stored interaction, whatever the form says.
    ///
    /// # Errors
    /// As [`Flow::consent_view`]; [`Problem::Forged`] for a form that is not ours.
    pub async fn consent(
        &self,
        visit: Visit,
        name: String,
        csrf: String,
        decision: Decision,
    ) -> Result<Answer, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let waiting = match flow.waiting_for_consent(tx, &visit, &name)? {
                    Ok(waiting) => waiting,
                    Err(error) => return Ok(Err(error)),
                };
                if let Err(refused) = flow.is_form_about(tx, &waiting.interaction, &waiting.sign_in, &csrf)? {
                    return Ok(Err(refused));
                }
                match decision {
                    Decision::Approve => Self::approve(tx, &visit, &waiting),
                    Decision::Deny => flow.deny(tx, &waiting),
                }
            })
            .await?
    }

    fn approve(tx: &mut Tx<'_>, visit: &Visit, waiting: &Waiting) -> StoreResult<Result<Answer, FlowError>> {
        let principal = &waiting.sign_in.principal;
        let before = consents::find(tx, &principal.id, &waiting.client.id)?.unwrap_or_default();
        consents::put(tx, &principal.id, &waiting.client.id, &before.union(&waiting.request.scope))?;
        let event = AuditEvent::new(AuditKind::ConsentGiven, AuditOutcome::Success).of_principal(&principal.id);
        let event = event.of_account(&principal.account.id).of_client(&waiting.client.id);
        audit::record(tx, &event.because(waiting.request.scope.to_string()), &visit.origin())?;
        let progress = Progress {
            consented: Some(waiting.request.scope.clone()),
            chosen: Some(waiting.sign_in.id),
            ..waiting.interaction.progress.clone()
        };
        let name = waiting.interaction.name.clone();
        let saved = Self::save(tx, &waiting.interaction, &progress)?;
        Ok(saved.map(|()| Answer { outcome: Outcome::Page(Destination::Resume(name)), cookie: None }))
    }

    fn deny(&self, tx: &mut Tx<'_>, waiting: &Waiting) -> StoreResult<Result<Answer, FlowError>> {
        interactions::end(tx, waiting.interaction.id)?;
        Ok(self.cancelled(&waiting.request, &waiting.client))
    }

    /// The answer to a client whose person said no.
    pub(super) fn cancelled(&self, request: &AuthorizationRequest, client: &Client) -> Result<Answer, FlowError> {
        self.sent_back(request, client, ErrorCode::AccessDenied)
    }

    /// The answer to a client that gets an error.
    pub(super) fn sent_back(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        why: ErrorCode,
    ) -> Result<Answer, FlowError> {
        let state = request.state.as_deref();
        let target = client.redirect_again(&request.redirect_uri, request.response_mode, state);
        let target = target.ok_or(Problem::Client(super::outcome::ClientProblem::Unknown))?;
        Ok(self.refused(target, &plain(why)))
    }

    fn waiting_for_consent(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
    ) -> StoreResult<Result<Waiting, FlowError>> {
        let pending = self.pending(tx, visit, name, |ask| matches!(ask, Ask::Consent(_)))?;
        Ok(pending.and_then(|Pending { interaction, client, sign_in }| {
            let request = interaction.request.asked.clone().ok_or(Problem::Stale)?;
            let client = client.ok_or(Problem::Stale)?;
            Ok(Waiting { interaction, client, request, sign_in })
        }))
    }
}
