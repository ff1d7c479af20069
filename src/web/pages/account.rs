//! Pages about one's own sign-ins, apps, password and agreements.

use askama::Template;

use super::chrome::{Chrome, Form};
use super::consent::{ScopeLine, Trust};
use super::login::Agreement;
use super::people::Person;
use super::problem::Field;
use crate::base::Timestamp;
use crate::config;

/// A client that was let in.
#[derive(Clone, Debug)]
pub struct GrantedApp {
    /// What its "revoke" button sends.
    pub handle: String,
    /// The client's name.
    pub client_name: String,
    /// Whether we vouch for the name.
    pub trust: Trust,
    /// What was allowed.
    pub scopes: Vec<ScopeLine>,
    /// When.
    pub granted_at: Timestamp,
}

impl GrantedApp {
    fn is_third_party(&self) -> bool {
        self.trust == Trust::ThirdParty
    }

    /// The day (UTC) of the consent, `2026-03-01`.
    fn day(&self) -> String {
        self.granted_at.to_string().chars().take_while(|c| *c != 'T').collect()
    }
}

/// `/me/apps`: the clients that one principal let in. Posts `revoke=<handle>`.
#[derive(Clone, Debug, Template)]
#[template(path = "apps.html")]
pub struct AppsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Whose consents these are.
    pub person: Person,
    /// The clients, latest first.
    pub apps: Vec<GrantedApp>,
    /// Name of a client that was just revoked.
    pub revoked: Option<String>,
    /// Back to `/accounts`.
    pub back_href: Option<String>,
}

/// What a new password has to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PasswordPolicy {
    /// Characters at least.
    pub min: usize,
    /// Characters at most.
    pub max: usize,
}

impl PasswordPolicy {
    /// Characters that a page lets somebody type; the house takes 4,096 bytes.
    pub const MAX_CHARACTERS: usize = 1_024;

    /// As configured.
    #[must_use]
    pub fn of(settings: &config::Password) -> Self {
        Self { min: usize::try_from(settings.min_length).unwrap_or(usize::MAX), max: Self::MAX_CHARACTERS }
    }
}

/// A new password is due before the sign-in goes on. Posts `new_password` and
/// `new_password_again`.
#[derive(Clone, Debug, Template)]
#[template(path = "password_change.html")]
pub struct PasswordChangePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Whose password.
    pub person: Person,
    /// The full name for password managers, never a phone number.
    pub username: Option<String>,
    /// What it has to be.
    pub policy: PasswordPolicy,
}

/// A new version of the agreements is due before the sign-in goes on. Posts
/// `agree`, or `decision=deny`.
#[derive(Clone, Debug, Template)]
#[template(path = "agreements.html")]
pub struct AgreementsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Who agrees.
    pub person: Person,
    /// What is agreed to.
    pub documents: Vec<Agreement>,
}
