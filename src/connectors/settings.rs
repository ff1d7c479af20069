//! How connectors read their part of `[login.<method>]`, and how they describe
//! it on the reference page.

use url::Url;

use crate::base::Secret;
use crate::config::{ConfigError, Key, MethodSection};

/// A text.
pub(super) const fn text(name: &'static str, default: &'static str, meaning: &'static [&'static str]) -> Key {
    Key { name, kind: "text", default, meaning }
}

/// A secret text.
pub(super) const fn secret(name: &'static str, meaning: &'static [&'static str]) -> Key {
    Key { name, kind: "text, secret", default: "", meaning }
}

/// Where a vendor's pages or API begin.
pub(super) const fn url(name: &'static str, default: &'static str, meaning: &'static [&'static str]) -> Key {
    Key { name, kind: "URL, https or http on a loopback host", default, meaning }
}

/// A base URL, or the vendor's own.
pub(super) fn base(section: &MethodSection, key: &str, default: &str) -> Result<Url, ConfigError> {
    match section.url(key)? {
        Some(url) => Ok(url),
        None => Url::parse(default).map_err(|error| ConfigError::new(section.key(key), error)),
    }
}

/// An identifier and its secret: both, or neither.
pub(super) fn pair(
    section: &MethodSection,
    id: &str,
    secret: &str,
) -> Result<Option<(String, Secret<String>)>, ConfigError> {
    match (section.text(id)?, section.secret(secret)?) {
        (Some(id), Some(secret)) => Ok(Some((id, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::new(section.key(secret), format!("is needed beside {id}"))),
        (None, Some(_)) => Err(ConfigError::new(section.key(id), format!("is needed beside {secret}"))),
    }
}

/// Refuses what is not among the keys.
pub(super) fn refuse_unknown(section: &MethodSection, keys: &[&[Key]]) -> Result<(), ConfigError> {
    let known: Vec<&str> = keys.iter().flat_map(|keys| keys.iter()).map(|key| key.name).collect();
    section.refuse_unknown(&known)
}

/// A path behind a base, whether the base ends with a slash or not.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}
