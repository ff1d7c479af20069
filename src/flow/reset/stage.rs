//! Which page of a reset is due: read from the interaction alone.

use super::{ResetStage, ResetView};
use crate::domain::{CodePurpose, ContactKind, SignInState, Standing};
use crate::flow::choose::ChoiceEntry;
use crate::flow::entry::Entry;
use crate::flow::outcome::FlowError;
use crate::flow::{Flow, Visit};
use crate::store::{StoreResult, Tx, principals};

impl Flow {
    pub(super) fn reset_page(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        entry: Entry,
    ) -> StoreResult<Result<ResetView, FlowError>> {
        let stage = self.reset_stage(tx, visit, &entry)?;
        Ok(stage.map(|stage| ResetView { view: entry.view, stage }))
    }

    fn reset_stage(&self, tx: &mut Tx<'_>, visit: &Visit, entry: &Entry) -> StoreResult<Result<ResetStage, FlowError>> {
        let reset = &entry.interaction.progress.reset;
        if reset.done {
            return Ok(Ok(ResetStage::Done));
        }
        let id = entry.interaction.id;
        let proven = match &reset.proven {
            Some(proven) => match self.codes.proven(id, proven, CodePurpose::Reset, visit.now) {
                Ok(contact) => contact,
                Err(error) => return Ok(Err(error.into())),
            },
            None => None,
        };
        match (proven, &reset.chosen, &reset.sent) {
            (Some(_), Some(chosen), _) => match principals::find(tx, chosen)? {
                Some(principal) => {
                    let facts = Box::new(self.facts(tx, &principal)?);
                    Ok(Ok(ResetStage::Password { facts }))
                }
                None => Ok(Ok(ResetStage::Name)),
            },
            (Some(_), None, _) => Ok(Ok(ResetStage::Choose { entries: self.reset_entries(tx, entry)? })),
            (None, _, Some(sent)) => Ok(match self.codes.contact(id, sent) {
                Ok(contact) => {
                    let to = contact.canonical().to_owned();
                    let kind = Some(contact.kind()).filter(|kind| *kind == ContactKind::Phone || is_mail(&to));
                    Ok(ResetStage::Code { to, kind })
                }
                Err(error) => Err(error.into()),
            }),
            (None, _, None) => Ok(Ok(ResetStage::Name)),
        }
    }

    fn reset_entries(&self, tx: &mut Tx<'_>, entry: &Entry) -> StoreResult<Vec<ChoiceEntry>> {
        let mut entries = Vec::new();
        for holder in &entry.interaction.progress.reset.holders {
            if let Some(principal) = principals::find(tx, &holder.principal)? {
                entries.push(ChoiceEntry {
                    handle: self.reset_handle(entry, &principal.id),
                    selectable: principal.standing() == Standing::Good,
                    facts: self.facts(tx, &principal)?,
                    state: SignInState::Active,
                    last_used: None,
                });
            }
        }
        Ok(entries)
    }
}

/// Whether a text can be an address of the outside; `alice@acme` is a name.
fn is_mail(text: &str) -> bool {
    crate::domain::contact::Email::parse(text).is_some()
}
