//! A browser that is full: somebody proved who they are, and the person says
//! which account makes room. Nobody is dropped silently.

use super::interaction::{Interaction, Progress, Ticks};
use super::outcome::{Answer, Destination, FlowError, Outcome};
use super::{Flow, Visit};
use crate::authn::WaitingProof;
use crate::base::id::PrincipalId;
use crate::domain::browser::MAX_SIGN_INS;
use crate::store::{StoreResult, Tx, sign_ins};

impl Flow {
    /// Keeps the proof in the interaction and asks which account to remove.
    pub(super) fn wait_for_room(
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        waiting: WaitingProof,
        ticks: Ticks,
    ) -> StoreResult<Result<Answer, FlowError>> {
        let progress = Progress { waiting: Some(waiting), ticks, ..interaction.progress.clone() };
        let page = Destination::Choose(interaction.name.clone());
        let saved = Self::save(tx, interaction, &progress)?;
        Ok(saved.map(|()| Answer { outcome: Outcome::Page(page), cookie: None }))
    }

    /// There is room now: whoever waits is signed in. A proof that waited too
    /// long is given again on the login page.
    pub(super) fn let_in(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        random: &[u8; 32],
    ) -> StoreResult<Result<Answer, FlowError>> {
        let Some(waiting) = &interaction.progress.waiting else {
            return Ok(Ok(Answer {
                outcome: Outcome::Page(Destination::Resume(interaction.name.clone())),
                cookie: None,
            }));
        };
        match waiting.redeem(tx, &self.registry, interaction.id, visit.now)? {
            Some(proof) => self.signed_in(tx, visit, interaction, &proof, (interaction.progress.ticks, random)),
            None => {
                let progress = Progress { waiting: None, ..interaction.progress.clone() };
                let page =
                    Destination::Login { page: super::LoginPage::Account, interaction: interaction.name.clone() };
                let saved = Self::save(tx, interaction, &progress)?;
                Ok(saved.map(|()| Answer { outcome: Outcome::Page(page), cookie: None }))
            }
        }
    }
}

/// A browser holds so many accounts and no more; nobody is dropped silently.
pub(super) fn is_full(tx: &mut Tx<'_>, interaction: &Interaction, newcomer: &PrincipalId) -> StoreResult<bool> {
    let known = sign_ins::known_principals(tx, interaction.browser.id)?;
    Ok(known.len() >= MAX_SIGN_INS && !known.contains(newcomer))
}
