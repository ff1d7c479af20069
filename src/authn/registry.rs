//! The login methods that there are, and those that are switched on.

use std::sync::Arc;

use super::attempt::Attempt;
use super::authenticator::{Authenticator, Progress};
use super::codes::Codes;
use super::hashing::Passwords;
use super::methods::{alipay, iam_user, oidc, one_tap, password, sms, sub_account, taobao, wechat};
use super::rejection::{AuthnError, Rejection};
use super::shortlist::Shortlist;
use super::throttle::Throttle;
use super::upstream::Upstream;
use crate::config::reference::SectionReference;
use crate::config::{ConfigError, Key, Login, MethodSection};
use crate::connectors::Wire;
use crate::keys::MacKey;
use crate::keys::contacts::ContactKeys;
use crate::store::Store;

/// Every login method, one line each, in the usual order of the page.
pub const ENTRIES: &[Entry] = &[
    password::ENTRY,
    sms::ENTRY,
    sub_account::ENTRY,
    iam_user::ENTRY,
    wechat::ENTRY,
    alipay::ENTRY,
    taobao::ENTRY,
    oidc::ENTRY,
    one_tap::ENTRY,
];

/// The methods' own settings, for the reference page.
#[must_use]
pub fn sections() -> Vec<SectionReference> {
    let with_keys = ENTRIES.iter().filter(|entry| !entry.keys.is_empty());
    let about = &["Settings of this login method, beside `enabled`."];
    with_keys.map(|entry| SectionReference { name: format!("login.{}", entry.name), about, keys: entry.keys }).collect()
}

/// One login method: its name and how it is built from its own section
/// `[login.<name>]`.
pub struct Entry {
    /// Its name in configuration, sign-in rows and audit.
    pub name: &'static str,
    /// Its own settings, besides `enabled`; none where a connector declares them
    /// (`connectors::reference`), so that each key is described once.
    pub keys: &'static [Key],
    /// Builds it; a method refuses settings that it does not have.
    pub build: Build,
}

/// Builds what a section asks for: one method as a rule, none of a vendor
/// without credentials, several where the section has sections of its own.
pub type Build = fn(&MethodSection, &Deps) -> Result<Vec<Arc<dyn Authenticator>>, ConfigError>;

/// What login methods are built from. `app` makes it once.
#[derive(Clone)]
pub struct Deps {
    /// The database.
    pub store: Store,
    /// Finds people by contact.
    pub contacts: ContactKeys,
    /// Compares passwords.
    pub passwords: Passwords,
    /// Counts guesses.
    pub throttle: Throttle,
    /// One-time codes.
    pub codes: Codes,
    /// Key of the rows that stand for no account, and of handles.
    pub decoys: Arc<MacKey>,
    /// What upstream methods share.
    pub upstream: Upstream,
    /// Calls to vendors.
    pub wire: Wire,
    /// Hashes that a login by phone costs: accounts that one number may have.
    pub accounts_per_phone: usize,
    /// Country code of numbers written without one (`+86`).
    pub default_country: String,
    /// Our own domain: `alice@acme.<domain>` is `alice@acme`.
    pub own_domain: Option<String>,
    /// Whether text messages can be sent at all.
    pub sends_sms: bool,
}

/// The methods that are switched on, in the order of the page.
#[derive(Clone)]
pub struct Registry(Vec<Arc<dyn Authenticator>>);

impl Registry {
    /// Builds what the configuration switches on.
    ///
    /// # Errors
    /// The first key that names no method, or that a method refuses.
    pub fn from_config(login: &Login, deps: &Deps) -> Result<Self, ConfigError> {
        let names: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
        login.refuse_unknown(&names)?;
        let rank = |entry: &&Entry| login.order.iter().position(|name| name == entry.name).unwrap_or(usize::MAX);
        let mut entries: Vec<&Entry> = ENTRIES.iter().collect();
        entries.sort_by_key(rank);
        let mut methods = Vec::new();
        for entry in entries {
            let section = login.method(entry.name);
            let built = (entry.build)(&section, deps)?;
            if section.enabled().unwrap_or(true) {
                methods.extend(built);
            }
        }
        Ok(Self(methods))
    }

    /// The method of this name, when it is on.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&dyn Authenticator> {
        self.iter().find(|method| method.method().name == name)
    }

    /// Those that are on, in the order of the page.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Authenticator> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Takes the choice among several accounts for which one proof was right.
    ///
    /// # Errors
    /// The store could not answer.
    pub async fn choose(&self, attempt: &Attempt<'_>, list: &Shortlist, handle: &str) -> Result<Progress, AuthnError> {
        match self.find(list.method()) {
            Some(method) => method.choose(attempt, list, handle).await,
            None => Ok(Progress::Rejected(Rejection::SelectRequired)),
        }
    }
}
