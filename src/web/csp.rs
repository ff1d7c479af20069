//! The headers of every HTML page, and its Content-Security-Policy.
//!
//! Pages carry no inline script or style and load nothing from elsewhere
//! (hostile-cases AZ-31, WB-02). What varies is where a form may end.

use url::Url;

/// Headers of every HTML answer, whatever its status. The policy itself comes
/// from [`page`] or [`form_post`]; HSTS is added by `web` where TLS ends.
///
/// The header says `no-referrer`; inside a page a `<meta name="referrer">`
/// relaxes it to `same-origin`, because browsers send `Origin: null` with a
/// form's POST under `no-referrer` (Fetch, "append a request Origin header"),
/// and our own forms must show their origin. Nothing reaches another origin.
pub const PAGE_HEADERS: [(&str, &str); 7] = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

const BASE: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page. `redirect_uri` is the verified address to which the
/// interaction will return, `None` outside of one.
///
/// Chromium holds every redirect that follows a form's POST against
/// `form-action`: the one to the client, and those that the client itself
/// makes from its callback to wherever its own pages live. We cannot know the
/// latter, so the scheme is named and not the origin.
pub fn page(redirect_uri: Option<&str>) -> String {
    match redirect_uri.and_then(scheme) {
        Some(scheme) => format!("{BASE}; form-action 'self' {scheme}:"),
        None => format!("{BASE}; form-action 'self'"),
    }
}

/// The policy of a page that shows one vendor's page in a frame (architecture:
/// "WeChat panel"); `origin` is of the configuration.
pub fn panel(redirect_uri: Option<&str>, origin: Option<&str>) -> String {
    match origin {
        Some(origin) => format!("{}; frame-src {origin}", page(redirect_uri)),
        None => page(redirect_uri),
    }
}

/// The policy of the page that posts an authorization response to its client
/// (OAuth 2.0 Form Post Response Mode): our one script, and no way back to us.
pub fn form_post(redirect_uri: &str) -> String {
    match scheme(redirect_uri) {
        Some(scheme) => format!("{BASE}; script-src 'self'; form-action {scheme}:"),
        None => format!("{BASE}; form-action 'none'"),
    }
}

/// The policy of the page after a sign-out: what clients registered is loaded
/// in frames, from their origins and nowhere else.
pub fn signed_out(frames: &[String]) -> String {
    let mut origins: Vec<_> = frames.iter().filter_map(|frame| origin(frame)).collect();
    origins.sort();
    origins.dedup();
    let base = page(None);
    if origins.is_empty() { base } else { format!("{base}; frame-src {}", origins.join(" ")) }
}

/// `scheme://host[:port]`; the host is one that the URL parser wrote.
fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// The scheme of an address that a browser may be sent to: letters, digits and
/// `+-.` alone (RFC 3986 §3.1), so it cannot end the directive.
fn scheme(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match url.scheme() {
        "javascript" | "data" | "blob" | "file" | "vbscript" => None,
        scheme => Some(scheme.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_clients_scheme_and_nothing_else_of_its_address() {
        for (address, expected) in [
            ("https://app.example:8443/cb?x=1;script-src", "https:"),
            ("https://a;b.example/cb", "https:"),
            ("http://[::1]:9000/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            let policy = page(Some(address));
            assert!(policy.ends_with(&format!("; form-action 'self' {expected}")), "{policy}");
            assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        }
    }

    #[test]
    fn frames_come_from_the_origins_of_clients_alone() {
        assert_eq!(signed_out(&[]), page(None));
        let frames = ["https://a.example/x?sid=1;script-src *", "https://a.example/y", "http://b.example:8082/"];
        let policy = signed_out(&frames.map(str::to_owned));
        assert!(policy.ends_with("; frame-src http://b.example:8082 https://a.example"), "{policy}");
        assert_eq!(signed_out(&["javascript:alert(1)".to_owned()]), page(None));
    }

    #[test]
    fn an_address_that_runs_code_is_never_a_target() {
        for address in ["javascript:alert(1)", "data:text/html,x", "not a url", ""] {
            assert!(page(Some(address)).ends_with("form-action 'self'"), "{address}");
            assert!(form_post(address).ends_with("form-action 'none'"), "{address}");
        }
    }
}
