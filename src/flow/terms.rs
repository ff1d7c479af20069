//! A new version of the terms: accepted before the sign-in goes on.

use super::consent::Decision;
use super::context::View;
use super::interaction::Interaction;
use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::policy::{self, Ask, NextStep};
use super::situation::Given;
use super::{Flow, Visit};
use crate::domain::{AuditEvent, AuditKind, Client, Outcome as AuditOutcome, SignIn};
use crate::store::{StoreResult, Tx, agreements, audit, interactions};

/// What the page of the new terms shows.
#[derive(Clone, Debug)]
pub struct TermsView {
    /// The interaction's part.
    pub view: View,
    /// Who is asked.
    pub facts: Facts,
}

/// The account-bound steps between login and consent.
pub(super) struct Pending {
    pub(super) interaction: Interaction,
    pub(super) client: Option<Client>,
    pub(super) sign_in: SignIn,
}

impl Flow {
    /// The page of the new terms.
    ///
    /// # Errors
    /// [`Problem::Gone`] when the interaction is over, [`Problem::Stale`] when
    /// it does not wait for this.
    pub async fn terms_view(&self, visit: Visit, name: String) -> Result<TermsView, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let pending = match flow.pending(tx, &visit, &name, |ask| matches!(ask, Ask::Agreements(_)))? {
                    Ok(pending) => pending,
                    Err(error) => return Ok(Err(error)),
                };
                let client = pending.client.as_ref();
                let view = flow.view_about(tx, &pending.interaction, client, &pending.sign_in)?;
                Ok(Ok(TermsView { view, facts: flow.facts(tx, &pending.sign_in.principal)? }))
            })
            .await?
    }

    /// What the person decided on the terms.
    ///
    /// # Errors
    /// As [`Flow::terms_view`]; [`Problem::Forged`] for a form that is not ours.
    pub async fn accept_terms(
        &self,
        visit: Visit,
        name: String,
        csrf: String,
        decision: Decision,
    ) -> Result<Answer, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let pending = match flow.pending(tx, &visit, &name, |ask| matches!(ask, Ask::Agreements(_)))? {
                    Ok(pending) => pending,
                    Err(error) => return Ok(Err(error)),
                };
                if let Err(refused) = flow.is_form_about(tx, &pending.interaction, &pending.sign_in, &csrf)? {
                    return Ok(Err(refused));
                }
                match decision {
                    Decision::Approve => {
                        flow.accepted(tx, &visit, &pending.sign_in)?;
                        let outcome = Outcome::Page(Destination::Resume(name.clone()));
                        Ok(Ok(Answer { outcome, cookie: None }))
                    }
                    Decision::Deny => flow.declined(tx, &pending),
                }
            })
            .await?
    }

    fn accepted(&self, tx: &mut Tx<'_>, visit: &Visit, sign_in: &SignIn) -> StoreResult<()> {
        let principal = &sign_in.principal;
        let Some(version) = self.settings.terms_for(principal.kind) else {
            return Ok(());
        };
        agreements::accept(tx, &principal.id, version, &visit.address.to_string())?;
        let event = AuditEvent::new(AuditKind::AgreementAccepted, AuditOutcome::Success).of_principal(&principal.id);
        audit::record(tx, &event.of_account(&principal.account.id).because(version), &visit.origin())
    }

    fn declined(&self, tx: &mut Tx<'_>, pending: &Pending) -> StoreResult<Result<Answer, FlowError>> {
        interactions::end(tx, pending.interaction.id)?;
        match (&pending.interaction.request.asked, &pending.client) {
            (Some(request), Some(client)) => Ok(self.cancelled(request, client)),
            (None, _) | (_, None) => Ok(Ok(Answer { outcome: Outcome::Page(Destination::Accounts), cookie: None })),
        }
    }

    /// An interaction that waits for the step that `expected` names.
    pub(super) fn pending(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
        expected: impl Fn(&Ask) -> bool,
    ) -> StoreResult<Result<Pending, FlowError>> {
        let (interaction, client) = match self.enter(tx, visit, name)? {
            Ok(entered) => entered,
            Err(gone) => return Ok(Err(gone)),
        };
        let asked = self.asked_in(tx, &interaction, client.as_ref())?;
        let progress = &interaction.progress;
        let situation = self.situation(tx, visit, &asked, Given::of(&interaction, progress, client.as_ref()))?;
        let id = match policy::next_step(&asked, &situation, visit.now) {
            NextStep::Ask(ask) if expected(&ask) => ask.sign_in(),
            NextStep::Ask(_) | NextStep::Issue(_) | NextStep::Refuse(_) => None,
        };
        let found = situation.sign_ins.into_iter().find(|sign_in| Some(sign_in.id) == id);
        Ok(found.ok_or_else(|| Problem::Stale.into()).map(|sign_in| Pending { interaction, client, sign_in }))
    }
}
