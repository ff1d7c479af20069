//! Which page of a sign-up is due: read from the interaction, and from what the
//! proven number has.

use super::{SignUpStage, SignUpView};
use crate::authn::{Contact, ProvenContact};
use crate::domain::{Principal, SignInState, Standing};
use crate::flow::choose::ChoiceEntry;
use crate::flow::entry::Entry;
use crate::flow::interaction::Progress;
use crate::flow::outcome::FlowError;
use crate::flow::{Flow, Visit};
use crate::store::{StoreResult, Tx, principals};

impl Flow {
    pub(super) fn sign_up_page(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        entry: Entry,
    ) -> StoreResult<Result<SignUpView, FlowError>> {
        let stage = self.sign_up_stage(tx, visit, &entry)?;
        Ok(stage.map(|stage| SignUpView { view: entry.view, stage }))
    }

    fn sign_up_stage(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        entry: &Entry,
    ) -> StoreResult<Result<SignUpStage, FlowError>> {
        let Progress { proven, sign_up, .. } = &entry.interaction.progress;
        let phone = match proven.as_ref().map(|proven| self.proven_phone(visit, entry, proven)).transpose() {
            Ok(phone) => phone.flatten(),
            Err(error) => return Ok(Err(error)),
        };
        match (phone, &sign_up.sent) {
            (Some(phone), _) => self.proven_stage(tx, entry, &phone).map(Ok),
            (None, Some(sent)) => Ok(match self.codes.contact(entry.interaction.id, sent) {
                Ok(phone) => Ok(SignUpStage::Code { phone: phone.canonical().to_owned() }),
                Err(error) => Err(error.into()),
            }),
            (None, None) => Ok(Ok(SignUpStage::Phone)),
        }
    }

    pub(super) fn proven_phone(
        &self,
        visit: &Visit,
        entry: &Entry,
        proven: &ProvenContact,
    ) -> Result<Option<Contact>, FlowError> {
        Ok(self.codes.proven_phone(&self.attempt_at(visit, entry), proven)?)
    }

    /// What whoever has the number may know: which accounts it has.
    fn proven_stage(&self, tx: &mut Tx<'_>, entry: &Entry, phone: &Contact) -> StoreResult<SignUpStage> {
        let holders = principals::find_by_proven_contact(tx, phone.lookup())?;
        let most = self.settings.accounts_per_phone;
        let full = usize::try_from(most).is_ok_and(|most| holders.len() >= most).then_some(most);
        let (count, phone) = (holders.len(), phone.canonical().to_owned());
        if holders.is_empty() || (entry.interaction.progress.sign_up.another && full.is_none()) {
            return Ok(SignUpStage::Details { phone });
        }
        let mut entries = Vec::new();
        let proven = entry.interaction.progress.proven.as_ref();
        for holder in holders.iter().filter(|_| proven.is_some_and(|proven| self.opens_known(entry, proven))) {
            entries.push(ChoiceEntry {
                handle: self.holder_handle(entry, holder),
                selectable: holder.standing() == Standing::Good,
                facts: self.facts(tx, holder)?,
                state: SignInState::Active,
                last_used: None,
            });
        }
        Ok(SignUpStage::Known { phone, count, entries, full })
    }

    /// Whether a proven number may open an account that it has already: by what
    /// proved it, where that is a way to sign in.
    pub(super) fn opens_known(&self, entry: &Entry, proven: &ProvenContact) -> bool {
        let method = proven.by().method().name;
        proven.opens_known() && self.registry.find(method).is_some() && entry.view.methods.allow(method)
    }

    /// The name of an account for the page of one interaction.
    pub(super) fn holder_handle(&self, entry: &Entry, holder: &Principal) -> String {
        self.mac_text(&[b"sign-up", entry.interaction.name.as_bytes(), holder.id.as_str().as_bytes()])
    }
}
