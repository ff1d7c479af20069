//! A browser (one cookie) and the sign-ins behind it.

use std::time::Duration;

use super::assurance::Assurance;
use super::names::named_enum;
use super::principal::{Principal, PrincipalKind};
use crate::base::Timestamp;
use crate::base::id::{BrowserId, SignInId};

/// At most so many sign-ins in one browser; the next one asks which to remove.
pub const MAX_SIGN_INS: usize = 20;

named_enum! {
    /// What a sign-in is good for.
    SignInState {
        /// Answers requests without a question, while its lifetimes last.
        Active = "active",
        /// Remembered, and asks for a new proof first.
        Locked = "locked",
        /// Remembered by name alone.
        SignedOut = "signed_out",
    }
}

/// One principal in one browser.
#[derive(Clone, Debug, PartialEq)]
pub struct SignIn {
    /// Its row.
    pub id: SignInId,
    /// The browser it belongs to.
    pub browser: BrowserId,
    /// Who signed in, with live state.
    pub principal: Principal,
    /// As stored; [`SignIn::state`] adds what time has done.
    pub stored_state: SignInState,
    /// The login method's name.
    pub method: String,
    /// What was proved.
    pub assurance: Assurance,
    /// When it was proved (`auth_time`).
    pub auth_time: Timestamp,
    /// Last use.
    pub last_seen_at: Timestamp,
    /// Locked from here on, unless used before.
    pub idle_expires_at: Timestamp,
    /// Locked from here on in any case.
    pub absolute_expires_at: Timestamp,
    /// "Stay signed in" was ticked.
    pub remember: bool,
}

impl SignIn {
    /// The state now: an active sign-in past its lifetimes is locked.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> SignInState {
        match self.stored_state {
            SignInState::Active if now >= self.idle_expires_at || now >= self.absolute_expires_at => {
                SignInState::Locked
            }
            state @ (SignInState::Active | SignInState::Locked | SignInState::SignedOut) => state,
        }
    }

    /// The same, lasting no longer than this.
    #[must_use]
    pub fn within(self, most: Lifetimes) -> Self {
        Self {
            idle_expires_at: self.idle_expires_at.min(self.last_seen_at + most.idle),
            absolute_expires_at: self.absolute_expires_at.min(self.auth_time + most.absolute),
            ..self
        }
    }

    /// What the person asked for.
    #[must_use]
    pub const fn stay(&self) -> Stay {
        if self.remember { Stay::Extended } else { Stay::Usual }
    }

    /// Whether the proof is younger than `max_age` (OIDC Core §3.1.2.1).
    #[must_use]
    pub fn is_fresh(&self, max_age: Duration, now: Timestamp) -> bool {
        now.since(self.auth_time) <= max_age
    }
}

/// How long a sign-in lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifetimes {
    /// Without use.
    pub idle: Duration,
    /// In any case.
    pub absolute: Duration,
}

/// The lifetimes of the house, by kind of principal and by the person's wish.
#[derive(Clone, Copy, Debug)]
pub struct LifetimePolicy {
    /// Root and sub-accounts.
    pub account: Lifetimes,
    /// IAM users: idle and absolute are one figure.
    pub iam_user: Lifetimes,
    /// The longest that an owner may let its IAM users stay signed in.
    pub iam_user_longest: Duration,
    /// "Stay signed in", for root and sub-accounts.
    pub remembered: Lifetimes,
}

/// Whether the person asked to stay signed in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub enum Stay {
    /// For this session's usual lifetime.
    #[default]
    Usual,
    /// For the extended period.
    Extended,
}

impl LifetimePolicy {
    /// The lifetimes of one sign-in by the rule of the house. An IAM user's are
    /// its owner's to extend.
    #[must_use]
    pub const fn of(&self, kind: PrincipalKind, stay: Stay) -> Lifetimes {
        match (kind, stay) {
            (PrincipalKind::IamUser, _) => self.iam_user,
            (PrincipalKind::Root | PrincipalKind::SubAccount, Stay::Extended) => self.remembered,
            (PrincipalKind::Root | PrincipalKind::SubAccount, Stay::Usual) => self.account,
        }
    }
}
