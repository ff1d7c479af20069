//! `/signup`: a new account. Phone, code, then the password; whoever proves a
//! number that has accounts already may sign in to one of them instead.
//!
//! Where a sign-up stands is in the interaction alone: a form brings a number, a
//! code or a password, never the answer to an earlier page. A number that a login
//! proved before, and that nobody has, starts at the last page.

mod account;
mod stage;

use serde::{Deserialize, Serialize};

use super::choose::ChoiceEntry;
use super::context::View;
use super::entry::{Entry, PageSubmission, PostedPage};
use super::interaction::Progress;
use super::outcome::{Answer, Destination, FlowError, Problem};
use super::{Flow, Visit};
use crate::authn::password_policy::Weakness;
use crate::authn::{Contact, Delivery, Form, Order, Rejection, SentCode};
use crate::domain::CodePurpose;
use crate::store::principals;

/// The number.
const PHONE: &str = "phone";
/// The code that was sent to it.
const CODE: &str = "code";
/// The account that is there already, by its handle.
const ACCOUNT: &str = "account";
/// Another code, please.
const RESEND: &str = "resend";
/// Another number.
const OTHER: &str = "other";

/// Whether people may make accounts by themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignUpPolicy {
    /// They may.
    Open,
    /// Every way to a new account is closed (RG-04).
    Closed,
}

/// How far a sign-up came, beside the proven contact of the interaction.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct SignUpProgress {
    /// The code that is waited for.
    sent: Option<SentCode>,
    /// The number has accounts, and the person wants another.
    another: bool,
}

/// Which page of a sign-up it is.
#[derive(Clone, Debug)]
pub enum SignUpStage {
    /// Which number.
    Phone,
    /// The code that was sent to this number.
    Code {
        /// In canonical form; a page masks it.
        phone: String,
    },
    /// The number has accounts already.
    Known {
        /// The number.
        phone: String,
        /// So many.
        count: usize,
        /// Those that can be signed in to right here; none where the login by
        /// phone is switched off.
        entries: Vec<ChoiceEntry>,
        /// So many it may have, when it can have no more.
        full: Option<u32>,
    },
    /// The password, and the agreements.
    Details {
        /// The number.
        phone: String,
    },
}

/// What a page of a sign-up shows.
#[derive(Clone, Debug)]
pub struct SignUpView {
    /// The interaction's part.
    pub view: View,
    /// Which page.
    pub stage: SignUpStage,
}

/// Why a form was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignUpRefused {
    /// The number, the code, a limit, or a box that is not ticked.
    Rejected(Rejection),
    /// The password breaks a rule.
    Weak(Weakness),
    /// The number has as many accounts as it may have.
    Full {
        /// So many.
        most: u32,
    },
}

impl From<Rejection> for SignUpRefused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// What became of a posted form.
pub type SignUpSubmission = PageSubmission<SignUpView, SignUpRefused>;

/// What one step came to: on, or refused.
type Step = Result<Result<Answer, SignUpRefused>, FlowError>;

impl Flow {
    /// The page of a sign-up, as far as it came.
    ///
    /// # Errors
    /// [`Problem::SignUpOff`], [`Problem::MethodRefused`] where the client takes no
    /// sign-in by a number, [`Problem::Gone`] when the interaction is over.
    pub async fn sign_up_view(&self, visit: Visit, name: String) -> Result<SignUpView, FlowError> {
        self.is_sign_up_open()?;
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let entry = flow.enter_page(tx, &visit, &name)?;
                match entry.and_then(|entry| flow.is_sign_up_offered(&entry).map(|()| entry)) {
                    Ok(entry) => flow.sign_up_page(tx, &visit, entry),
                    Err(refused) => Ok(Err(refused)),
                }
            })
            .await?
    }

    /// Takes a form of a sign-up.
    ///
    /// # Errors
    /// As [`Flow::sign_up_view`]; [`Problem::Forged`] for a form that is not
    /// ours, [`Problem::Stale`] for one of a page that is not due.
    pub async fn sign_up(&self, visit: Visit, posted: PostedPage) -> Result<SignUpSubmission, FlowError> {
        self.is_sign_up_open()?;
        let name = posted.interaction.clone();
        let entry = self.enter_form_page(visit.clone(), name.clone(), &posted.csrf).await?;
        self.is_sign_up_offered(&entry)?;
        match self.sign_up_step(&visit, &entry, &posted.fields).await? {
            Ok(answer) => Ok(SignUpSubmission::Done(answer)),
            Err(refused) => {
                let view = self.sign_up_view(visit, name).await?;
                Ok(SignUpSubmission::Again(Box::new(view), refused))
            }
        }
    }

    /// # Errors
    /// [`Problem::SignUpOff`].
    fn is_sign_up_open(&self) -> Result<(), FlowError> {
        match self.settings.sign_up {
            SignUpPolicy::Open => Ok(()),
            SignUpPolicy::Closed => Err(Problem::SignUpOff.into()),
        }
    }

    async fn sign_up_step(&self, visit: &Visit, entry: &Entry, fields: &Form) -> Step {
        let progress = &entry.interaction.progress;
        if fields.posted(OTHER).is_some() {
            let anew = |kept| Progress { proven: None, sign_up: SignUpProgress::default(), ..kept };
            return self.note_sign_up(visit, entry, anew).await.map(Ok);
        }
        if fields.posted(PHONE).is_some() {
            return match self.typed_phone(fields) {
                Ok(phone) => self.send_sign_up_code(visit, entry, &phone).await,
                Err(rejection) => Ok(Err(rejection.into())),
            };
        }
        match (&progress.proven, &progress.sign_up.sent) {
            (Some(proven), _) => match (fields.posted(ACCOUNT), fields.posted(crate::authn::form::PASSWORD)) {
                (Some(handle), _) => self.take_known_account(visit, entry, proven, handle).await,
                (None, Some(_)) => self.make_account(visit, entry, proven, fields).await,
                (None, None) => {
                    let another = |kept: Progress| Progress {
                        sign_up: SignUpProgress { another: true, ..kept.sign_up.clone() },
                        ..kept
                    };
                    self.note_sign_up(visit, entry, another).await.map(Ok)
                }
            },
            (None, Some(sent)) if fields.posted(RESEND).is_some() => {
                let phone = self.codes.contact(entry.interaction.id, sent)?;
                self.send_sign_up_code(visit, entry, &phone).await
            }
            (None, Some(sent)) => self.check_sign_up_code(visit, entry, sent, fields).await,
            (None, None) => Err(Problem::Stale.into()),
        }
    }

    fn typed_phone(&self, fields: &Form) -> Result<Contact, Rejection> {
        let typed = fields.required(PHONE)?;
        Contact::phone(&self.contacts, &self.settings.default_country, typed).ok_or(Rejection::PhoneRequired)
    }

    /// Everybody gets a code: whether the number has accounts is told to whoever
    /// has the number.
    async fn send_sign_up_code(&self, visit: &Visit, entry: &Entry, phone: &Contact) -> Step {
        let lookup = *phone.lookup();
        let holders = self.store.read(move |tx| principals::find_by_proven_contact(tx, &lookup)).await?;
        let known = entry.knows(holders.iter().map(|holder| &holder.id)).then_some(entry.interaction.browser.id);
        let purpose = CodePurpose::SignUp;
        let order = Order { purpose, contact: phone, choice: None, delivery: Delivery::Send, known };
        let sent = match self.codes.send(&self.attempt_at(visit, entry), &order).await? {
            Ok(sent) => sent,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let waiting = move |kept| Progress {
            proven: None,
            sign_up: SignUpProgress { sent: Some(sent.clone()), another: false },
            ..kept
        };
        self.note_sign_up(visit, entry, waiting).await.map(Ok)
    }

    async fn check_sign_up_code(&self, visit: &Visit, entry: &Entry, sent: &SentCode, fields: &Form) -> Step {
        let typed = match fields.required(CODE) {
            Ok(typed) => typed,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let proven = match self.codes.check(&self.attempt_at(visit, entry), sent, typed).await? {
            Ok(proven) => proven,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let done = move |kept| Progress { proven: Some(proven.clone()), sign_up: SignUpProgress::default(), ..kept };
        self.note_sign_up(visit, entry, done).await.map(Ok)
    }

    /// Writes down how far the sign-up came, and shows its next page.
    async fn note_sign_up(
        &self,
        visit: &Visit,
        entry: &Entry,
        change: impl Fn(Progress) -> Progress + Send + 'static,
    ) -> Result<Answer, FlowError> {
        let next = Destination::SignUp(entry.interaction.name.clone());
        self.note_progress(visit, entry, next, change).await
    }
}
