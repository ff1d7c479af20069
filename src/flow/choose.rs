//! The choice of an account inside an interaction: among several for which one
//! proof was right, or among those of this browser.

use super::context::View;
use super::interaction::{Interaction, Progress};
use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::policy::{self, Ask, Asked, NextStep, Way};
use super::situation::Given;
use super::{Flow, Visit};
use crate::base::Timestamp;
use crate::base::id::SignInId;
use crate::domain::{Client, Principal, SignIn, SignInState, Standing};
use crate::protocol::ErrorCode;
use crate::store::{StoreResult, Tx, interactions, principals};

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
    /// Its last use, for who was signed in here before.
    pub last_used: Option<Timestamp>,
}

/// Why there is something to choose.
#[derive(Clone, Debug)]
pub enum Choosing {
    /// The accounts of this browser.
    Browser,
    /// One proof was right for several accounts.
    Shortlist,
    /// This person signed in, and is not whom the client wants.
    Mismatch(Box<Facts>),
    /// This person proved who they are, and the browser holds no more accounts:
    /// which one is removed?
    Full(Box<Facts>),
}

/// What the chooser shows.
#[derive(Clone, Debug)]
pub struct ChoiceView {
    /// The interaction's part.
    pub view: View,
    /// Why.
    pub choosing: Choosing,
    /// The accounts, the one in focus first.
    pub entries: Vec<ChoiceEntry>,
}

impl Flow {
    /// The chooser of an interaction.
    ///
    /// # Errors
    /// [`Problem::Gone`] when it is over, [`Problem::Stale`] when there is
    /// nothing to choose.
    pub async fn choice_view(&self, visit: Visit, name: String) -> Result<ChoiceView, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let (interaction, client) = match flow.enter(tx, &visit, &name)? {
                    Ok(entered) => entered,
                    Err(gone) => return Ok(Err(gone)),
                };
                let (choosing, entries) = match (&interaction.progress.shortlist, &interaction.progress.waiting) {
                    (Some(_), _) => (Choosing::Shortlist, flow.shortlisted(tx, &interaction)?),
                    (None, Some(waiting)) => match principals::find(tx, waiting.principal())? {
                        Some(waiting) => flow.all_of_browser(tx, &visit, &interaction, &waiting)?,
                        None => return Ok(Err(Problem::Stale.into())),
                    },
                    (None, None) => flow.of_browser(tx, &visit, &interaction, client.as_ref())?,
                };
                if entries.is_empty() && !matches!(choosing, Choosing::Mismatch(_)) {
                    return Ok(Err(Problem::Stale.into()));
                }
                Ok(Ok(ChoiceView { view: flow.view(tx, &interaction, client.as_ref())?, choosing, entries }))
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
                let (interaction, client) = match flow.enter_form(tx, &seen, &own, &csrf)? {
                    Ok(entered) => entered,
                    Err(error) => return Ok(Err(error)),
                };
                if interaction.progress.shortlist.is_some() {
                    return Ok(Ok(None));
                }
                let offered = flow.offered(tx, &seen, &interaction, client.as_ref())?;
                let Some(id) = offered.into_iter().find(|id| flow.handle(&interaction, *id) == picked) else {
                    return Ok(Err(Problem::Stale.into()));
                };
                Ok(Self::save(tx, &interaction, &interaction.progress.choosing(id))?.map(|()| Some(id)))
            })
            .await??;
        match chosen {
            Some(_) => Ok(Answer { outcome: Outcome::Page(Destination::Resume(name)), cookie: None }),
            None => self.pick(visit, name, handle).await,
        }
    }

    /// The person goes back to the client instead of choosing.
    ///
    /// # Errors
    /// [`Problem::Forged`] for a form that is not ours, [`Problem::Gone`] when
    /// the interaction is over.
    pub async fn leave_chooser(&self, visit: Visit, name: String, csrf: String) -> Result<Answer, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let (interaction, client) = match flow.enter_form(tx, &visit, &name, &csrf)? {
                    Ok(entered) => entered,
                    Err(error) => return Ok(Err(error)),
                };
                let why = match flow.next_in(tx, &visit, &interaction, client.as_ref())? {
                    NextStep::Ask(Ask::Mismatch(_)) => ErrorCode::LoginRequired,
                    NextStep::Ask(_) | NextStep::Issue(_) | NextStep::Refuse(_) => ErrorCode::AccessDenied,
                };
                interactions::end(tx, interaction.id)?;
                Ok(match (&interaction.request.asked, &client) {
                    (Some(request), Some(client)) => flow.sent_back(request, client, why),
                    (None, _) | (_, None) => Ok(Answer { outcome: Outcome::Page(Destination::Accounts), cookie: None }),
                })
            })
            .await?
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
                    last_used: None,
                });
            }
        }
        Ok(entries)
    }

    /// The accounts of this browser that the request leaves open, or who has
    /// just signed in and is another.
    fn of_browser(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<(Choosing, Vec<ChoiceEntry>)> {
        let asked = self.asked_in(tx, interaction, client)?;
        let situation = self.situation(tx, visit, &asked, Given::of(interaction, &interaction.progress, client))?;
        let mut choosing = Choosing::Browser;
        if let NextStep::Ask(Ask::Mismatch(id)) = policy::next_step(&asked, &situation, visit.now)
            && let Some(other) = situation.find(id)
        {
            choosing = Choosing::Mismatch(Box::new(self.facts(tx, &other.principal)?));
        }
        let offered = policy::offered(&asked, &situation, visit.now);
        let situation = self.heeding(tx, visit, situation, &offered)?;
        let mut entries = Vec::with_capacity(offered.len());
        for row in offered.iter().filter_map(|id| situation.find(*id)) {
            let state = policy::state_for(&asked, &situation, (row, Way::Picked), visit.now);
            entries.push(self.entry(tx, interaction, row, state)?);
        }
        Ok((choosing, entries))
    }

    /// Every account of a full browser, whatever the request leaves open.
    fn all_of_browser(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        newcomer: &Principal,
    ) -> StoreResult<(Choosing, Vec<ChoiceEntry>)> {
        let (asked, situation) = (Asked::default(), self.own_situation(tx, visit, &interaction.browser)?);
        let entries = situation.sign_ins.iter().map(|row| {
            let state = policy::state_for(&asked, &situation, (row, Way::Unasked), visit.now);
            self.entry(tx, interaction, row, state)
        });
        let entries = entries.collect::<StoreResult<_>>()?;
        Ok((Choosing::Full(Box::new(self.facts(tx, newcomer)?)), entries))
    }

    /// The accounts of this browser on a login page that means nobody yet.
    pub(super) fn tiles(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<Vec<ChoiceEntry>> {
        self.of_browser(tx, visit, interaction, client).map(|(_choosing, entries)| entries)
    }

    fn entry(
        &self,
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        row: &SignIn,
        state: SignInState,
    ) -> StoreResult<ChoiceEntry> {
        Ok(ChoiceEntry {
            handle: self.handle(interaction, row.id),
            facts: self.facts(tx, &row.principal)?,
            state,
            selectable: true,
            last_used: Some(row.last_seen_at),
        })
    }

    /// Where an interaction stands.
    pub(super) fn next_in(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<NextStep> {
        let asked = self.asked_in(tx, interaction, client)?;
        let given = Given::of(interaction, &interaction.progress, client);
        let situation = self.situation(tx, visit, &asked, given)?;
        Ok(policy::next_step(&asked, &situation, visit.now))
    }

    /// The accounts among which this interaction lets the person choose.
    pub(super) fn offered(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<Vec<SignInId>> {
        let asked = self.asked_in(tx, interaction, client)?;
        let progress = Progress::default();
        let situation = self.situation(tx, visit, &asked, Given::of(interaction, &progress, client))?;
        Ok(policy::offered(&asked, &situation, visit.now))
    }

    /// The name of a sign-in inside one interaction.
    pub(super) fn handle(&self, interaction: &Interaction, id: SignInId) -> String {
        self.handle_for(&interaction.name, id)
    }

    /// The name of a sign-in for one page: a keyed hash, so that it cannot be
    /// guessed and means nothing elsewhere.
    pub(super) fn handle_for(&self, page: &str, id: SignInId) -> String {
        self.mac_text(&[b"handle", page.as_bytes(), &id.row().to_be_bytes()])
    }
}
