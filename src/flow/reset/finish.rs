//! The end of a reset: the password is replaced, everything that the old one had
//! opened ends, and everybody concerned is told; in one transaction.

use super::{NEW_PASSWORD, ResetProgress, ResetRefused, Step};
use crate::authn::hashing::{StoredPassword, Urgency, Verdict};
use crate::authn::{AuthnError, Form, PASSWORD_CREDENTIAL, ProvenContact, Rejection};
use crate::base::id::PrincipalId;
use crate::domain::{CodePurpose, Principal};
use crate::flow::entry::Entry;
use crate::flow::interaction::Progress;
use crate::flow::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use crate::flow::{Flow, PasswordRefused, Visit};
use crate::identity::{self, MustChange, NewPassword, Stop, all_or_nothing};
use crate::notify::Occasion;
use crate::store::{StoreError, Tx, credentials, identifiers, principals};

/// How often it is tried while others change their accounts.
const TRIES: usize = 3;

/// What is known of a principal before a password is looked at.
struct Target {
    words: Vec<String>,
    stored: Option<StoredPassword>,
}

impl Flow {
    /// Takes the new password.
    pub(super) async fn replace_forgotten(
        &self,
        visit: &Visit,
        entry: &Entry,
        (proven, chosen): (&ProvenContact, &PrincipalId),
        fields: &Form,
    ) -> Step {
        let Some(password) = fields.posted(NEW_PASSWORD).filter(|typed| !typed.is_empty()) else {
            return Ok(Err(Rejection::FieldRequired { field: NEW_PASSWORD }.into()));
        };
        let refused = |why| Ok(Err(ResetRefused::Password(why)));
        let target = self.target(chosen.clone()).await?;
        let words: Vec<&str> = target.words.iter().map(String::as_str).collect();
        if let Err(weakness) = self.password_policy.judge(password, &words) {
            return refused(PasswordRefused::Weak(weakness));
        }
        let ticket = self.passwords.admit(Urgency::Known).map_err(AuthnError::from)?;
        let compared = self.passwords.compare(&ticket, Urgency::Known, password, vec![target.stored]).await;
        if compared.map_err(AuthnError::from)?.contains(&Verdict::Right) {
            return refused(PasswordRefused::Same);
        }
        drop(ticket);
        let new = NewPassword::hashed(self.hash_new(password).await?, MustChange::No);
        for _try in 0..TRIES {
            let (flow, visit, name) = (self.clone(), visit.clone(), entry.interaction.name.clone());
            let (new, proven, chosen) = (new.clone(), proven.clone(), chosen.clone());
            let replaced = self.store.write(move |tx| {
                all_or_nothing(tx, |tx| flow.replace_in(tx, (&visit, &name), (&proven, &chosen), &new))
            });
            match replaced.await {
                Ok(done) => return done.map(Ok),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict("reset".to_owned()).into())
    }

    async fn target(&self, principal: PrincipalId) -> Result<Target, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let Some(found) = principals::find(tx, &principal)? else { return Ok(Err(Problem::Stale.into())) };
                let credential = credentials::find(tx, &principal, PASSWORD_CREDENTIAL)?;
                let stored = credential.and_then(|row| StoredPassword::from_data(&row.data).ok());
                let mut words = vec![found.display_name.clone(), found.account.name.clone()];
                words.extend(found.username.clone());
                words.extend(found.owner_alias.clone());
                for row in identifiers::list(tx, &principal)? {
                    words.extend(flow.contacts.open(&principal, row.kind, &row.sealed).ok());
                }
                Ok(Ok(Target { words, stored }))
            })
            .await?
    }

    /// Behind the lock everything is looked at again: of two resets at once, and
    /// of those that wait elsewhere, the first ends the others (LG-17, LG-18).
    fn replace_in(
        &self,
        tx: &mut Tx<'_>,
        (visit, name): (&Visit, &str),
        (proven, chosen): (&ProvenContact, &PrincipalId),
        new: &NewPassword,
    ) -> Result<Answer, Stop<FlowError>> {
        let stale = || Stop::Refused(FlowError::from(Problem::Stale));
        identity::hold(tx)?;
        let entry = self.enter_page(tx, visit, name)?.map_err(Stop::Refused)?;
        let reset = &entry.interaction.progress.reset;
        if reset.proven.as_ref() != Some(proven) || reset.chosen.as_ref() != Some(chosen) {
            return Err(stale());
        }
        let contact = self.codes.proven(entry.interaction.id, proven, CodePurpose::Reset, visit.now);
        let contact = contact.map_err(|error| Stop::Refused(error.into()))?.ok_or_else(stale)?;
        let seen = reset.holders.iter().find(|holder| holder.principal == *chosen).ok_or_else(stale)?;
        let unchanged = self.stored_of(tx, chosen)? == seen.stored;
        let principal = principals::find(tx, chosen)?.ok_or_else(stale)?;
        if !unchanged || !identifiers::is_proven(tx, chosen, contact.lookup())? {
            return Err(stale());
        }
        self.replace_of(tx, visit, &principal, new)?;
        let progress =
            Progress { reset: ResetProgress { done: true, ..ResetProgress::default() }, ..Progress::default() };
        Self::save(tx, &entry.interaction, &progress)?.map_err(Stop::Refused)?;
        Ok(Answer { outcome: Outcome::Page(Destination::Reset(name.to_owned())), cookie: None })
    }

    fn replace_of(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        principal: &Principal,
        new: &NewPassword,
    ) -> Result<(), Stop<FlowError>> {
        identity::reset_password(tx, principal, new, &visit.origin())?;
        Ok(self.tell(tx, visit, principal, &Occasion::PasswordReset)?)
    }
}
