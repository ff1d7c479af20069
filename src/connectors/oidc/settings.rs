//! `[login.oidc.<name>]`: one upstream provider each.

use super::super::settings;
use crate::base::Secret;
use crate::config::{BaseUrl, ConfigError, Key, MethodSection};

/// How we say who we are at the token endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OidcClientAuth {
    /// As the provider says it likes, by header if it does not say.
    Auto,
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
}

/// One upstream provider.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its name in addresses and bindings' pages.
    pub name: String,
    /// Its issuer, byte for byte.
    pub issuer: String,
    /// We, as it knows us.
    pub client_id: String,
    /// Our secret there; `None`: we are a public client.
    pub client_secret: Option<Secret<String>>,
    /// How we say who we are.
    pub client_auth: OidcClientAuth,
    /// What is asked for; always with `openid`.
    pub scopes: Vec<String>,
    /// What its button says, in Chinese.
    pub label: String,
    /// What its button says, in English.
    pub label_en: String,
}

impl OidcSettings {
    /// What is read of each section.
    pub const KEYS: &'static [Key] = &[
        settings::text("issuer", "", &["Issuer of the provider, byte for byte as it names itself."]),
        settings::text("client_id", "", &["We, as the provider knows us."]),
        settings::secret("client_secret", &["Our secret there. Not set: we are a public client."]),
        settings::text("client_auth", "auto", &["`basic`, `post`, or `auto`: as the provider says it likes."]),
        Key {
            name: "scopes",
            kind: "list of texts",
            default: r#"["openid", "profile"]"#,
            meaning: &["What is asked for; `openid` is added when it lacks."],
        },
        settings::text("label", "", &["What its button says. Not set: its name."]),
        settings::text("label_en", "", &["The same in English. Not set: as `label`."]),
    ];

    /// Reads every provider below `[login.oidc]` that is not switched off.
    ///
    /// # Errors
    /// The key that is wrong, unknown or missing.
    pub fn read_all(section: &MethodSection) -> Result<Vec<Self>, ConfigError> {
        let (own, below) = section.split()?;
        own.refuse_unknown(&[])?;
        let on = below.into_iter().filter(|(_name, section)| section.enabled() != Some(false));
        on.map(|(name, section)| Self::read(name, &section)).collect()
    }

    fn read(name: String, section: &MethodSection) -> Result<Self, ConfigError> {
        settings::refuse_unknown(section, &[Self::KEYS])?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(ConfigError::new(section.key("issuer"), "the name of a provider is a-z, 0-9, - and _"));
        }
        let needed = |key: &str| section.text(key)?.ok_or_else(|| ConfigError::new(section.key(key), "is needed"));
        let issuer = needed("issuer")?;
        BaseUrl::parse(&issuer).map_err(|reason| ConfigError::new(section.key("issuer"), reason))?;
        let mut scopes = section.list("scopes")?.unwrap_or_else(|| vec!["openid".to_owned(), "profile".to_owned()]);
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        let client_auth = match section.text("client_auth")?.as_deref() {
            None | Some("auto") => OidcClientAuth::Auto,
            Some("basic") => OidcClientAuth::Basic,
            Some("post") => OidcClientAuth::Post,
            Some(_) => return Err(ConfigError::new(section.key("client_auth"), "expected: auto, basic or post")),
        };
        let label = section.text("label")?.unwrap_or_else(|| name.clone());
        let label_en = section.text("label_en")?.unwrap_or_else(|| label.clone());
        let (client_id, client_secret) = (needed("client_id")?, section.secret("client_secret")?);
        Ok(Self { name, issuer, client_id, client_secret, client_auth, scopes, label, label_en })
    }
}
