//! `/authorize/resume`: every step comes back here, and the next one is
//! decided anew from what is stored.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::begin::plain;
use super::bindings::FRESH_PROOF;
use super::interaction::Interaction;
use super::issue::{Draws, Issue};
use super::outcome::{Answer, ClientProblem, Destination, FlowError, Outcome, Problem};
use super::policy::{self, Ask, NextStep};
use super::situation::Given;
use super::{Flow, Progress, StoredRequest, Visit, accounts};
use crate::domain::Client;
use crate::protocol::AuthorizationRequest;
use crate::store::{StoreResult, Tx, interactions};

/// Where a sign-in ends that no client asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Landing {
    /// Where the person uses or manages accounts.
    #[default]
    Accounts,
    /// Where the account is signed in.
    Sessions,
    /// What the account let in.
    Apps,
    /// What is bound to the account, which takes a fresh proof.
    Bindings,
}

impl Landing {
    /// How old the proof may be that somebody lands with.
    #[must_use]
    pub const fn max_age(self) -> Option<Duration> {
        match self {
            Self::Accounts | Self::Sessions | Self::Apps => None,
            Self::Bindings => Some(FRESH_PROOF),
        }
    }

    /// The page of this account, where one was meant.
    fn page(self, account: String) -> Option<Destination> {
        match self {
            Self::Accounts => None,
            Self::Sessions => Some(Destination::Sessions(account)),
            Self::Apps => Some(Destination::Apps(account)),
            Self::Bindings => Some(Destination::Bindings(account)),
        }
    }
}

impl Flow {
    /// Goes on with an interaction of this browser.
    ///
    /// # Errors
    /// [`Problem::Gone`] when it is over; [`FlowError::Store`] in trouble.
    pub async fn resume(&self, visit: Visit, name: String) -> Result<Answer, FlowError> {
        let (flow, draws) = (self.clone(), self.draw());
        self.store.write(move |tx| flow.go_on(tx, &visit, &name, &draws)).await?
    }

    /// Opens an interaction of our own: somebody came to the page `restart` by
    /// themselves, and is to end at `landing`.
    ///
    /// # Errors
    /// [`FlowError::Store`] in trouble.
    pub async fn open_own(
        &self,
        visit: Visit,
        restart: String,
        landing: Landing,
    ) -> Result<(String, Answer), FlowError> {
        let (flow, draws) = (self.clone(), self.draw());
        self.store
            .write(move |tx| {
                let presented = flow.present_browser(tx, &visit)?;
                let (browser, cookie) = flow.browser_for(tx, presented, &draws, &visit)?;
                let request = StoredRequest { landing, ..StoredRequest::own(restart.clone()) };
                let opening = (&draws.interaction, &visit);
                let opened = flow.open_interaction(tx, browser.id, &request, &Progress::default(), opening)?;
                Ok(opened.map(|name| {
                    let outcome = Outcome::Page(Destination::Resume(name.clone()));
                    (name, Answer { outcome, cookie })
                }))
            })
            .await?
    }

    fn go_on(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
        draws: &Draws,
    ) -> StoreResult<Result<Answer, FlowError>> {
        let (interaction, client) = match self.enter(tx, visit, name)? {
            Ok(entered) => entered,
            Err(gone) => return Ok(Err(gone)),
        };
        let cookie = self.browsers.note(tx, &interaction.browser, &draws.browser, visit.now)?;
        let outcome = match (&interaction.request.asked, &client) {
            (Some(request), Some(client)) => self.go_on_for(tx, visit, &interaction, (request, client), draws)?,
            (None, _) | (_, None) => self.go_on_alone(tx, visit, &interaction)?,
        };
        Ok(outcome.map(|outcome| Answer { outcome, cookie }))
    }

    fn go_on_for(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        (request, client): (&AuthorizationRequest, &Client),
        draws: &Draws,
    ) -> StoreResult<Result<Outcome, FlowError>> {
        let state = request.state.as_deref();
        let Some(target) = client.redirect_again(&request.redirect_uri, request.response_mode, state) else {
            return Ok(Err(Problem::Client(ClientProblem::Unknown).into()));
        };
        let asked = self.asked_in(tx, interaction, Some(client))?;
        let progress = &interaction.progress;
        let situation = self.situation(tx, visit, &asked, Given::of(interaction, progress, Some(client)))?;
        match policy::next_step(&asked, &situation, visit.now) {
            NextStep::Issue(id) => {
                if !interactions::end(tx, interaction.id)? {
                    return Ok(Err(Problem::Gone { restart: Some(interaction.request.restart.clone()) }.into()));
                }
                let issue = Issue { visit, client, request, target: &target, draws };
                let issued = self.issue(tx, &issue, &interaction.browser, id, &situation)?;
                Ok(issued.map(Outcome::Return))
            }
            NextStep::Refuse(code) => {
                interactions::end(tx, interaction.id)?;
                Ok(Ok(self.refused(target, &plain(code)).outcome))
            }
            NextStep::Ask(ask) => Ok(Self::expect(tx, interaction, &ask)?.map(|()| {
                Outcome::Page(self.destination(
                    &ask,
                    interaction.name.clone(),
                    (&asked, &situation),
                    &interaction.request,
                ))
            })),
        }
    }

    /// A login that no client asked for ends where it was to, else where the person manages accounts.
    fn go_on_alone(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
    ) -> StoreResult<Result<Outcome, FlowError>> {
        let asked = self.asked_in(tx, interaction, None)?;
        let progress = &interaction.progress;
        let situation = self.situation(tx, visit, &asked, Given::of(interaction, progress, None))?;
        match policy::next_step(&asked, &situation, visit.now) {
            NextStep::Ask(
                ask @ (Ask::SignUp
                | Ask::Login(_)
                | Ask::Mismatch(_)
                | Ask::ChangePassword(_)
                | Ask::Agreements(_)
                | Ask::Consent(_)),
            ) => Ok(Self::expect(tx, interaction, &ask)?.map(|()| {
                Outcome::Page(self.destination(
                    &ask,
                    interaction.name.clone(),
                    (&asked, &situation),
                    &interaction.request,
                ))
            })),
            // Whoever is signed in, nobody has to be chosen for it.
            step @ (NextStep::Issue(_) | NextStep::Refuse(_) | NextStep::Ask(Ask::Choose(_))) => {
                interactions::end(tx, interaction.id)?;
                if let NextStep::Issue(id) = step
                    && let Some(page) = interaction.request.landing.page(self.account_handle(id))
                {
                    return Ok(Ok(Outcome::Page(page)));
                }
                // Who was picked at `/accounts` goes where a pick leads that asks for nothing.
                if let (NextStep::Issue(id), accounts::PAGE) = (step, interaction.request.restart.as_str())
                    && let Some(sign_in) = situation.find(id)
                {
                    return self.entrance_for(tx, sign_in).map(Ok);
                }
                let leave = self.default_entrance(tx)?.map(Outcome::Leave);
                Ok(Ok(leave.unwrap_or(Outcome::Page(Destination::Accounts))))
            }
        }
    }

    /// Notes which account a login page is to prove, when that changed.
    fn expect(tx: &mut Tx<'_>, interaction: &Interaction, ask: &Ask) -> StoreResult<Result<(), FlowError>> {
        let expected = match ask {
            Ask::Login(expected) => *expected,
            Ask::SignUp
            | Ask::Choose(_)
            | Ask::Mismatch(_)
            | Ask::ChangePassword(_)
            | Ask::Agreements(_)
            | Ask::Consent(_) => {
                return Ok(Ok(()));
            }
        };
        if interaction.progress.expected == expected {
            return Ok(Ok(()));
        }
        Self::save(tx, interaction, &Progress { expected, ..interaction.progress.clone() })
    }
}
