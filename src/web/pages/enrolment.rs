//! The pages of a new account and of a forgotten password: name or number, code,
//! accounts that are there, password.

use askama::Template;

use super::account::PasswordPolicy;
use super::chrome::{Chrome, Form};
use super::login::Agreements;
use super::people::{Entry, Person};
use super::problem::Field;
use super::text::Around;

/// First page of a sign-up: which number. Posts `phone`.
#[derive(Clone, Debug, Template)]
#[template(path = "signup_phone.html")]
pub struct SignUpPhonePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Typed before.
    pub phone: String,
    /// To the login page.
    pub sign_in_href: String,
}

/// Which code is asked for; the ids and words of the page follow from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CodeFor {
    /// A new account.
    SignUp,
    /// A new password.
    Reset,
}

/// A code was sent. Posts `code`; `resend` from a form of its own; `other` to
/// begin with another contact.
#[derive(Clone, Debug, Template)]
#[template(path = "code.html")]
pub struct CodePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// What it is for.
    pub purpose: CodeFor,
    /// To whom, masked.
    pub to: String,
}

impl CodePage {
    fn title(&self) -> &'static str {
        match self.purpose {
            CodeFor::SignUp => self.chrome.t().sign_up.title,
            CodeFor::Reset => self.chrome.t().reset.title,
        }
    }

    /// Who asked is told what was sent only as far as anybody may know it.
    fn lead(&self) -> &'static Around {
        match self.purpose {
            CodeFor::SignUp => &self.chrome.t().code.sent_to,
            CodeFor::Reset => &self.chrome.t().reset.sent_to,
        }
    }

    fn submit_id(&self) -> &'static str {
        match self.purpose {
            CodeFor::SignUp => "signup-submit",
            CodeFor::Reset => "reset-submit",
        }
    }

    fn other(&self) -> &'static str {
        match self.purpose {
            CodeFor::SignUp => self.chrome.t().sign_up.other_phone,
            CodeFor::Reset => self.chrome.t().reset.other,
        }
    }
}

/// The number has accounts already. Posts `account=<handle>` to sign in to one
/// of them, nothing to make another, `other` to begin with another number.
#[derive(Clone, Debug, Template)]
#[template(path = "signup_known.html")]
pub struct SignUpKnownPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// The number, masked.
    pub phone: String,
    /// So many accounts it has.
    pub count: usize,
    /// Those that can be signed in to here.
    pub entries: Vec<Entry>,
    /// So many it may have, when it can have no more.
    pub full: Option<u32>,
    /// To the login page.
    pub sign_in_href: String,
}

/// Last page of a sign-up. Posts `password` and `agree`; `other` from a form of
/// its own to begin with another number.
#[derive(Clone, Debug, Template)]
#[template(path = "signup_details.html")]
pub struct SignUpDetailsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// The number, masked.
    pub phone: String,
    /// What the password has to be.
    pub policy: PasswordPolicy,
    /// What is agreed to.
    pub agreements: Agreements,
}

/// First page of a reset: whose password. Posts `username`.
#[derive(Clone, Debug, Template)]
#[template(path = "reset_name.html")]
pub struct ResetNamePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Typed before.
    pub username: String,
    /// To the login page.
    pub sign_in_href: String,
}

/// Last page of a reset. Posts `new_password`.
#[derive(Clone, Debug, Template)]
#[template(path = "reset_password.html")]
pub struct ResetPasswordPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Whose password.
    pub person: Person,
    /// The full name for password managers, never a phone number.
    pub username: Option<String>,
    /// What it has to be.
    pub policy: PasswordPolicy,
}

/// The password was replaced.
#[derive(Clone, Debug, Template)]
#[template(path = "reset_done.html")]
pub struct ResetDonePage {
    /// The frame.
    pub chrome: Chrome,
    /// On to the sign-in.
    pub sign_in_href: String,
}
