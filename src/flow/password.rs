//! The forced change of a password, before the sign-in goes on.
//!
//! Everything else that this principal had open ends with it; the sign-in that
//! changed the password stays. A change that is refused or abandoned leaves the
//! interaction where it was, and nobody gets in.

use super::context::View;
use super::outcome::{Answer, Destination, FlowError, Outcome};
use super::people::Facts;
use super::policy::Ask;
use super::terms::Pending;
use super::{Flow, Visit};
use crate::authn::hashing::{StoredPassword, Urgency, Verdict};
use crate::authn::password_policy::Weakness;
use crate::authn::{AuthnError, PASSWORD_CREDENTIAL};
use crate::base::id::PrincipalId;
use crate::domain::{AuditEvent, AuditKind, Outcome as AuditOutcome};
use crate::notify::Occasion;
use crate::session;
use crate::store::{StoreResult, Tx, audit, credentials, principals};

/// What the page shows.
#[derive(Clone, Debug)]
pub struct PasswordView {
    /// The interaction's part.
    pub view: View,
    /// Whose password.
    pub facts: Facts,
}

/// Why a new password was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasswordRefused {
    /// It breaks a rule.
    Weak(Weakness),
    /// It is the old one.
    Same,
    /// The two that were typed differ.
    Mismatch,
}

/// What became of a new password.
pub enum PasswordChange {
    /// On with the interaction.
    Done(Answer),
    /// The same page again.
    Again(Box<PasswordView>, PasswordRefused),
}

/// A posted change.
pub struct PostedPassword {
    /// Name of the interaction.
    pub interaction: String,
    /// The form's token.
    pub csrf: String,
    /// The new password.
    pub password: crate::base::Secret<String>,
    /// The new password again.
    pub again: crate::base::Secret<String>,
}

/// What is known before the new password is looked at.
struct Due {
    view: PasswordView,
    principal: PrincipalId,
    stored: Option<StoredPassword>,
}

impl Flow {
    /// The page of the forced change.
    ///
    /// # Errors
    /// [`super::Problem::Gone`] when the interaction is over,
    /// [`super::Problem::Stale`] when it does not wait for this.
    pub async fn password_view(&self, visit: Visit, name: String) -> Result<PasswordView, FlowError> {
        self.password_due(visit, name).await.map(|due| due.view)
    }

    /// Takes a new password.
    ///
    /// # Errors
    /// As [`Flow::password_view`]; [`super::Problem::Forged`] for a form that is
    /// not ours; hashing and store in trouble.
    pub async fn change_password(&self, visit: Visit, posted: PostedPassword) -> Result<PasswordChange, FlowError> {
        let name = posted.interaction.clone();
        let due = self.password_due(visit.clone(), name.clone()).await?;
        Self::is_own_form(&due.view.view.csrf, &posted.csrf)?;
        let password = posted.password.expose();
        let again = |due: Due, why| Ok(PasswordChange::Again(Box::new(due.view), why));
        if password != posted.again.expose() {
            return again(due, PasswordRefused::Mismatch);
        }
        if let Err(weakness) = self.password_policy.judge(password, &own_words(&due.view.facts)) {
            return again(due, PasswordRefused::Weak(weakness));
        }
        let ticket = self.passwords.admit(Urgency::Known).map_err(AuthnError::from)?;
        let compared = self.passwords.compare(&ticket, Urgency::Known, password, vec![due.stored.clone()]).await;
        if compared.map_err(AuthnError::from)?.contains(&Verdict::Right) {
            return again(due, PasswordRefused::Same);
        }
        let hashed = self.passwords.hash(&ticket, password, self.entropy.as_ref()).await;
        let hashed = hashed.map_err(|_full| AuthnError::Busy { retry_after: std::time::Duration::from_secs(2) })?;
        self.store_password(visit, name, due.principal, hashed).await.map(PasswordChange::Done)
    }

    async fn password_due(&self, visit: Visit, name: String) -> Result<Due, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let pending = match flow.pending(tx, &visit, &name, |ask| matches!(ask, Ask::ChangePassword(_)))? {
                    Ok(pending) => pending,
                    Err(error) => return Ok(Err(error)),
                };
                let principal = &pending.sign_in.principal;
                let credential = credentials::find(tx, &principal.id, PASSWORD_CREDENTIAL)?;
                let client = pending.client.as_ref();
                let view = flow.view_about(tx, &pending.interaction, client, &pending.sign_in)?;
                Ok(Ok(Due {
                    view: PasswordView { view, facts: flow.facts(tx, principal)? },
                    principal: principal.id.clone(),
                    stored: credential.and_then(|row| StoredPassword::from_data(&row.data).ok()),
                }))
            })
            .await?
    }

    async fn store_password(
        &self,
        visit: Visit,
        name: String,
        principal: PrincipalId,
        password: StoredPassword,
    ) -> Result<Answer, FlowError> {
        let flow = self.clone();
        let data = password.to_data();
        self.store
            .write(move |tx| {
                let pending = match flow.pending(tx, &visit, &name, |ask| matches!(ask, Ask::ChangePassword(_)))? {
                    Ok(pending) if pending.sign_in.principal.id == principal => pending,
                    Ok(_) => return Ok(Err(super::Problem::Stale.into())),
                    Err(error) => return Ok(Err(error)),
                };
                Self::replace_password(tx, &visit, &pending, &data)?;
                flow.tell(tx, &visit, &pending.sign_in.principal, &Occasion::PasswordChanged)?;
                let outcome = Outcome::Page(Destination::Resume(name.clone()));
                Ok(Ok(Answer { outcome, cookie: None }))
            })
            .await?
    }

    fn replace_password(tx: &mut Tx<'_>, visit: &Visit, pending: &Pending, data: &str) -> StoreResult<()> {
        let mut principal = pending.sign_in.principal.clone();
        credentials::put(tx, &principal.id, PASSWORD_CREDENTIAL, None, data)?;
        principal.must_change_password = false;
        principals::update(tx, &principal)?;
        session::end_others(tx, &pending.sign_in)?;
        let event = AuditEvent::new(AuditKind::PasswordChanged, AuditOutcome::Success).of_principal(&principal.id);
        audit::record(tx, &event.of_account(&principal.account.id).because("forced at sign-in"), &visit.origin())
    }
}

/// The person's own words, which make a password easy to guess.
fn own_words(facts: &Facts) -> Vec<&str> {
    let mut words = vec![facts.principal.display_name.as_str(), facts.principal.account.name.as_str()];
    words.extend(facts.contact.as_ref().map(|(_kind, value)| value.as_str()));
    words.extend(facts.principal.username.as_deref());
    words.extend(facts.principal.owner_alias.as_deref());
    words
}
