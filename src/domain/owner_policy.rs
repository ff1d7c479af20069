//! What the owner of a main account allows its people, and asks of them.

use std::ops::RangeInclusive;
use std::time::Duration;

/// One main account's word on itself, its sub-accounts and its IAM users.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OwnerPolicy {
    /// Days that its IAM users may stay signed in; 0 when they may not.
    pub iam_long_lived_days: u16,
    /// The login methods that its people may use; empty: all.
    pub login_methods: Vec<String>,
    /// When its people prove themselves again.
    pub reauth: ReauthPolicy,
}

/// When somebody who is signed in proves themselves again all the same.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReauthPolicy {
    /// After so many minutes without use; 0: not for that.
    pub idle_minutes: u16,
    /// Whenever the root account is picked in a chooser.
    pub root: bool,
    /// When a request comes from another kind of browser, or another country,
    /// than the last proof.
    pub on_change: bool,
}

impl ReauthPolicy {
    /// What may be set for [`ReauthPolicy::idle_minutes`], beside 0.
    pub const IDLE_MINUTES: RangeInclusive<u16> = 5..=43_200;

    /// Whether so many minutes may be set.
    #[must_use]
    pub fn takes_idle(minutes: u16) -> bool {
        minutes == 0 || Self::IDLE_MINUTES.contains(&minutes)
    }

    /// How long a sign-in may lie unused, where that is limited.
    #[must_use]
    pub fn idle(self) -> Option<Duration> {
        (self.idle_minutes > 0).then(|| Duration::from_secs(60 * u64::from(self.idle_minutes)))
    }
}
