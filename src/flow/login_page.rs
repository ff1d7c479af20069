//! The login pages: which there are, and what one shows.

use super::context::View;
use super::interaction::MethodStep;
use super::people::Facts;
use crate::authn::Step;
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
}

impl LoginPage {
    /// Every page, in the order in which they link to each other.
    pub const ALL: [Self; 4] = [Self::Account, Self::Sms, Self::SubAccount, Self::Iam];

    /// The page of the method of this name in the registry.
    #[must_use]
    pub fn of_method(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.method() == name)
    }

    /// The method's name in the registry.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Account => "password",
            Self::Sms => "sms",
            Self::SubAccount => "sub_account",
            Self::Iam => "iam_user",
        }
    }
}

/// What a login page shows.
#[derive(Clone, Debug)]
pub struct LoginView {
    /// The interaction's part.
    pub view: View,
    /// Who is to prove themselves again.
    pub expected: Option<Facts>,
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

    /// Whether a hint of this shape could be typed here: an e-mail address may
    /// be an account's or a sub-account's.
    #[must_use]
    pub fn takes(self, hint: &str) -> bool {
        match Self::hinted(Some(hint)) {
            Self::Iam => self == Self::Iam,
            Self::Account | Self::SubAccount | Self::Sms => matches!(self, Self::Account | Self::SubAccount),
        }
    }
}
