//! Pages that end a request, and the page that posts a response.

use askama::Template;

use super::chrome::{Chrome, WebLink};
use super::problem::wait;
use super::text::ErrorText;
use crate::web::assets;

/// Why a request ends on a page of ours instead of going on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failing {
    /// The client or its `redirect_uri` is not known, or switched off: one page
    /// for the three, so that it tells nobody which (hostile-cases AZ-13).
    Unregistered,
    /// The request is malformed and there is no verified way back.
    BadRequest,
    /// The interaction is over, spent, or another browser's.
    TxExpired,
    /// Somebody came back from a vendor with a state that is not good.
    BadState,
    /// No upstream identity waits for an account (any more).
    BindExpired,
    /// A form that did not come from a page of ours.
    CrossSite,
    /// The body is larger than any form of ours.
    TooLarge,
    /// No such page.
    NotFound,
    /// The page does not take this method.
    MethodNotAllowed,
    /// Nobody may make an account by themselves.
    SignUpOff,
    /// The client takes certain accounts alone, and none that is made now.
    NewcomerRefused,
    /// The client, or the owner of the account, does not take this login method.
    MethodRefused,
    /// Too many requests.
    TooMany {
        /// Seconds to wait, as in `Retry-After`.
        retry_after: u64,
    },
    /// Storage or something else that we need is away.
    Unavailable {
        /// Seconds to wait, as in `Retry-After`.
        retry_after: u64,
    },
    /// A fault of ours.
    Internal,
}

impl Failing {
    /// The stable code, in `data-code`, logs and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unregistered => "unregistered_client",
            Self::BadRequest => "bad_request",
            Self::TxExpired => "tx_expired",
            Self::BadState => "bad_state",
            Self::BindExpired => "bind_expired",
            Self::CrossSite => "cross_site",
            Self::TooLarge => "too_large",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::SignUpOff => "signup_off",
            Self::NewcomerRefused => "newcomer_refused",
            Self::MethodRefused => "login_method_refused",
            Self::TooMany { .. } => "too_many_requests",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal => "internal",
        }
    }

    fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooMany { retry_after } | Self::Unavailable { retry_after } => Some(retry_after),
            Self::Unregistered
            | Self::BadRequest
            | Self::TxExpired
            | Self::BadState
            | Self::BindExpired
            | Self::CrossSite
            | Self::TooLarge
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::SignUpOff
            | Self::NewcomerRefused
            | Self::MethodRefused
            | Self::Internal => None,
        }
    }
}

/// What happened, what to do next, and a number to name it by.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame. Give it no language link where the query is not trusted.
    pub chrome: Chrome,
    /// What happened.
    pub failing: Failing,
    /// The request's number. Leave it out for [`Failing::Unregistered`], whose
    /// bodies must not differ; the number is in a header as well.
    pub reference: Option<String>,
    /// Starts the client's request again, for [`Failing::TxExpired`].
    pub restart_href: Option<String>,
    /// Back to the client, only once its address is verified.
    pub return_to: Option<WebLink>,
}

impl ErrorPage {
    fn text(&self) -> &'static ErrorText {
        let t = &self.chrome.t().error;
        match self.failing {
            Failing::Unregistered => &t.unregistered,
            Failing::BadRequest => &t.bad_request,
            Failing::TxExpired => &t.tx_expired,
            Failing::BadState => &t.bad_state,
            Failing::BindExpired => &t.bind_expired,
            Failing::CrossSite => &t.cross_site,
            Failing::TooLarge => &t.too_large,
            Failing::NotFound => &t.not_found,
            Failing::MethodNotAllowed => &t.method_not_allowed,
            Failing::SignUpOff => &t.sign_up_off,
            Failing::NewcomerRefused => &t.newcomer_refused,
            Failing::MethodRefused => &t.method_refused,
            Failing::TooMany { .. } => &t.too_many,
            Failing::Unavailable { .. } => &t.unavailable,
            Failing::Internal => &t.internal,
        }
    }

    fn retry(&self) -> Option<String> {
        let seconds = self.failing.retry_after()?;
        Some(self.chrome.t().error.retry.fill(&wait(self.chrome.locale(), seconds)))
    }
}

/// An authorization response on its way to the client by POST (OAuth 2.0 Form
/// Post Response Mode). Our one script sends it; without script, the button.
#[derive(Clone, Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    /// The frame.
    pub chrome: Chrome,
    /// The verified redirect URI.
    pub action: String,
    /// The response's parameters, in order.
    pub parameters: Vec<(String, String)>,
}

impl FormPostPage {
    #[expect(clippy::unused_self, reason = "the template reaches it as a property of the page")]
    fn script(&self) -> &'static str {
        assets::form_post_script_url()
    }
}
