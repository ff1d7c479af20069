//! What somebody typed on one page of an interaction stands on its other pages:
//! nobody types their number or address twice.
//!
//! Kept sealed to the interaction, in canonical form, and only when it can be
//! somebody's; shown to the browser of the interaction alone.

use super::interaction::{Interaction, Progress};
use super::outcome::FlowError;
use super::{Flow, Visit};
use crate::authn::{Attempt, Contact, Form, KeptContact, Step, form};

impl Flow {
    /// The number or address in a form that was refused, to be kept.
    pub(super) fn typed_in(&self, attempt: &Attempt<'_>, fields: &Form) -> Result<Option<KeptContact>, FlowError> {
        let typed = [form::USERNAME, form::PHONE].into_iter().find_map(|field| fields.filled(field));
        let contact = typed.and_then(|typed| Contact::any(&self.contacts, &self.settings.default_country, typed));
        Ok(contact.map(|contact| self.codes.keep(attempt, &contact)).transpose()?)
    }

    /// Keeps it. Another tab that went on meanwhile matters more.
    pub(super) async fn keep_typed(&self, visit: Visit, name: String, typed: KeptContact) -> Result<(), FlowError> {
        let flow = self.clone();
        let kept = self.store.write(move |tx| {
            let Ok((interaction, _client)) = flow.enter(tx, &visit, &name)? else { return Ok(()) };
            let progress = Progress { typed: Some(typed.clone()), ..interaction.progress.clone() };
            let _overtaken = Self::save(tx, &interaction, &progress)?;
            Ok(())
        });
        Ok(kept.await?)
    }

    /// What was typed, as people of the usual country write it.
    pub(super) fn typed_of(&self, interaction: &Interaction) -> Option<String> {
        let id = interaction.id;
        let kept = || self.codes.kept(id, interaction.progress.typed.as_ref()?).ok();
        let contact = match interaction.progress.step.as_ref().map(|asked| &asked.step) {
            Some(Step::SmsAccount { phone, .. }) => self.codes.kept(id, phone).ok(),
            Some(Step::SmsCode { sent, .. }) => self.codes.contact(id, sent).ok(),
            Some(Step::Account { .. } | Step::Password { .. }) | None => kept(),
        }?;
        let typed = contact.canonical();
        Some(typed.strip_prefix(&self.settings.default_country).unwrap_or(typed).to_owned())
    }
}
