//! The pages on which somebody proves who they are.

use askama::Template;

use super::chrome::{Chrome, Form, MethodLink, Place, WebLink};
use super::locale::Locale;
use super::people::{Entry, Person};
use super::problem::Field;
use super::text;

/// Whether "stay signed in" is offered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Remember {
    /// Not offered (an owner, a policy or the step forbids it).
    #[default]
    Hidden,
    /// Offered, unticked.
    Unticked,
    /// Offered, as the person ticked it before.
    Ticked,
}

impl Remember {
    pub(super) fn is_offered(self) -> bool {
        self != Self::Hidden
    }

    pub(super) fn is_ticked(self) -> bool {
        self == Self::Ticked
    }
}

/// One document that is agreed to.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub(super) title: String,
    pub(super) link: Option<WebLink>,
}

impl Agreement {
    /// A document with a title of its own.
    pub fn new(title: impl Into<String>, link: Option<WebLink>) -> Self {
        Self { title: title.into(), link }
    }

    /// The terms of service.
    pub fn terms(locale: Locale, link: Option<WebLink>) -> Self {
        Self::new(text::of(locale).login.terms, link)
    }

    /// The privacy policy.
    pub fn privacy(locale: Locale, link: Option<WebLink>) -> Self {
        Self::new(text::of(locale).login.privacy, link)
    }
}

/// The tick that is asked for before every sign-in.
#[derive(Clone, Debug)]
pub struct Agreements {
    /// What is agreed to, in the order it is read.
    pub documents: Vec<Agreement>,
    /// Ticked already, by the person, on this page before.
    pub ticked: bool,
}

/// Which of the two one-step password pages this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginFace {
    /// `/login`: phone or e-mail of a main account.
    Account,
    /// `/login/sub`: e-mail of a sub-account, or of the main account.
    SubAccount,
}

/// `/login` and `/login/sub`: name and password on one card.
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Account or sub-account.
    pub face: LoginFace,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// Typed before, or from `login_hint`.
    pub username: String,
    /// Whether "stay signed in" is offered.
    pub remember: Remember,
    /// What is agreed to by signing in.
    pub agreements: Agreements,
    /// Accounts of this browser that may be meant; each posts `account=<handle>`.
    pub tiles: Vec<Entry>,
    /// Where those are posted to.
    pub tiles_action: String,
    /// Where a forgotten password is reset, if that exists.
    pub forgot_href: Option<String>,
    /// Where a new account is made, if that exists.
    pub sign_up_href: Option<String>,
}

impl LoginPage {
    fn is_sub(&self) -> bool {
        self.face == LoginFace::SubAccount
    }

    /// With the name known, the keyboard starts at the password.
    fn first_field(&self) -> Field {
        if self.username.is_empty() { Field::Username } else { Field::Password }
    }
}

/// Where the account of an IAM user comes from.
#[derive(Clone, Debug)]
pub enum IamAccount {
    /// `/login/iam`: typed with the name, as `alice@acme`.
    InName,
    /// A plain name was typed: a field of its own asks for it.
    Asked {
        /// What was typed into that field before.
        typed: String,
    },
    /// `/login/iam/{account}`: from the address; only echoed, never confirmed.
    Given {
        /// As it stands in the address.
        account: String,
        /// To the page that asks for it.
        elsewhere_href: String,
    },
}

/// First step of an IAM user's sign-in: who.
#[derive(Clone, Debug, Template)]
#[template(path = "iam_name.html")]
pub struct IamNamePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// Typed before, or from `login_hint`.
    pub username: String,
    /// Where the account comes from.
    pub account: IamAccount,
    /// Accounts of this browser that may be meant; each posts `account=<handle>`.
    pub tiles: Vec<Entry>,
    /// Where those are posted to.
    pub tiles_action: String,
}

impl IamNamePage {
    fn first_field(&self) -> Field {
        match self.account {
            IamAccount::Asked { .. } => Field::Account,
            IamAccount::InName | IamAccount::Given { .. } => Field::Username,
        }
    }

    fn needs_suffix(&self) -> bool {
        matches!(self.account, IamAccount::InName)
    }
}

/// Second step of an IAM user's sign-in: the password. Shown for names that do
/// not exist as well.
#[derive(Clone, Debug, Template)]
#[template(path = "iam_password.html")]
pub struct IamPasswordPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// The full name, `alice@acme`, also for password managers.
    pub upn: String,
    /// Back to the first step.
    pub change_href: String,
    /// Whether "stay signed in" is offered.
    pub remember: Remember,
}

/// The password fitted several accounts of one phone number: which one?
#[derive(Clone, Debug, Template)]
#[template(path = "choose.html")]
pub struct ChooseAccountPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// The accounts; a disabled one is shown and cannot be picked.
    pub entries: Vec<Entry>,
    /// Back to the login page.
    pub back_href: Option<String>,
}

/// A known principal proves itself again (`prompt=login`, `max_age`).
#[derive(Clone, Debug, Template)]
#[template(path = "reauth.html")]
pub struct ReauthPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Who.
    pub person: Person,
    /// The full name for password managers, where it may stand in a page: an
    /// e-mail or `alice@acme`, never a phone number.
    pub username: Option<String>,
    /// To the login page; `None` where the client asked for this subject only.
    pub other_href: Option<String>,
}
