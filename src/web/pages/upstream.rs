//! The pages of logins at vendors: the one that people leave from, and the one
//! that binds an identity to an account.

use askama::Template;

use super::chrome::{Chrome, Form, MethodLink, Place};
use super::locale::Locale;
use super::people::{Entry, Person};
use super::problem::{Field, PageError};
use super::text::{self, Around};
use crate::authn::{Provider, Rejection};

/// What went wrong with a vendor's identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpstreamProblem {
    /// The person said no there.
    Cancelled,
    /// What came from there is spent or late.
    Expired,
    /// It does not answer.
    Unavailable,
    /// Its names lead to different people.
    Conflict,
    /// Somebody else has it.
    Taken,
    /// The account has another.
    HasAnother,
    /// It waited too long for its account.
    BindExpired,
}

impl UpstreamProblem {
    /// The stable code, as the rejection's.
    pub(super) fn code(self, provider: Provider) -> &'static str {
        let rejection = match self {
            Self::Cancelled => Rejection::UpstreamCancelled { provider },
            Self::Expired => Rejection::UpstreamExpired { provider },
            Self::Unavailable => Rejection::UpstreamUnavailable { provider },
            Self::Conflict => Rejection::IdentityConflict { provider },
            Self::Taken => Rejection::IdentityTaken { provider },
            Self::HasAnother => Rejection::AccountHasIdentity { provider },
            Self::BindExpired => Rejection::BindExpired,
        };
        rejection.code()
    }

    /// In words.
    pub(super) fn text(self, provider: Provider, locale: Locale) -> String {
        let t = &text::of(locale).upstream;
        let sentence = match self {
            Self::Cancelled => &t.cancelled,
            Self::Expired => &t.expired,
            Self::Unavailable => &t.unavailable,
            Self::Conflict => &t.conflict,
            Self::Taken => &t.taken,
            Self::HasAnother => &t.has_another,
            Self::BindExpired => &t.bind_expired,
        };
        sentence.fill(name(provider, locale))
    }
}

/// What a vendor is called.
pub(super) fn name(provider: Provider, locale: Locale) -> &'static str {
    let t = &text::of(locale).upstream;
    match provider {
        Provider::WeChat => t.wechat,
        Provider::Alipay => t.alipay,
        Provider::Taobao => t.taobao,
        Provider::Carrier => t.carrier,
        Provider::Oidc => t.other,
    }
}

/// The page that people leave from: a vendor's QR code in a frame, or a link.
#[derive(Clone, Debug, Template)]
#[template(path = "upstream.html")]
pub struct UpstreamPage {
    /// The frame.
    pub chrome: Chrome,
    /// Holds the error, and what guards the tiles.
    pub form: Form,
    /// Every method that exists, this one marked current.
    pub methods: Vec<MethodLink>,
    /// Who vouches.
    pub provider: Provider,
    /// What the configuration calls them, if it does.
    pub label: Option<String>,
    /// The vendor's page; `None`: not in this browser.
    pub link: Option<String>,
    /// The vendor's page in a frame.
    pub panel: Option<String>,
    /// This page anew.
    pub again_href: String,
    /// Accounts of this browser that may be meant; each posts `account=<handle>`.
    pub tiles: Vec<Entry>,
    /// Where those are posted to.
    pub tiles_action: String,
    /// Who is to prove themselves again.
    pub again: Option<Person>,
}

impl UpstreamPage {
    fn vendor(&self) -> &str {
        self.label.as_deref().unwrap_or_else(|| name(self.provider, self.chrome.locale()))
    }

    fn is_wechat(&self) -> bool {
        self.provider == Provider::WeChat
    }
}

/// `/login/one-tap` as a browser sees it: for a native app alone, and what else
/// there is.
#[derive(Clone, Debug, Template)]
#[template(path = "one_tap.html")]
pub struct OneTapPage {
    /// The frame.
    pub chrome: Chrome,
    /// Holds the error alone; an app posts, not this page.
    pub form: Form,
    /// Every method that has a page.
    pub methods: Vec<MethodLink>,
    /// Where the number is proved by a message instead, if it can be.
    pub sms_href: Option<String>,
}

/// What the page that binds asks.
#[derive(Clone, Debug)]
pub enum BindAsk {
    /// The phone number.
    Phone {
        /// Typed before.
        typed: String,
    },
    /// The code that was sent.
    Code {
        /// Where to, masked.
        to: String,
    },
    /// Which account.
    Accounts(Vec<Entry>),
    /// The number has no account.
    Nobody {
        /// Which number, masked.
        phone: String,
        /// Where an account is made with it, if people may.
        sign_up_href: Option<String>,
    },
    /// No account of the number can take it.
    NoneFree,
}

/// `/login/bind`.
#[derive(Clone, Debug, Template)]
#[template(path = "bind.html")]
pub struct BindPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Who vouches.
    pub provider: Provider,
    /// What the person is called there.
    pub name: Option<String>,
    /// What is asked.
    pub ask: BindAsk,
    /// Back to the login page.
    pub cancel_href: String,
    /// To `/me/bindings`, where an identity is taken away.
    pub bindings_href: String,
}

impl BindPage {
    fn vendor(&self) -> &'static str {
        name(self.provider, self.chrome.locale())
    }

    fn title(&self) -> String {
        self.chrome.t().upstream.bind_title.fill(self.vendor())
    }

    fn lead(&self) -> &'static Around {
        &self.chrome.t().upstream.bind_lead
    }

    /// An account that the number has keeps what is bound to it until its holder
    /// takes that away.
    fn is_bound_already(&self) -> bool {
        let has_another = |error| matches!(error, PageError::Upstream(UpstreamProblem::HasAnother, _));
        self.form.error.is_some_and(has_another) || matches!(self.ask, BindAsk::NoneFree)
    }

    /// There is no way but another number where nothing can be chosen.
    fn has_other_number(&self) -> bool {
        !matches!(self.ask, BindAsk::Phone { .. })
    }
}
