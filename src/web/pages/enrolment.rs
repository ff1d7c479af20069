//! The pages of a new account: number, code, accounts that are there, password.

use askama::Template;

use super::account::PasswordPolicy;
use super::chrome::{Chrome, Form};
use super::login::Agreements;
use super::people::Entry;
use super::problem::Field;

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
        }
    }

    fn submit_id(&self) -> &'static str {
        match self.purpose {
            CodeFor::SignUp => "signup-submit",
        }
    }

    fn other(&self) -> &'static str {
        match self.purpose {
            CodeFor::SignUp => self.chrome.t().sign_up.other_phone,
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
