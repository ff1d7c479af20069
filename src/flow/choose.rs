//! The choice of an account inside an interaction: among several for which one
//! proof was right, or among those signed in in this browser.

use super::context::View;
use super::interaction::{Interaction, Progress};
use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::policy::{self, Ask, NextStep};
use super::situation::Given;
use super::{Flow, Visit};
use crate::base::id::SignInId;
use crate::domain::{Client, SignInState, Standing};
use crate::store::{StoreResult, Tx, principals};

/// One row of the chooser.
#[derive(Clone, Debug)]
pub struct ChoiceEntry {
    /// What its button sends: means nothing outside of this interaction.
    pub handle: String,
    /// Who.
    pub facts: Facts,
    /// What choosing it asks for.
    pub state: SignInState,
    /// Whether it can be chosen at all.
    pub selectable: bool,
}

/// What the chooser shows.
#[derive(Clone, Debug)]
pub struct ChoiceView {
    /// The interaction's part.
    pub view: View,
    /// The accounts.
    pub entries: Vec<ChoiceEntry>,
}

impl Flow {
    /// The chooser of an interaction.
    ///
    /// # Errors
    /// [`Problem::Gone`] when it is over, [`Problem::Stale`] when there is
    /// nothing to choose (any more).
    pub async fn choice_view(&self, visit: Visit, name: String) -> Result<ChoiceView, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let (interaction, client) = match flow.enter(tx, &visit, &name)? {
                    Ok(entered) => entered,
                    Err(gone) => return Ok(Err(gone)),
                };
                let entries = match &interaction.progress.shortlist {
                    Some(_) => flow.shortlisted(tx, &interaction)?,
                    None => flow.signed_in(tx, &visit, &interaction, client.as_ref())?,
                };
                if entries.is_empty() {
                    return Ok(Err(Problem::Stale.into()));
                }
                Ok(Ok(ChoiceView { view: flow.view(tx, &interaction, client.as_ref())?, entries }))
            })
            .await?
    }

    /// Chooses the account behind `handle`.
    ///
    /// # Errors
    /// [`Problem::Forged`] for a form that is not ours, [`Problem::Stale`] for a
    /// handle that this interaction does not offer.
    pub async fn choose(&self, visit: Visit, name: String, csrf: String, handle: String) -> Result<Answer, FlowError> {
        let (flow, own, picked) = (self.clone(), name.clone(), handle.clone());
        let seen = visit.clone();
        let chosen = self
            .store
            .write(move |tx| {
                let (interaction, client) = match flow.enter(tx, &seen, &own)? {
                    Ok(entered) => entered,
                    Err(gone) => return Ok(Err(gone)),
                };
                if let Err(forged) = Self::is_own_form(&flow.form_token(&interaction), &csrf) {
                    return Ok(Err(forged));
                }
                if interaction.progress.shortlist.is_some() {
                    return Ok(Ok(None));
                }
                let offered = flow.offered(tx, &seen, &interaction, client.as_ref())?;
                let Some(id) = offered.into_iter().find(|id| flow.handle(&interaction, *id) == picked) else {
                    return Ok(Err(Problem::Stale.into()));
                };
                let progress = Progress { chosen: Some(id), ..interaction.progress.clone() };
                Ok(Self::save(tx, &interaction, &progress)?.map(|()| Some(id)))
            })
            .await??;
        match chosen {
            Some(_) => Ok(Answer { outcome: Outcome::Page(Destination::Resume(name)), cookie: None }),
            None => self.pick(visit, name, handle).await,
        }
    }

    fn shortlisted(&self, tx: &mut Tx<'_>, interaction: &Interaction) -> StoreResult<Vec<ChoiceEntry>> {
        let mut entries = Vec::new();
        let Some(shortlist) = &interaction.progress.shortlist else { return Ok(entries) };
        for candidate in shortlist.candidates() {
            if let Some(principal) = principals::find(tx, candidate.principal())? {
                entries.push(ChoiceEntry {
                    handle: candidate.handle().to_owned(),
                    selectable: principal.standing() == Standing::Good,
                    facts: self.facts(tx, &principal)?,
                    state: SignInState::Active,
                });
            }
        }
        Ok(entries)
    }

    fn signed_in(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<Vec<ChoiceEntry>> {
        let offered = self.offered(tx, visit, interaction, client)?;
        let rows = interaction.browser.sign_ins(tx)?;
        rows.iter()
            .filter(|row| offered.contains(&row.id))
            .map(|row| {
                Ok(ChoiceEntry {
                    handle: self.handle(interaction, row.id),
                    facts: self.facts(tx, &row.principal)?,
                    state: row.state(visit.now),
                    selectable: true,
                })
            })
            .collect()
    }

    /// The accounts among which this interaction lets the person choose.
    fn offered(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<Vec<SignInId>> {
        let asked = match (&interaction.request.asked, client) {
            (Some(request), Some(client)) => self.asked(tx, request, client, interaction.request.subject.clone())?,
            (None, _) | (_, None) => Self::asked_by_nobody(),
        };
        let progress = Progress { chosen: None, ..interaction.progress.clone() };
        let situation = self.situation(tx, visit, &asked, Given::of(interaction, &progress, client))?;
        Ok(match policy::next_step(&asked, &situation, visit.now) {
            NextStep::Ask(Ask::Choose(ids)) => ids,
            NextStep::Ask(_) | NextStep::Issue(_) | NextStep::Refuse(_) => Vec::new(),
        })
    }

    /// The name of a sign-in inside one interaction.
    fn handle(&self, interaction: &Interaction, id: SignInId) -> String {
        self.handle_for(&interaction.name, id)
    }

    /// The name of a sign-in for one page: a keyed hash, so that it cannot be
    /// guessed and means nothing elsewhere.
    pub(super) fn handle_for(&self, page: &str, id: SignInId) -> String {
        self.mac_text(&[b"handle", page.as_bytes(), &id.row().to_be_bytes()])
    }
}
