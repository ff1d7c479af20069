//! The login pages: which method each has, where it is, and what it shows.

use std::borrow::Cow;

use super::choose::ChoiceEntry;
use super::context::View;
use super::interaction::MethodStep;
use super::people::Facts;
use crate::authn::{Registry, Step};
use crate::domain::PrincipalKind;

/// The login pages that there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginPage {
    /// `/login`: account and password.
    Account,
    /// `/login/sms`: phone and code.
    Sms,
    /// `/login/sub`.
    SubAccount,
    /// `/login/iam`.
    Iam,
    /// `/login/wechat`.
    WeChat,
    /// `/login/alipay`.
    Alipay,
    /// `/login/taobao`.
    Taobao,
    /// `/login/oidc/{name}`, by the method's name, `oidc.{name}`.
    Oidc(&'static str),
    /// `/login/one-tap`: for native apps alone, so nothing links to it.
    OneTap,
}

/// What the names of the methods of upstream `OpenID` providers begin with.
const OIDC: &str = "oidc.";

impl LoginPage {
    /// Those that stand for one method each and are linked to.
    const SINGLE: [Self; 7] =
        [Self::Account, Self::Sms, Self::SubAccount, Self::Iam, Self::WeChat, Self::Alipay, Self::Taobao];

    /// The method's name in the registry.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Account => "password",
            Self::Sms => "sms",
            Self::SubAccount => "sub_account",
            Self::Iam => "iam_user",
            Self::WeChat => "wechat",
            Self::Alipay => "alipay",
            Self::Taobao => "taobao",
            Self::Oidc(method) => method,
            Self::OneTap => "one_tap",
        }
    }

    /// Its path.
    #[must_use]
    pub fn path(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Account => "/login",
            Self::Sms => "/login/sms",
            Self::SubAccount => "/login/sub",
            Self::Iam => "/login/iam",
            Self::WeChat => "/login/wechat",
            Self::Alipay => "/login/alipay",
            Self::Taobao => "/login/taobao",
            Self::OneTap => "/login/one-tap",
            Self::Oidc(method) => {
                return Cow::Owned(format!("/login/oidc/{}", method.strip_prefix(OIDC).unwrap_or(method)));
            }
        })
    }

    /// The page of a method, if it has one.
    #[must_use]
    pub fn of_method(method: &'static str) -> Option<Self> {
        let single = Self::SINGLE.into_iter().find(|page| page.method() == method);
        single.or_else(|| method.starts_with(OIDC).then_some(Self::Oidc(method)))
    }

    /// The page of the upstream provider of this name, when it is switched on.
    #[must_use]
    pub fn of_provider(registry: &Registry, name: &str) -> Option<Self> {
        let mut methods = registry.iter().map(|method| method.method().name);
        methods.find(|method| method.strip_prefix(OIDC) == Some(name)).map(Self::Oidc)
    }

    /// The pages of all methods that are switched on, in the order of the page.
    pub fn all(registry: &Registry) -> impl Iterator<Item = Self> {
        registry.iter().filter_map(|method| Self::of_method(method.method().name))
    }
}

/// What a login page shows.
#[derive(Clone, Debug)]
pub struct LoginView {
    /// The interaction's part.
    pub view: View,
    /// Who is to prove themselves again.
    pub expected: Option<Facts>,
    /// Accounts of this browser that may be meant, where a new proof was asked
    /// for and nobody was named.
    pub tiles: Vec<ChoiceEntry>,
    /// Whether the client asked for this very subject, so that no other helps.
    pub locked_to: bool,
    /// What the method asked last, when a login of several steps is under way.
    pub step: Option<MethodStep>,
    /// The phone number that was typed before, in full: pages mask it.
    pub phone: Option<String>,
}

impl LoginView {
    /// The name typed in the first step of an IAM user's login.
    #[must_use]
    pub fn upn(&self) -> Option<&str> {
        match self.step.as_ref().map(|asked| &asked.step) {
            Some(Step::Account { username: typed } | Step::Password { upn: typed }) => Some(typed),
            Some(Step::SmsAccount { .. } | Step::SmsCode { .. }) | None => None,
        }
    }

    /// The name of who is to prove themselves again, unless the person typed
    /// another one: then they want another account.
    #[must_use]
    pub fn again(&self, typed: Option<&str>) -> Option<String> {
        let identifier = self.expected.as_ref().and_then(Facts::identifier)?;
        typed.is_none_or(|typed| typed == identifier).then_some(identifier)
    }
}

impl LoginPage {
    /// The page of this kind of principal.
    #[must_use]
    pub const fn of(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::Root => Self::Account,
            PrincipalKind::SubAccount => Self::SubAccount,
            PrincipalKind::IamUser => Self::Iam,
        }
    }

    /// The page that a hint's shape points to: `user@alias` is an IAM user's,
    /// everything else an account's. Looks at the text alone, so that it tells
    /// nobody who exists.
    #[must_use]
    pub fn hinted(hint: Option<&str>) -> Self {
        let suffix = hint.and_then(|hint| hint.rsplit_once('@')).map(|(_user, account)| account);
        if suffix.is_some_and(|account| !account.contains('.')) { Self::Iam } else { Self::Account }
    }

    /// Whether a phone number or an e-mail address could be typed here.
    #[must_use]
    pub fn takes_contact(self, typed: &str) -> bool {
        match self {
            Self::Account => true,
            Self::SubAccount => typed.contains('@'),
            Self::Sms => !typed.contains('@'),
            Self::Iam | Self::WeChat | Self::Alipay | Self::Taobao | Self::Oidc(_) | Self::OneTap => false,
        }
    }

    /// Whether a hint of this shape could be typed here: an e-mail address may
    /// be an account's or a sub-account's.
    #[must_use]
    pub fn takes(self, hint: &str) -> bool {
        match self {
            Self::Iam => Self::hinted(Some(hint)) == Self::Iam,
            Self::Account | Self::SubAccount => Self::hinted(Some(hint)) != Self::Iam,
            Self::Sms | Self::WeChat | Self::Alipay | Self::Taobao | Self::Oidc(_) | Self::OneTap => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_method_and_has_a_path_of_its_own() {
        for page in LoginPage::SINGLE.into_iter().chain([LoginPage::Oidc("oidc.corp")]) {
            assert_eq!(LoginPage::of_method(page.method()), Some(page));
            assert!(page.path().starts_with("/login"));
        }
        assert_eq!(LoginPage::Oidc("oidc.corp").path(), "/login/oidc/corp");
        assert_eq!(LoginPage::of_method("one_tap"), None);
    }
}
