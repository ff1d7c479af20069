//! Who somebody is at a vendor: the keys by which a binding is found.

use serde::{Deserialize, Serialize};

use super::error::VendorError;

/// The longest value of a key, in bytes; OpenID Connect Core §2 allows 255 for `sub`.
const MAX_VALUE_LEN: usize = 255;
/// The longest name that is shown, in characters.
const MAX_NAME_LEN: usize = 64;
/// What vendors write where they have no identifier.
const NOBODY: [&str; 6] = ["null", "0", "-1", "undefined", "none", "nan"];

/// One name of one person at one vendor: (provider, app, kind, value).
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct IdentityKey {
    /// The vendor, as `wechat`; `oidc` for upstream providers.
    pub provider: String,
    /// The app or issuer within which the value names one person; `None`: the whole vendor.
    pub app: Option<String>,
    /// What the value is, as `unionid` or `sub`.
    pub kind: String,
    /// The value.
    pub value: String,
}

impl IdentityKey {
    /// A key, unless the value is one that vendors give to nobody.
    #[must_use]
    pub fn new(provider: &str, app: Option<&str>, kind: &str, value: &str) -> Option<Self> {
        let nobody = NOBODY.iter().any(|word| word.eq_ignore_ascii_case(value));
        let odd = value.chars().any(|c| c.is_control() || c.is_whitespace());
        if value.is_empty() || nobody || odd || value.len() > MAX_VALUE_LEN {
            return None;
        }
        Some(Self {
            provider: provider.to_owned(),
            app: app.map(str::to_owned),
            kind: kind.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// A person as a vendor knows them. There is always a key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UpstreamIdentity {
    keys: Vec<IdentityKey>,
    display_name: Option<String>,
}

impl UpstreamIdentity {
    /// Somebody with these keys, the best first.
    ///
    /// # Errors
    /// Malformed, when the vendor gave none.
    pub fn new(
        vendor: &'static str,
        keys: impl IntoIterator<Item = Option<IdentityKey>>,
        display_name: Option<&str>,
    ) -> Result<Self, VendorError> {
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        if keys.is_empty() {
            return Err(VendorError::malformed(vendor, "it names nobody"));
        }
        Ok(Self { keys, display_name: display_name.and_then(name_to_show) })
    }

    /// The keys, the best first; never empty.
    #[must_use]
    pub fn keys(&self) -> &[IdentityKey] {
        &self.keys
    }

    /// What the person is called there: to show, never to find anybody by.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }
}

/// A name without control characters and without those that turn the text
/// around it (Unicode's bidirectional controls), of bounded length.
fn name_to_show(name: &str) -> Option<String> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = name.chars().filter(|c| !c.is_control() && !turns(*c)).take(MAX_NAME_LEN).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wx_07_a_value_that_names_nobody_is_no_key() {
        for value in ["", "null", "NULL", "0", "-1", "undefined", "a b", "a\n", " ", &"x".repeat(256)] {
            assert_eq!(IdentityKey::new("wechat", None, "unionid", value), None, "{value}");
        }
        assert!(IdentityKey::new("wechat", None, "unionid", "o6_bmasdasdsad6_2sgVt7hMZOPfL").is_some());
        assert!(UpstreamIdentity::new("wechat", [None], Some("小明")).is_err());
    }

    #[test]
    fn a_name_cannot_turn_the_page_around() {
        let named = |name| {
            let key = IdentityKey::new("wechat", None, "unionid", "u");
            UpstreamIdentity::new("wechat", [key], Some(name)).unwrap().display_name().map(str::to_owned)
        };
        assert_eq!(named("\u{202e}小明\u{7}\n🐉"), Some("小明🐉".to_owned()));
        assert_eq!(named("\u{200f} \t"), None);
        assert_eq!(named(&"x".repeat(500)).unwrap().len(), MAX_NAME_LEN);
    }
}
