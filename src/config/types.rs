//! Values with rules of their own: the issuer, the database's URL, the
//! key-encryption key.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Url};

use super::value::{Raw, Reason, Setting, quoted};
use crate::base::Secret;

/// The issuer: the name of this provider, byte for byte, and the one source of
/// its public URLs (OpenID Connect Discovery §3: no query, no fragment).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer {
    text: String,
    authority: String,
    https: bool,
    loopback: bool,
}

impl Issuer {
    /// Reads an issuer; the text is kept exactly.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_bad| "is not a URL".to_owned())?;
        let https = url.scheme() == "https";
        let refuse = |reason: &str| Err(reason.to_owned());
        if !https && url.scheme() != "http" {
            return refuse("must begin with https:// (or http:// on a loopback host)");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not hold a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("must not have a query or a fragment");
        }
        if text.ends_with('/') {
            return refuse("must not end with a slash");
        }
        if url.path() != "/" {
            return refuse("must not have a path");
        }
        let loopback = is_loopback(url.host().as_ref());
        if !https && !loopback {
            return refuse("plain http is for a loopback host alone");
        }
        let origin = url.origin().ascii_serialization();
        if origin != text {
            return refuse("is not in its canonical form (lower case, no default port)");
        }
        let authority = origin.split_once("://").map(|(_, authority)| authority.to_owned()).unwrap_or_default();
        Ok(Self { text: origin, authority, https, loopback })
    }

    /// The issuer as it stands in every document and token; no trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port as a `Host` header names them (no default port).
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether browsers speak TLS to us, with us or with a proxy before us.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the host is this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }
}

fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => *name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(*address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(*address).is_loopback(),
        None => false,
    }
}

impl Setting for Issuer {
    const KIND: &'static str = "URL without path, as \"https://id.example.com\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        Self::parse(&String::parse(raw)?)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.text))
    }
}

/// Where a vendor's API begins: https, or plain http on a loopback host (a
/// simulator); without user, query and fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads one.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_bad| "is not a URL".to_owned())?;
        let loopback = url.scheme() == "http" && is_loopback(url.host().as_ref());
        if url.scheme() != "https" && !loopback {
            return Err("must begin with https:// (or http:// on a loopback host)".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not have a query or a fragment".to_owned());
        }
        Ok(Self(url))
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl Setting for BaseUrl {
    const KIND: &'static str = "URL, https or http on a loopback host";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        Self::parse(&String::parse(raw)?)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self.0.as_str()))
    }
}

/// Which database a URL names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DatabaseKind {
    /// `sqlite:PATH`.
    Sqlite,
    /// `postgres://…` or `postgresql://…`.
    Postgres,
}

/// The database's URL; it may hold a password, so it cannot be formatted.
#[derive(Clone)]
pub struct DatabaseUrl {
    kind: DatabaseKind,
    text: Secret<String>,
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kind = if let Some(path) = text.strip_prefix("sqlite:") {
            if path.is_empty() || path.starts_with("//") {
                return Err("a SQLite URL is sqlite:PATH".to_owned());
            }
            DatabaseKind::Sqlite
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Url::parse(text).map_err(|_bad| "is not a URL".to_owned())?;
            DatabaseKind::Postgres
        } else {
            return Err("must begin with sqlite: or postgres://".to_owned());
        };
        Ok(Self { kind, text: Secret::new(text.to_owned()) })
    }

    /// Which database it is.
    #[must_use]
    pub const fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// The whole URL, with its password.
    #[must_use]
    pub const fn expose(&self) -> &Secret<String> {
        &self.text
    }

    /// The path of a SQLite file; `None` for PostgreSQL.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&str> {
        self.text.expose().strip_prefix("sqlite:")
    }

    /// The URL for people: the password, and every parameter, hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let text = self.text.expose();
        let Some(mut url) = Url::parse(text).ok().filter(|_| self.kind == DatabaseKind::Postgres) else {
            return text.clone();
        };
        if url.password().is_some() && url.set_password(Some("********")).is_err() {
            return "postgres://********".to_owned();
        }
        if url.query().is_some() {
            url.set_query(Some("********"));
        }
        url.to_string()
    }
}

impl Setting for DatabaseUrl {
    const KIND: &'static str = "URL, \"sqlite:PATH\" or \"postgres://…\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        Self::parse(&String::parse(raw)?)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.masked()))
    }
}

/// The key-encryption key: 32 bytes, from which every other key is derived.
#[derive(Clone)]
pub struct KeyEncryptionKey(Secret<[u8; 32]>);

impl KeyEncryptionKey {
    /// Reads standard base64 of exactly 32 bytes; surrounding space is ignored.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || "expected: base64 of 32 bytes".to_owned();
        let bytes = STANDARD.decode(text.trim()).map_err(|_bad| expected())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_bad| expected())?;
        if bytes == [0; 32] {
            return Err("is all zeros".to_owned());
        }
        Ok(Self(Secret::new(bytes)))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl Setting for KeyEncryptionKey {
    const KIND: &'static str = "base64 of 32 bytes, secret";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        Self::parse(&String::parse(raw)?)
    }

    fn show(&self) -> Option<String> {
        Some(quoted("********"))
    }
}
