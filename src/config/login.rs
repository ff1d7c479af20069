//! `[login]` and `[login.<method>]`: login methods.
//!
//! Which methods exist is known to the registry of `authn`, not here: what is
//! given below `[login.<method>]` is kept as it is, the registry refuses names
//! that it does not have ([`Login::refuse_unknown`]) and each method takes its
//! own settings from its [`MethodSection`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use super::error::{ConfigError, require};
use super::section::{Key, Section, section};
use super::source::Values;
use super::types::BaseUrl;
use super::value::{Raw, Setting};
use crate::base::Secret;

section! {
    /// Login methods. Each has a section of its own, `[login.<method>]`, with at least `enabled`.
    /// What those of vendors have beside it stands in docs/reference/vendors.md.
    General = "login" {
        /// Methods in the order of the page; those not named follow in their usual order.
        order: Vec<String> = "[]",
        /// Accounts that one phone number may have. A login by phone always costs so many hashes.
        max_accounts_per_phone: u32 = "5",
        /// Country code of a phone number that is written without one.
        default_country: String = r#""+86""#,
        /// Client whose `initiate_login_uri` follows a login that no client asked for; without it the account page does.
        default_client: Option<String> = "",
    }
    check(login) {
        let accounts = login.max_accounts_per_phone;
        require("login.max_accounts_per_phone", (1..=10).contains(&accounts), "must be 1 to 10")?;
        let digits = login.default_country.strip_prefix('+').unwrap_or_default();
        let code = (1..=3).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        require("login.default_country", code, "expected: plus sign and one to three digits")
    }
}

/// `[login]` with the sections of the methods below it.
#[derive(Clone)]
pub struct Login {
    /// Methods in the order of the page; those not named follow in their usual order.
    pub order: Vec<String>,
    /// Accounts that one phone number may have.
    pub max_accounts_per_phone: u32,
    /// Country code of a phone number that is written without one, as `+86`.
    pub default_country: String,
    /// Client that a login without a client ends at.
    pub default_client: Option<String>,
    methods: BTreeMap<String, MethodSection>,
}

impl Section for Login {
    const NAME: &'static str = General::NAME;
    const ABOUT: &'static [&'static str] = General::ABOUT;
    const KEYS: &'static [Key] = General::KEYS;

    fn read(values: &Values) -> Result<Self, ConfigError> {
        let general = General::read(values)?;
        general.check()?;
        let methods = values
            .below(Self::NAME)
            .into_iter()
            .map(|(name, given)| MethodSection::read(&name, given).map(|section| (name, section)))
            .collect::<Result<_, _>>()?;
        let General { order, max_accounts_per_phone, default_country, default_client } = general;
        Ok(Self { order, max_accounts_per_phone, default_country, default_client, methods })
    }

    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    fn show(&self) -> Vec<(String, Option<String>)> {
        let mut lines = vec![
            ("order".to_owned(), self.order.show()),
            ("max_accounts_per_phone".to_owned(), self.max_accounts_per_phone.show()),
            ("default_country".to_owned(), self.default_country.show()),
            ("default_client".to_owned(), self.default_client.show()),
        ];
        for (name, section) in &self.methods {
            lines.push((format!("{name}.enabled"), section.enabled.show()));
            // Whether a setting is a secret only its method knows: none is shown.
            let hidden = section.settings.keys().map(|key| (format!("{name}.{key}"), Some("\"********\"".to_owned())));
            lines.extend(hidden);
        }
        lines
    }
}

impl Login {
    /// The section of one method; an empty one when nothing is given.
    #[must_use]
    pub fn method(&self, name: &str) -> MethodSection {
        self.methods.get(name).cloned().unwrap_or_else(|| MethodSection::empty(name))
    }

    /// Refuses sections, and names in `order`, of methods that do not exist.
    ///
    /// # Errors
    /// The first name that is not in `known`.
    pub fn refuse_unknown(&self, known: &[&str]) -> Result<(), ConfigError> {
        if let Some(name) = self.methods.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(ConfigError::new(format!("login.{name}"), "no such login method"));
        }
        let ordered = self.order.iter().all(|name| known.contains(&name.as_str()));
        require("login.order", ordered, "names a login method that does not exist")
    }
}

/// What is given for one login method.
#[derive(Clone)]
pub struct MethodSection {
    name: String,
    enabled: Option<bool>,
    settings: BTreeMap<String, Raw>,
}

impl MethodSection {
    fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), enabled: None, settings: BTreeMap::new() }
    }

    fn read(name: &str, mut given: BTreeMap<String, Raw>) -> Result<Self, ConfigError> {
        let enabled = given.remove("enabled").map(|raw| bool::parse(&raw)).transpose();
        let enabled = enabled.map_err(|reason| ConfigError::new(format!("login.{name}.enabled"), reason))?;
        Ok(Self { name: name.to_owned(), enabled, settings: given })
    }

    /// Whether the method is switched on or off here; `None`: as the method decides.
    #[must_use]
    pub const fn enabled(&self) -> Option<bool> {
        self.enabled
    }

    /// Refuses settings that the method does not have.
    ///
    /// # Errors
    /// The first key that is not in `known`.
    pub fn refuse_unknown(&self, known: &[&str]) -> Result<(), ConfigError> {
        match self.settings.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(ConfigError::new(format!("login.{}.{key}", self.name), "no such key")),
            None => Ok(()),
        }
    }

    /// A text among the method's settings.
    ///
    /// # Errors
    /// The key, when its value is not a text.
    pub fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.setting(key)
    }

    /// A secret text among the method's settings.
    ///
    /// # Errors
    /// The key, when its value is not a text.
    pub fn secret(&self, key: &str) -> Result<Option<Secret<String>>, ConfigError> {
        self.setting(key)
    }

    /// A yes or no among the method's settings.
    ///
    /// # Errors
    /// The key, when its value is neither.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.setting(key)
    }

    /// A list of texts among the method's settings.
    ///
    /// # Errors
    /// The key, when its value is no such list.
    pub fn list(&self, key: &str) -> Result<Option<Vec<String>>, ConfigError> {
        self.setting(key)
    }

    /// A file among the method's settings.
    ///
    /// # Errors
    /// The key, when its value is no path.
    pub fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        self.setting(key)
    }

    /// A URL among the method's settings: https, or http on a loopback host;
    /// without user, query and fragment.
    ///
    /// # Errors
    /// The key, when its value is none.
    pub fn url(&self, key: &str) -> Result<Option<Url>, ConfigError> {
        let base: Option<BaseUrl> = self.setting(key)?;
        Ok(base.map(|base| base.url().clone()))
    }

    /// The dotted name of one of the settings, for a reason of the method's own.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        format!("login.{}.{key}", self.name)
    }

    /// The name of the section below `login`; `oidc.corp` for a section below `[login.oidc]`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether nothing but `enabled` is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The sections below this one, as `[login.oidc.corp]` is below `[login.oidc]`,
    /// by their names; and this section without them.
    ///
    /// # Errors
    /// The key, when `enabled` of one of them is neither true nor false.
    pub fn split(&self) -> Result<(Self, BTreeMap<String, Self>), ConfigError> {
        let (mut own, mut below) = (BTreeMap::new(), BTreeMap::<String, BTreeMap<String, Raw>>::new());
        for (key, raw) in &self.settings {
            match key.split_once('.') {
                Some((name, key)) => below.entry(name.to_owned()).or_default().insert(key.to_owned(), raw.clone()),
                None => own.insert(key.clone(), raw.clone()),
            };
        }
        let read = |(name, given)| Self::read(&format!("{}.{name}", self.name), given).map(|section| (name, section));
        let below = below.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok((Self { settings: own, ..self.clone() }, below))
    }

    fn setting<T: Setting>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        let Some(raw) = self.settings.get(key) else { return Ok(None) };
        Option::parse(raw).map_err(|reason| ConfigError::new(self.key(key), format!("{reason}{}", raw.origin())))
    }
}
