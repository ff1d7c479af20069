//! `/reset`: a new password for whoever forgot theirs. Name, code, the account if
//! the contact has several, the password.
//!
//! Nobody learns here who exists: every name gets the same page after the same
//! work, and a code is sent to those alone who have a proven contact. All that is
//! known of a reset is in the interaction; a form brings its own field.

mod finish;
mod stage;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::choose::ChoiceEntry;
use super::context::View;
use super::entry::{Entry, PageSubmission, PostedPage};
use super::interaction::Progress;
use super::outcome::{Answer, Destination, FlowError, Problem};
use super::people::Facts;
use super::{Flow, PasswordRefused, Visit};
use crate::authn::{Contact, Delivery, Form, Order, ProvenContact, Rejection, SentCode, form};
use crate::base::id::PrincipalId;
use crate::domain::{CodePurpose, ContactKind, Principal};
use crate::store::{StoreResult, Tx, credentials, principals};

const CODE: &str = "code";
const ACCOUNT: &str = "account";
const RESEND: &str = "resend";
const OTHER: &str = "other";
const NEW_PASSWORD: &str = "new_password";
/// Of a name that is neither phone nor e-mail only so much counts.
const LONGEST_NAME: usize = 254;

/// Whether passwords can be reset by a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResetPolicy {
    /// They can.
    Open,
    /// Nobody carries the codes.
    Closed,
}

/// How far a reset came.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ResetProgress {
    /// The code that is waited for.
    sent: Option<SentCode>,
    /// Whose password it may replace, and what was stored of it when the code was
    /// sent: a password that was replaced since ends this reset.
    holders: Vec<Holder>,
    /// The contact that was proved.
    proven: Option<ProvenContact>,
    /// Whose password is replaced.
    chosen: Option<PrincipalId>,
    /// It was replaced.
    done: bool,
}

/// Somebody whose password may be replaced.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Holder {
    principal: PrincipalId,
    stored: String,
}

/// Which page of a reset it is.
#[derive(Clone, Debug)]
pub enum ResetStage {
    /// Who.
    Name,
    /// The code.
    Code {
        /// To whom, if anybody has it; as typed, in canonical form.
        to: String,
        /// E-mail, phone, or neither.
        kind: Option<ContactKind>,
    },
    /// Which account of the contact.
    Choose {
        /// The accounts.
        entries: Vec<ChoiceEntry>,
    },
    /// The new password.
    Password {
        /// Whose.
        facts: Box<Facts>,
    },
    /// Replaced; every session is over.
    Done,
}

/// What a page of a reset shows.
#[derive(Clone, Debug)]
pub struct ResetView {
    /// The interaction's part.
    pub view: View,
    /// Which page.
    pub stage: ResetStage,
}

/// Why a form was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ResetRefused {
    /// The name, the code, a limit.
    Rejected(Rejection),
    /// The new password.
    Password(PasswordRefused),
}

impl From<Rejection> for ResetRefused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// What became of a posted form.
pub type ResetSubmission = PageSubmission<ResetView, ResetRefused>;

/// What one step came to: on, or refused.
type Step = Result<Result<Answer, ResetRefused>, FlowError>;

impl Flow {
    /// The page of a reset, as far as it came.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where nobody carries codes, [`Problem::Gone`] when
    /// the interaction is over.
    pub async fn reset_view(&self, visit: Visit, name: String) -> Result<ResetView, FlowError> {
        self.is_reset_open()?;
        let flow = self.clone();
        self.store
            .read(move |tx| match flow.enter_page(tx, &visit, &name)? {
                Ok(entry) => flow.reset_page(tx, &visit, entry),
                Err(gone) => Ok(Err(gone)),
            })
            .await?
    }

    /// Takes a form of a reset.
    ///
    /// # Errors
    /// As [`Flow::reset_view`]; [`Problem::Forged`] for a form that is not ours,
    /// [`Problem::Stale`] for one of a page that is not due.
    pub async fn reset(&self, visit: Visit, posted: PostedPage) -> Result<ResetSubmission, FlowError> {
        self.is_reset_open()?;
        let name = posted.interaction.clone();
        let entry = self.enter_form_page(visit.clone(), name.clone(), &posted.csrf).await?;
        match self.reset_step(&visit, &entry, &posted.fields).await? {
            Ok(answer) => Ok(ResetSubmission::Done(answer)),
            Err(refused) => {
                let view = self.reset_view(visit, name).await?;
                Ok(ResetSubmission::Again(Box::new(view), refused))
            }
        }
    }

    fn is_reset_open(&self) -> Result<(), FlowError> {
        match self.settings.reset {
            ResetPolicy::Open => Ok(()),
            ResetPolicy::Closed => Err(Problem::NotFound.into()),
        }
    }

    async fn reset_step(&self, visit: &Visit, entry: &Entry, fields: &Form) -> Step {
        let reset = &entry.interaction.progress.reset;
        if fields.posted(OTHER).is_some() {
            return self.note_reset(visit, entry, ResetProgress::default()).await.map(Ok);
        }
        if fields.posted(form::USERNAME).is_some() && fields.posted(NEW_PASSWORD).is_none() {
            return match fields.required(form::USERNAME) {
                Ok(typed) => self.send_reset_code(visit, entry, &self.reset_contact(typed)).await,
                Err(rejection) => Ok(Err(rejection.into())),
            };
        }
        match (&reset.proven, &reset.chosen, &reset.sent) {
            (Some(proven), Some(chosen), _) => self.replace_forgotten(visit, entry, (proven, chosen), fields).await,
            (Some(_), None, _) => self.choose_forgotten(visit, entry, fields).await,
            (None, _, Some(sent)) if fields.posted(RESEND).is_some() => {
                let contact = self.codes.contact(entry.interaction.id, sent)?;
                self.send_reset_code(visit, entry, &contact).await
            }
            (None, _, Some(sent)) => self.check_reset_code(visit, entry, sent, fields).await,
            (None, _, None) => Err(Problem::Stale.into()),
        }
    }

    /// What a typed name is sent to and counted by. `user@account` has no mail of
    /// its own: it is nobody's contact, and counts under its own text.
    fn reset_contact(&self, typed: &str) -> Contact {
        Contact::any(&self.contacts, &self.settings.default_country, typed).unwrap_or_else(|| {
            let folded: String = typed.nfkc().flat_map(char::to_lowercase).take(LONGEST_NAME).collect();
            Contact::of(&self.contacts, ContactKind::Email, folded.trim())
        })
    }

    async fn send_reset_code(&self, visit: &Visit, entry: &Entry, contact: &Contact) -> Step {
        let (flow, lookup) = (self.clone(), *contact.lookup());
        let holders = self.store.read(move |tx| flow.holders_of(tx, &lookup)).await?;
        let known = entry.knows(holders.iter().map(|holder| &holder.principal)).then_some(entry.interaction.browser.id);
        let reached = !holders.is_empty() && self.notices.reaches(contact.kind());
        let delivery = if reached { Delivery::Send } else { Delivery::Withhold };
        let order = Order { purpose: CodePurpose::Reset, contact, choice: None, delivery, known };
        let sent = match self.codes.send(&self.attempt_at(visit, entry), &order).await? {
            Ok(sent) => sent,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let next = ResetProgress { sent: Some(sent), holders, ..ResetProgress::default() };
        self.note_reset(visit, entry, next).await.map(Ok)
    }

    /// Those who proved this contact, with what is stored of their passwords.
    fn holders_of(&self, tx: &mut Tx<'_>, lookup: &[u8; 32]) -> StoreResult<Vec<Holder>> {
        let found = principals::find_by_proven_contact(tx, lookup)?;
        if found.is_empty() {
            // Nobody costs what somebody does.
            self.stored_of(tx, &PrincipalId::from_text("-"))?;
        }
        let holder = |principal: Principal, stored| Holder { principal: principal.id, stored };
        found.into_iter().map(|one| self.stored_of(tx, &one.id).map(|stored| holder(one, stored))).collect()
    }

    /// What is stored of a password, under a keyed hash.
    fn stored_of(&self, tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<String> {
        let credential = credentials::find(tx, principal, crate::authn::PASSWORD_CREDENTIAL)?;
        let data = credential.map(|credential| credential.data).unwrap_or_default();
        Ok(self.mac_text(&[b"reset of", principal.as_str().as_bytes(), data.as_bytes()]))
    }

    async fn check_reset_code(&self, visit: &Visit, entry: &Entry, sent: &SentCode, fields: &Form) -> Step {
        let typed = match fields.required(CODE) {
            Ok(typed) => typed,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let proven = match self.codes.check(&self.attempt_at(visit, entry), sent, typed).await? {
            Ok(proven) => proven,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let holders = entry.interaction.progress.reset.holders.clone();
        let chosen = match holders.as_slice() {
            [only] => Some(only.principal.clone()),
            _ => None,
        };
        let next = ResetProgress { proven: Some(proven), holders, chosen, ..ResetProgress::default() };
        self.note_reset(visit, entry, next).await.map(Ok)
    }

    /// Takes the choice among the accounts of the proven contact.
    async fn choose_forgotten(&self, visit: &Visit, entry: &Entry, fields: &Form) -> Step {
        let Some(handle) = fields.posted(ACCOUNT) else { return Ok(Err(Rejection::SelectRequired.into())) };
        let reset = entry.interaction.progress.reset.clone();
        let picked = reset.holders.iter().find(|holder| self.reset_handle(entry, &holder.principal) == handle);
        let chosen = Some(picked.ok_or(Problem::Stale)?.principal.clone());
        self.note_reset(visit, entry, ResetProgress { chosen, ..reset.clone() }).await.map(Ok)
    }

    /// The name of an account for the page of one reset.
    fn reset_handle(&self, entry: &Entry, principal: &PrincipalId) -> String {
        self.mac_text(&[b"reset", entry.interaction.name.as_bytes(), principal.as_str().as_bytes()])
    }

    /// Writes down how far the reset came, and shows its next page.
    async fn note_reset(&self, visit: &Visit, entry: &Entry, next: ResetProgress) -> Result<Answer, FlowError> {
        let page = Destination::Reset(entry.interaction.name.clone());
        self.note_progress(visit, entry, page, move |kept| Progress { reset: next.clone(), ..kept }).await
    }
}
