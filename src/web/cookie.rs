//! The browser's cookie (contract: "Cookie and lifetimes"), and the one that
//! remembers a language.

use actix_web::http::header::{COOKIE, HeaderMap};

/// How long a browser keeps the cookie; what it is worth is decided by the
/// sign-ins behind it.
const KEPT: u64 = 180 * 24 * 60 * 60;
/// Name of the cookie that remembers the language that was picked.
const LANGUAGE: &str = "menshen_language";

/// Name and flags of the browser's cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cookie {
    /// Over https: `__Host-` (RFC 6265bis §4.1.3.2).
    Host,
    /// Over http, with a loopback issuer only.
    Loopback,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Host => "__Host-menshen",
            Self::Loopback => "menshen",
        }
    }

    const fn secure(self) -> &'static str {
        match self {
            Self::Host => "; Secure",
            Self::Loopback => "",
        }
    }

    /// The value that the browser sent. With two of the name none is honoured:
    /// one of them was planted.
    #[must_use]
    pub fn read(self, headers: &HeaderMap) -> Option<String> {
        only(headers, self.name())
    }

    /// The header that hands a value to the browser.
    #[must_use]
    pub fn set(self, value: &str) -> String {
        format!("{}={value}; Path=/; Max-Age={KEPT}; HttpOnly; SameSite=Lax{}", self.name(), self.secure())
    }

    /// The language that was picked in this browser.
    #[must_use]
    pub fn language(headers: &HeaderMap) -> Option<String> {
        only(headers, LANGUAGE)
    }

    /// The header that remembers a language.
    #[must_use]
    pub fn set_language(self, tag: &str) -> String {
        format!("{LANGUAGE}={tag}; Path=/; Max-Age={KEPT}; HttpOnly; SameSite=Lax{}", self.secure())
    }
}

/// The value of a cookie that was sent exactly once.
fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(COOKIE).filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name);
    let value = values.next().map(|(_, value)| value.to_owned());
    value.filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn sent(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_that_came_twice_is_not_honoured() {
        assert_eq!(Cookie::Loopback.read(&sent(&["a=b; menshen=x"])), Some("x".to_owned()));
        assert_eq!(Cookie::Loopback.read(&sent(&["menshen=x; menshen=y"])), None);
        assert_eq!(Cookie::Loopback.read(&sent(&["menshen=x", "menshen=x"])), None);
        assert_eq!(Cookie::Host.read(&sent(&["menshen=x"])), None);
    }

    #[test]
    fn over_https_the_cookie_is_of_this_host_alone() {
        let set = Cookie::Host.set("v");
        for flag in ["__Host-menshen=v", "; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"] {
            assert!(set.contains(flag), "{set}");
        }
        assert!(!set.contains("Domain") && !Cookie::Loopback.set("v").contains("Secure"));
    }
}
