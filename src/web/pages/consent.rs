//! The page on which somebody lets a client in.

use askama::Template;

use super::chrome::{Chrome, Form, WebLink};
use super::locale::Locale;
use super::people::Person;
use super::text;

/// How much of a client's self-description we vouch for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trust {
    /// Part of the platform.
    FirstParty,
    /// Somebody else's; its name is its own claim.
    ThirdParty,
}

/// One thing that is asked for.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    pub(super) scope: String,
    pub(super) resource: Option<String>,
}

impl ScopeLine {
    /// A scope of the provider itself (`openid`, `profile`, …).
    pub fn of_identity(scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), resource: None }
    }

    /// A scope of an API; `resource` is the API's identifier.
    pub fn of_resource(scope: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { scope: scope.into(), resource: Some(resource.into()) }
    }

    /// Title and detail in words; `None` for a scope that only its API knows.
    pub(super) fn explained(&self, locale: Locale) -> Option<(&'static str, &'static str)> {
        let t = &text::of(locale).consent;
        let described = match self.scope.as_str() {
            "openid" => &t.scope_openid,
            "profile" => &t.scope_profile,
            "email" => &t.scope_email,
            "phone" => &t.scope_phone,
            "address" => &t.scope_address,
            "account" => &t.scope_account,
            "offline_access" => &t.scope_offline,
            _ => return None,
        };
        self.resource.is_none().then_some((described.title, described.detail))
    }
}

/// `/consent`: who lets whom see what.
#[derive(Clone, Debug, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// The client's name, as registered.
    pub client_name: String,
    /// Whether we vouch for it.
    pub trust: Trust,
    /// Who is asked.
    pub person: Person,
    /// What is asked for, in order.
    pub scopes: Vec<ScopeLine>,
    /// Host that the answer goes to, so that a borrowed name can be seen through.
    pub destination: String,
    /// The client's own privacy policy.
    pub policy: Option<WebLink>,
    /// The client's own terms.
    pub terms: Option<WebLink>,
    /// To another account, where one may be chosen.
    pub switch_href: Option<String>,
}

impl ConsentPage {
    fn is_third_party(&self) -> bool {
        self.trust == Trust::ThirdParty
    }
}
