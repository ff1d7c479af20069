//! How a page names somebody who can sign in.

use super::locale::Locale;
use super::text;
use crate::domain::{PrincipalKind, SignInState};

/// A principal, as a page shows it. Everything is ready to be seen: masked
/// where it has to be ([`super::mask`]).
#[derive(Clone, Debug)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// What it signs in with: masked e-mail or phone, or `alice@acme`.
    pub login: String,
    /// Root, sub-account or IAM user.
    pub kind: PrincipalKind,
    /// Name of the owning account; `None` for a root, which owns itself.
    pub owner: Option<String>,
    /// Name of the account that is billed, where it is worth saying.
    pub billed_to: Option<String>,
    /// The last characters of the account's id, to tell namesakes apart.
    pub id_tail: Option<String>,
}

impl Person {
    pub(super) fn badge(&self, locale: Locale) -> &'static str {
        let people = &text::of(locale).people;
        match self.kind {
            PrincipalKind::Root => people.root,
            PrincipalKind::SubAccount => people.sub_account,
            PrincipalKind::IamUser => people.iam_user,
        }
    }

    /// One character for the round mark beside the name.
    pub(super) fn initial(&self) -> String {
        let first = self.name.chars().find(|c| c.is_alphanumeric());
        first.map_or_else(|| "·".to_owned(), |c| c.to_uppercase().collect())
    }
}

/// What an entry of a list is good for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryState {
    /// Can be chosen, or is signed in.
    Active,
    /// Remembered, asks for a proof first.
    Locked,
    /// Remembered by name alone.
    SignedOut,
    /// Switched off by its owner or by the operator; shown, never offered.
    Disabled,
}

impl EntryState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::SignedOut => "signed_out",
            Self::Disabled => "disabled",
        }
    }

    /// The state in words; empty where there is nothing to say.
    pub(super) fn label(self, locale: Locale) -> &'static str {
        let people = &text::of(locale).people;
        match self {
            Self::Active => "",
            Self::Locked => people.locked,
            Self::SignedOut => people.signed_out,
            Self::Disabled => people.disabled,
        }
    }

    /// Whether there is something to sign out of.
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Locked)
    }

    pub(super) fn is_disabled(self) -> bool {
        self == Self::Disabled
    }
}

impl From<SignInState> for EntryState {
    fn from(state: SignInState) -> Self {
        match state {
            SignInState::Active => Self::Active,
            SignInState::Locked => Self::Locked,
            SignInState::SignedOut => Self::SignedOut,
        }
    }
}

/// One row of a list of people.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the row's button or radio sends; opaque, bound to the interaction
    /// or the browser.
    pub handle: String,
    /// Who it is.
    pub person: Person,
    /// What it is good for.
    pub state: EntryState,
}
