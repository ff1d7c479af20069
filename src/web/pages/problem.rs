//! Why a form was refused, in the words of the person who filled it in.
//!
//! The codes are public contract (`data-code` of `#error`); the status is
//! chosen by `web`. A refusal says the same for an unknown name and a wrong
//! password.

use std::time::Duration;

use super::locale::Locale;
use super::text;
use super::upstream::UpstreamProblem;
use crate::authn::Provider;
use crate::domain::PrincipalKind;

/// A field that can be wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// Phone, e-mail or user name.
    Username,
    /// Phone number, on the pages that take nothing else.
    Phone,
    /// One-time code.
    Code,
    /// Alias or id of the owning account.
    Account,
    /// The password.
    Password,
    /// The new password.
    NewPassword,
    /// The new password, typed again.
    NewPasswordAgain,
    /// The tick under the agreements.
    Agree,
}

impl Field {
    /// The field that a form sends under this name; the first one for a name
    /// that no page has.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "account" => Self::Account,
            "phone" => Self::Phone,
            "code" => Self::Code,
            "password" => Self::Password,
            "new_password" => Self::NewPassword,
            "new_password_again" => Self::NewPasswordAgain,
            "agree" => Self::Agree,
            _ => Self::Username,
        }
    }
}

/// Why a form was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PageError {
    /// The first factor failed, whatever the reason.
    BadCredentials,
    /// Too many wrong tries; seconds until the next one counts.
    Locked {
        /// Seconds to wait, as in `Retry-After`.
        retry_after: u64,
    },
    /// The server is too busy to check a password now.
    Busy {
        /// Seconds to wait, as in `Retry-After`.
        retry_after: u64,
    },
    /// Switched off; said only after a right password.
    PrincipalDisabled {
        /// Who, since the wording depends on it.
        kind: PrincipalKind,
    },
    /// The owning account is stopped; said only after a right password.
    OwnerSuspended,
    /// The owner switched console sign-in off for this user.
    ConsoleDenied,
    /// The owner limits where from this user may sign in.
    IpDenied,
    /// The password has expired and only the owner can set another.
    PasswordExpiredHard,
    /// The agreements were not ticked.
    AgreeRequired,
    /// No account was picked.
    SelectRequired,
    /// A field was left empty.
    Missing(Field),
    /// This page takes an e-mail address only.
    EmailRequired,
    /// The user name is not one that can exist.
    BadUsername,
    /// The new password is too short.
    PasswordTooShort {
        /// Characters it must have.
        min: usize,
    },
    /// The new password is too long.
    PasswordTooLong {
        /// Characters it may have.
        max: usize,
    },
    /// The new password is too easy to guess.
    PasswordWeak,
    /// The new password is one that many people use.
    PasswordCommon,
    /// The new password is hardly more than the person's own name or contact.
    PasswordOwnWords,
    /// The new password is the old one.
    PasswordSame,
    /// The two new passwords differ.
    PasswordMismatch,
    /// The number has as many accounts as it may have.
    PhoneFull {
        /// So many.
        most: u32,
    },
    /// This page takes a phone number only.
    PhoneRequired,
    /// The one-time code is wrong, late or used.
    BadCode,
    /// The last code was sent a moment ago.
    CodeCooldown {
        /// Seconds to wait, as in `Retry-After`.
        retry_after: u64,
    },
    /// Too many codes were sent.
    CodeQuota {
        /// Seconds to wait, as in `Retry-After`.
        retry_after: u64,
    },
    /// Without this identity nobody could sign in to the account.
    LastWayIn,
    /// The identity is not bound any more.
    NotBound,
    /// A vendor's identity gave no sign-in.
    Upstream(UpstreamProblem, Provider),
}

impl PageError {
    /// The stable code, in `data-code`, logs and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Locked { .. } => "locked",
            Self::Busy { .. } => "busy",
            Self::PrincipalDisabled { .. } => "principal_disabled",
            Self::OwnerSuspended => "owner_suspended",
            Self::ConsoleDenied => "console_denied",
            Self::IpDenied => "ip_denied",
            Self::PasswordExpiredHard => "pwd_expired_hard",
            Self::AgreeRequired => "agree_required",
            Self::SelectRequired => "select_required",
            Self::Missing(_) => "field_required",
            Self::EmailRequired => "email_required",
            Self::BadUsername => "bad_username",
            Self::PasswordTooShort { .. } => "pwd_too_short",
            Self::PasswordTooLong { .. } => "pwd_too_long",
            Self::PasswordWeak => "pwd_weak",
            Self::PasswordCommon => "pwd_common",
            Self::PasswordOwnWords => "pwd_own_words",
            Self::PhoneFull { .. } => "phone_full",
            Self::PasswordSame => "pwd_same",
            Self::PasswordMismatch => "pwd_mismatch",
            Self::PhoneRequired => "phone_required",
            Self::BadCode => "bad_code",
            Self::CodeCooldown { .. } => "code_cooldown",
            Self::CodeQuota { .. } => "code_quota",
            Self::LastWayIn => "last_way_in",
            Self::NotBound => "not_bound",
            Self::Upstream(problem, provider) => problem.code(provider),
        }
    }

    /// The fields to mark, in the order of the page; the keyboard starts at the
    /// last of them.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::BadCredentials => &[Field::Username, Field::Password],
            Self::EmailRequired | Self::BadUsername | Self::Missing(Field::Username) => &[Field::Username],
            Self::Missing(Field::Account) => &[Field::Account],
            Self::PhoneRequired | Self::Missing(Field::Phone) => &[Field::Phone],
            Self::BadCode | Self::Missing(Field::Code) => &[Field::Code],
            Self::Missing(Field::Password) => &[Field::Password],
            Self::Missing(Field::NewPasswordAgain) | Self::PasswordMismatch => &[Field::NewPasswordAgain],
            Self::AgreeRequired | Self::Missing(Field::Agree) => &[Field::Agree],
            Self::Missing(Field::NewPassword)
            | Self::PasswordTooShort { .. }
            | Self::PasswordTooLong { .. }
            | Self::PasswordWeak
            | Self::PasswordCommon
            | Self::PasswordOwnWords
            | Self::PasswordSame => &[Field::NewPassword],
            Self::Locked { .. }
            | Self::Busy { .. }
            | Self::PrincipalDisabled { .. }
            | Self::OwnerSuspended
            | Self::ConsoleDenied
            | Self::IpDenied
            | Self::PasswordExpiredHard
            | Self::PhoneFull { .. }
            | Self::CodeCooldown { .. }
            | Self::CodeQuota { .. }
            | Self::LastWayIn
            | Self::NotBound
            | Self::Upstream(..)
            | Self::SelectRequired => &[],
        }
    }

    /// What went wrong and what to do about it, one sentence or two.
    pub(super) fn text(self, locale: Locale) -> String {
        let t = &text::of(locale).problem;
        match self {
            Self::BadCredentials => t.bad_credentials.to_owned(),
            Self::Locked { retry_after } => t.locked.fill(&wait(locale, retry_after)),
            Self::Busy { retry_after } => t.busy.fill(&wait(locale, retry_after)),
            Self::PrincipalDisabled { kind: PrincipalKind::Root } => t.root_disabled.to_owned(),
            Self::PrincipalDisabled { kind: PrincipalKind::SubAccount } => t.sub_account_disabled.to_owned(),
            Self::PrincipalDisabled { kind: PrincipalKind::IamUser } => t.iam_user_disabled.to_owned(),
            Self::OwnerSuspended => t.owner_suspended.to_owned(),
            Self::ConsoleDenied => t.console_denied.to_owned(),
            Self::IpDenied => t.ip_denied.to_owned(),
            Self::PasswordExpiredHard => t.password_expired_hard.to_owned(),
            Self::AgreeRequired | Self::Missing(Field::Agree) => t.agree_required.to_owned(),
            Self::SelectRequired => t.select_required.to_owned(),
            Self::Missing(Field::Username) => t.username_missing.to_owned(),
            Self::Missing(Field::Account) => t.account_missing.to_owned(),
            Self::Missing(Field::Password) => t.password_missing.to_owned(),
            Self::Missing(Field::NewPassword | Field::NewPasswordAgain) => t.new_password_missing.to_owned(),
            Self::EmailRequired => t.email_required.to_owned(),
            Self::BadUsername => t.bad_username.to_owned(),
            Self::PasswordTooShort { min } => t.password_too_short.fill(&min.to_string()),
            Self::PasswordTooLong { max } => t.password_too_long.fill(&max.to_string()),
            Self::PasswordWeak => t.password_weak.to_owned(),
            Self::PasswordCommon => t.password_common.to_owned(),
            Self::PasswordOwnWords => t.password_own_words.to_owned(),
            Self::PhoneFull { most } => t.phone_full.fill(&most.to_string()),
            Self::PasswordSame => t.password_same.to_owned(),
            Self::PasswordMismatch => t.password_mismatch.to_owned(),
            Self::PhoneRequired => t.phone_required.to_owned(),
            Self::Missing(Field::Phone) => t.phone_missing.to_owned(),
            Self::Missing(Field::Code) => t.code_missing.to_owned(),
            Self::BadCode => t.bad_code.to_owned(),
            Self::CodeCooldown { retry_after } => t.code_cooldown.fill(&wait(locale, retry_after)),
            Self::CodeQuota { retry_after } => t.code_quota.fill(&wait(locale, retry_after)),
            Self::LastWayIn => text::of(locale).bindings.last_way_in.to_owned(),
            Self::NotBound => text::of(locale).bindings.gone.to_owned(),
            Self::Upstream(problem, provider) => problem.text(provider, locale),
        }
    }

    /// Whether the person may simply be on the wrong page.
    pub(super) fn may_be_wrong_page(self) -> bool {
        self == Self::BadCredentials
    }
}

/// A wait in whole seconds, rounded up, as `Retry-After` carries it.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A wait in words: seconds up to two minutes, then whole minutes, rounded up.
pub(super) fn wait(locale: Locale, seconds: u64) -> String {
    let t = &text::of(locale).problem;
    match seconds {
        0 | 1 => t.one_second.to_owned(),
        2..=120 => t.seconds.fill(&seconds.to_string()),
        _ => t.minutes.fill(&seconds.div_ceil(60).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_and_then_in_minutes() {
        let told = |seconds| (wait(Locale::ZhCn, seconds), wait(Locale::En, seconds));
        assert_eq!(told(1), ("1 秒".to_owned(), "1 second".to_owned()));
        assert_eq!(told(45), ("45 秒".to_owned(), "45 seconds".to_owned()));
        assert_eq!(told(121), ("3 分钟".to_owned(), "3 minutes".to_owned()));
    }
}
