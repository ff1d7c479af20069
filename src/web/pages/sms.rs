//! The pages of a login by text message.

use askama::Template;

use super::chrome::{Chrome, Form, MethodLink, Place};
use super::login::Remember;
use super::people::{Entry, Person};
use super::problem::{Field, wait};

/// `/login/sms`: the number. Posts `phone`.
#[derive(Clone, Debug, Template)]
#[template(path = "sms_phone.html")]
pub struct SmsPhonePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// Typed before.
    pub phone: String,
    /// Accounts of this browser that may be meant; each posts `account=<handle>`.
    pub tiles: Vec<Entry>,
    /// Where those are posted to.
    pub tiles_action: String,
    /// Who is to prove themselves again.
    pub again: Option<Person>,
    /// Where a new account is made, if people may.
    pub sign_up_href: Option<String>,
}

/// What a row of the account choice says.
#[derive(Clone, Debug)]
pub enum RowLabel {
    /// The last two digits of an account's id.
    Tail(String),
    /// The name of somebody whom this browser knows.
    Name(String),
}

/// A row of the account choice.
#[derive(Clone, Debug)]
pub struct SmsRow {
    /// What its radio button sends.
    pub handle: String,
    /// What it says.
    pub label: RowLabel,
}

/// The account, before a code is sent. Posts `account`.
#[derive(Clone, Debug, Template)]
#[template(path = "sms_account.html")]
pub struct SmsAccountPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// The number, masked.
    pub phone: String,
    /// Back to the number.
    pub change_href: String,
    /// The rows.
    pub rows: Vec<SmsRow>,
    /// What the row for any other account sends.
    pub other: &'static str,
}

/// The code. Posts `code`; a form of its own posts `resend`.
#[derive(Clone, Debug, Template)]
#[template(path = "sms_code.html")]
pub struct SmsCodePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// The number, masked.
    pub phone: String,
    /// Back to the number.
    pub change_href: String,
    /// Seconds until another code may be asked for.
    pub wait: u64,
    /// Whether "stay signed in" is offered.
    pub remember: Remember,
    /// Where a new account is made, if people may: a number that nobody has gets no code.
    pub sign_up_href: Option<String>,
}

impl SmsCodePage {
    /// The wait in words, while there is one.
    fn waiting(&self) -> Option<String> {
        (self.wait > 0).then(|| wait(self.chrome.locale(), self.wait))
    }
}
