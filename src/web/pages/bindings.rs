//! What is bound to an account.

use askama::Template;

use super::chooser::used;
use super::chrome::{Chrome, Form};
use super::locale::Locale;
use super::people::Person;
use super::upstream;
use crate::authn::Provider;
use crate::base::Timestamp;
use crate::flow::ProofAge;

/// One identity that is bound.
#[derive(Clone, Debug)]
pub struct BindingRow {
    /// What its "unlink" button sends.
    pub handle: String,
    /// The login method's name.
    pub method: String,
    /// What the configuration calls the vendor, if it does.
    pub label: Option<String>,
    /// What the person is called there.
    pub name: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Seconds since it signed somebody in, if that is known.
    pub idle: Option<u64>,
}

impl BindingRow {
    fn vendor(&self, locale: Locale) -> &str {
        self.label.as_deref().unwrap_or_else(|| upstream::name(Provider::of(&self.method), locale))
    }

    fn used(&self, locale: Locale) -> String {
        used(locale, self.idle)
    }

    /// The day (UTC), `2026-03-01`.
    fn day(&self) -> String {
        self.since.to_string().chars().take_while(|c| *c != 'T').collect()
    }
}

/// `/me/bindings`. Posts `unbind=<handle>`.
#[derive(Clone, Debug, Template)]
#[template(path = "bindings.html")]
pub struct BindingsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// To whom they are bound.
    pub person: Person,
    /// The identities, oldest first.
    pub rows: Vec<BindingRow>,
    /// Whether a button works by itself.
    pub proof: ProofAge,
    /// To `/me/sessions` of this account.
    pub sessions_href: String,
    /// To `/me/apps` of this account.
    pub apps_href: String,
    /// Back to `/accounts`.
    pub back_href: String,
}

impl BindingsPage {
    fn asks_for_proof(&self) -> bool {
        self.proof == ProofAge::Old
    }
}
