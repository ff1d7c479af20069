//! Somebody proved who they are: they are signed in, and that is the
//! interaction's choice of account. A browser that is full asks first which
//! account makes room; nobody is dropped silently.

use std::time::Duration;

use super::interaction::{Interaction, Progress, Ticks};
use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::{Flow, LoginPage, Visit};
use crate::authn::{Proof, WaitingProof};
use crate::base::Secret;
use crate::base::id::{PrincipalId, SignInId};
use crate::domain::browser::{MAX_SIGN_INS, Stay};
use crate::domain::{Amr, Principal, SignIn, SignInState};
use crate::identity;
use crate::session::{self, Arrival};
use crate::store::{StoreResult, Tx, agreements, bindings, sign_ins};

/// An identity that is bound on the way in is bound so long after its proof, at most:
/// in the same transaction.
const SAME_MOMENT: Duration = Duration::from_secs(5);

impl Flow {
    /// Signs in whom the proof names, or asks who makes room for them. Every proof
    /// comes through here, so that none is taken by a method that the client or the
    /// owner does not take.
    pub(super) fn admit_proven(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        proof: &Proof,
        (ticks, random): (Ticks, &[u8; 32]),
    ) -> StoreResult<Result<Answer, FlowError>> {
        if let Some(refused) = self.refused_method(tx, visit, interaction, proof)? {
            return Ok(Err(refused));
        }
        if is_full(tx, interaction, &proof.principal().id)? {
            return Self::wait_for_room(tx, interaction, proof.waiting(), ticks);
        }
        self.signed_in(tx, visit, interaction, proof, (ticks, random))
    }

    /// Keeps the proof in the interaction and asks which account to remove.
    fn wait_for_room(
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
        if let Some(proof) = waiting.redeem(tx, &self.registry, interaction.id, visit.now)?
            && self.is_still_bound(tx, &proof)?
        {
            if let Some(refused) = self.refused_method(tx, visit, interaction, &proof)? {
                return Ok(Err(refused));
            }
            return self.signed_in(tx, visit, interaction, &proof, (interaction.progress.ticks, random));
        }
        let progress = Progress { waiting: None, ..interaction.progress.clone() };
        let page = self.registry.find(waiting.method()).and_then(|method| LoginPage::of_method(method.method().name));
        let page = page.unwrap_or(LoginPage::Account);
        let page = Destination::Login { page, interaction: interaction.name.clone() };
        let saved = Self::save(tx, interaction, &progress)?;
        Ok(saved.map(|()| Answer { outcome: Outcome::Page(page), cookie: None }))
    }

    /// Signs in whom the proof names, and notes the choice.
    fn signed_in(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        proof: &Proof,
        (ticks, random): (Ticks, &[u8; 32]),
    ) -> StoreResult<Result<Answer, FlowError>> {
        let stay = Self::stay_of(tx, interaction, proof, ticks.stay)?;
        let arrival = Arrival {
            browser: &interaction.browser,
            address: &visit.address.to_string(),
            user_agent: &visit.user_agent,
            stay,
            random,
        };
        if !self.is_still_bound(tx, proof)? {
            return Ok(Err(self.to_bind_again(interaction, proof)));
        }
        if proves_number(proof) {
            identity::first_proof(tx, proof.principal(), &visit.origin())?;
        }
        self.tell_of_new_browser(tx, visit, interaction, proof)?;
        let signed_in = session::sign_in(tx, &self.browsers, &self.settings.lifetimes, proof, &arrival)?;
        let chosen = self.chose(tx, interaction, (signed_in.id, proof.principal(), ticks), visit)?;
        Ok(chosen.map(|()| resumed(&interaction.name, signed_in.cookie)))
    }

    /// An identity that proved somebody may have been taken away from them since,
    /// while they waited or at this very moment, and another one bound instead. It is
    /// held until they are in.
    fn is_still_bound(&self, tx: &mut Tx<'_>, proof: &Proof) -> StoreResult<bool> {
        let vendor = self.registry.find(proof.method()).is_some_and(|method| method.face().is_of_vendor());
        if !vendor {
            return Ok(true);
        }
        bindings::touch(tx, &proof.principal().id, proof.method(), proof.at() + SAME_MOMENT)
    }

    fn to_bind_again(&self, interaction: &Interaction, proof: &Proof) -> FlowError {
        let method = self.registry.find(proof.method()).map(|method| method.method().name);
        let there = |page| Destination::Login { page, interaction: interaction.name.clone() };
        Problem::NothingToBind { again: method.and_then(LoginPage::of_method).map(there) }.into()
    }

    /// Who proves themselves again has no box to tick: what they asked for then stands.
    fn stay_of(tx: &mut Tx<'_>, interaction: &Interaction, proof: &Proof, ticked: Stay) -> StoreResult<Stay> {
        let Some(expected) = interaction.progress.expected else { return Ok(ticked) };
        let before = sign_ins::find(tx, expected)?;
        let same =
            |row: &SignIn| row.principal.id == proof.principal().id && row.stored_state != SignInState::SignedOut;
        Ok(before.filter(same).map_or(ticked, |row| if row.remember { Stay::Extended } else { ticked }))
    }

    fn chose(
        &self,
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        (id, principal, ticks): (SignInId, &Principal, Ticks),
        visit: &Visit,
    ) -> StoreResult<Result<(), FlowError>> {
        let agreed = ticks.agreed && interaction.progress.expected != Some(id);
        if let (Some(version), true) = (self.settings.terms_for(principal.kind), agreed) {
            agreements::accept(tx, &principal.id, version, &visit.address.to_string())?;
        }
        let progress = Progress { chosen: Some(id), proved: Some(id), ..Progress::default() };
        Self::save(tx, interaction, &progress)
    }
}

/// A code or a carrier showed that the number is theirs.
fn proves_number(proof: &Proof) -> bool {
    proof.assurance().amr.iter().any(|amr| matches!(amr, Amr::Sms | Amr::OneTap))
}

/// Back to resume, with the browser's new cookie.
fn resumed(name: &str, cookie: Option<Secret<String>>) -> Answer {
    Answer { outcome: Outcome::Page(Destination::Resume(name.to_owned())), cookie }
}

/// A browser holds so many accounts and no more; nobody is dropped silently.
fn is_full(tx: &mut Tx<'_>, interaction: &Interaction, newcomer: &PrincipalId) -> StoreResult<bool> {
    let known = sign_ins::known_principals(tx, interaction.browser.id)?;
    Ok(known.len() >= MAX_SIGN_INS && !known.contains(newcomer))
}
