//! Redirection URIs: which may be registered, and which presented text is the
//! registered one. Also for `post_logout_redirect_uris`.
//!
//! Comparison is byte for byte, before any normalising (RFC 9700 §4.1.3). The
//! one exception is the port of a native application's loopback address
//! (RFC 8252 §7.3).

use url::{Host, Url};

/// Longest URI, in bytes.
const MAX_LEN: usize = 2_048;
/// The loopback addresses whose port a native application may choose.
const NATIVE_LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Kind of the client (OpenID Connect Dynamic Client Registration 1.0 §2).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on the person's device: claimed https, own scheme or loopback address.
    Native,
    /// Runs on a server or in a browser: https, or http on this machine.
    #[default]
    Web,
}

/// A URI that a client registered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegisteredRedirectUri {
    text: String,
    /// Set for a native loopback URI: what stands before and after the port.
    loopback: Option<(&'static str, String)>,
}

/// Why a URI may not be registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RedirectUriError {
    /// Longer than 2048 bytes.
    #[error("is longer than 2048 bytes")]
    TooLong,
    /// A space, control, quote, backslash, bracket or character beyond ASCII.
    #[error("has a character that a URI may not have")]
    Characters,
    /// A fragment (RFC 6749 §3.1.2).
    #[error("has a fragment")]
    Fragment,
    /// Not `scheme:…`.
    #[error("is not an absolute URI")]
    NotAbsolute,
    /// A scheme that this kind of client may not use.
    #[error("has a scheme that this application_type may not use")]
    Scheme,
    /// A user name before the host.
    #[error("has a user name before its host")]
    UserInfo,
    /// No host, or one that browsers read otherwise than it is written.
    #[error("has no plain host")]
    Host,
    /// http to somewhere else than this machine.
    #[error("uses http beyond the loopback address")]
    PlainHttp,
}

impl RegisteredRedirectUri {
    /// Checks a URI for registration.
    pub fn parse(text: &str, application_type: ApplicationType) -> Result<Self, RedirectUriError> {
        if text.len() > MAX_LEN {
            return Err(RedirectUriError::TooLong);
        }
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        if !text.bytes().all(is_uri_byte) {
            return Err(RedirectUriError::Characters);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectUriError::NotAbsolute)?;
        if !is_scheme(scheme) || rest.is_empty() {
            return Err(RedirectUriError::NotAbsolute);
        }
        let scheme = scheme.to_ascii_lowercase();
        match (scheme.as_str(), application_type) {
            ("https", _) => web_host(text, rest).map(drop)?,
            ("http", ApplicationType::Web) => check_loopback(&web_host(text, rest)?)?,
            ("http", ApplicationType::Native) => check_native_loopback(text, &web_host(text, rest)?)?,
            (_, ApplicationType::Web) => return Err(RedirectUriError::Scheme),
            (own, ApplicationType::Native) => check_own_scheme(own, rest)?,
        }
        let loopback = match application_type {
            ApplicationType::Native => split_loopback(text).map(|(host, _, rest)| (host, rest.to_owned())),
            ApplicationType::Web => None,
        };
        Ok(Self { text: text.to_owned(), loopback })
    }

    /// Is `presented` this URI? Byte for byte, but for the port of a native loopback URI.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        if presented == self.text {
            return true;
        }
        let (Some((host, rest)), Some(presented)) = (&self.loopback, split_loopback(presented)) else {
            return false;
        };
        presented.0 == *host && presented.1.is_none_or(is_port) && presented.2 == rest
    }

    /// The text as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Splits `http://127.0.0.1:port/rest` of the raw text; `None` for other hosts.
fn split_loopback(text: &str) -> Option<(&'static str, Option<&str>, &str)> {
    let host = NATIVE_LOOPBACK.into_iter().find(|host| text.starts_with(host))?;
    let after = text.strip_prefix(host)?;
    let Some(port_on) = after.strip_prefix(':') else { return Some((host, None, after)) };
    let digits = port_on.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = port_on.split_at_checked(digits)?;
    Some((host, Some(port), rest))
}

fn is_port(text: &str) -> bool {
    !text.starts_with('0') && text.parse::<u16>().is_ok()
}

/// Visible ASCII but for what no URI has (RFC 3986 §2).
const fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn authority(rest: &str) -> Option<&str> {
    rest.strip_prefix("//").map(|after| after.split(['/', '?']).next().unwrap_or_default())
}

/// The host of an http or https URI, read from the raw authority and by the
/// parser that browsers share, so that both see the same one.
fn web_host(text: &str, rest: &str) -> Result<Host<String>, RedirectUriError> {
    let authority = authority(rest).ok_or(RedirectUriError::Host)?;
    if authority.contains('@') {
        return Err(RedirectUriError::UserInfo);
    }
    if authority.contains(['%', '*']) {
        return Err(RedirectUriError::Host);
    }
    let url = Url::parse(text).ok().ok_or(RedirectUriError::Host)?;
    let host = url.host().ok_or(RedirectUriError::Host)?.to_owned();
    let plain = authority.to_ascii_lowercase().starts_with(&host.to_string());
    if plain { Ok(host) } else { Err(RedirectUriError::Host) }
}

fn check_loopback(host: &Host<String>) -> Result<(), RedirectUriError> {
    let local = match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    if local { Ok(()) } else { Err(RedirectUriError::PlainHttp) }
}

/// A native application listens on the address, not on a name that a resolver
/// may send elsewhere (RFC 8252 §8.3).
fn check_native_loopback(text: &str, host: &Host<String>) -> Result<(), RedirectUriError> {
    let named = matches!(host, Host::Domain(_));
    let starts = split_loopback(text).is_some_and(|(_, _, rest)| rest.is_empty() || rest.starts_with(['/', '?']));
    if starts && !named { Ok(()) } else { Err(RedirectUriError::PlainHttp) }
}

/// A scheme of the application's own is a reversed domain name (RFC 8252 §7.1).
/// The dot keeps out every scheme that a browser acts on by itself:
/// `javascript`, `data`, `vbscript`, `blob`, `file` (hostile case AZ-11).
fn check_own_scheme(scheme: &str, rest: &str) -> Result<(), RedirectUriError> {
    if !scheme.contains('.') {
        return Err(RedirectUriError::Scheme);
    }
    if authority(rest).is_some_and(|authority| authority.contains('@')) {
        return Err(RedirectUriError::UserInfo);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
