//! The seam of login methods: what each one declares, is asked and answers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use super::codes::{KeptContact, ProvenContact, SentCode};
use super::form::Form;
use super::methods::phone_rows::ChoiceRow;
use super::proof::Proof;
use super::rejection::{AuthnError, Rejection};
use super::shortlist::Shortlist;
use super::upstream::{Arrival, Departure, PendingBinding, Route};
use crate::domain::{Amr, Language};

/// One login method. Stateless: what is between two steps of a person travels
/// in the form or in the interaction.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// What the method is called and what it proves.
    fn method(&self) -> Method;

    /// The shape of its page.
    fn face(&self) -> Face;

    /// What the configuration calls it; none where its name is ours to give.
    fn label(&self, _language: Language) -> Option<&str> {
        None
    }

    /// Looks at a posted form.
    ///
    /// Whatever the form says, an unknown name costs the same work and gets the
    /// same answer as a wrong secret. The guess is counted before it is checked.
    ///
    /// # Errors
    /// When the form could not be looked at: the store or the hashing pool has
    /// no room. That is never the person's fault, and no guess is counted for a
    /// full pool.
    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError>;

    /// Takes the choice among those for whom one proof was right, after
    /// [`Progress::Choose`]. A method that never asks for one has none to take.
    ///
    /// # Errors
    /// The store could not answer.
    async fn choose(&self, _attempt: &Attempt<'_>, _list: &Shortlist, _handle: &str) -> Result<Progress, AuthnError> {
        Ok(Progress::Rejected(Rejection::SelectRequired))
    }

    /// Where the person goes for this method's proof; `None` where the method
    /// serves no such browser, or where its proof is typed on our own page.
    ///
    /// # Errors
    /// The vendor cannot be asked where that is.
    async fn depart(&self, _departure: &Departure<'_>) -> Result<Option<Route>, Rejection> {
        Ok(None)
    }

    /// Looks at what the person brought back from there. Their state was right,
    /// and is used up whatever comes of this.
    ///
    /// # Errors
    /// The store could not answer.
    async fn arrive(&self, _attempt: &Attempt<'_>, _arrival: &Arrival<'_>) -> Result<Progress, AuthnError> {
        Ok(Progress::Rejected(Rejection::BadCredentials))
    }
}

/// What a method is called and what it proves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Method {
    /// Its name in configuration, sign-in rows and audit.
    pub name: &'static str,
    /// The factor it stands for.
    pub factor: Factor,
    /// What a sign-in by it reports.
    pub amr: &'static [Amr],
}

/// Kinds of factors (NIST SP 800-63B); two different ones make a second factor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Factor {
    /// Something the person knows.
    Knowledge,
    /// Something the person has: a phone, an app that is signed in.
    Possession,
    /// Somebody else vouches, by whatever means.
    Federation,
}

/// The shapes of login pages. A closed set: a method picks one, so that a new
/// method needs no new template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// Identifier, password and the agreements' checkbox on one page.
    IdentifierAndSecret {
        /// What the identifier may be.
        identifier: IdentifierField,
    },
    /// `user@account` first (see [`Step`]), then the password.
    UpnThenSecret,
    /// A phone number, perhaps the choice of an account, then a code.
    PhoneThenCode,
    /// A vendor's QR code in a frame, beside a link to the vendor.
    QrPanel,
    /// A link to the vendor.
    Redirect,
    /// No page: a native app posts what its SDK gave it.
    App,
}

impl Face {
    /// Whether somebody comes in here by an identity that is bound to them.
    #[must_use]
    pub const fn is_of_vendor(self) -> bool {
        match self {
            Self::QrPanel | Self::Redirect => true,
            Self::IdentifierAndSecret { .. } | Self::UpnThenSecret | Self::PhoneThenCode | Self::App => false,
        }
    }
}

/// What the identifier of a page may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdentifierField {
    /// Phone number or e-mail address.
    PhoneOrEmail,
    /// E-mail address alone.
    Email,
}

/// How far a try came.
pub enum Progress {
    /// Done: somebody proved who they are and may sign in.
    Verified(Proof),
    /// The proof is right for several accounts. The caller keeps the list in
    /// the interaction, shows it, and brings it back to `Registry::choose`.
    Choose(Shortlist),
    /// A number is proved, and nobody has it: an account can be made with it.
    Unregistered(ProvenContact),
    /// The same method asks for more.
    Ask(Step),
    /// A vendor vouched for somebody whom nobody here has bound. The caller
    /// keeps it in the interaction and asks for the account.
    Unbound(PendingBinding),
    /// No.
    Rejected(Rejection),
}

/// What a method of several steps asks next. `flow` keeps it in the interaction,
/// the page is made of it, and the method gets it back with the next form
/// (`Attempt::asked`): nothing of it is believed from the form.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Step {
    /// The account's alias or id, because the name came without one.
    Account {
        /// The user name as typed.
        username: String,
    },
    /// The password.
    Password {
        /// `user@account` as typed, for the read-only field.
        upn: String,
    },
    /// The account that a text message is for, before it is sent.
    SmsAccount {
        /// The number.
        phone: KeptContact,
        /// What there is to choose, besides any other account.
        rows: Vec<ChoiceRow>,
    },
    /// The code of a text message.
    SmsCode {
        /// The code.
        sent: SentCode,
        /// What there was to choose.
        rows: Vec<ChoiceRow>,
    },
}

impl From<Rejection> for Progress {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}
