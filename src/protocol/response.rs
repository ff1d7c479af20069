//! The answer of the authorization endpoint: its parameters, and how they get
//! into the registered redirection URI or the self-posting form.
//!
//! Whether a redirection URI may be answered at all is decided before
//! (`domain::client`); this only writes.

use super::error::ProtocolError;
use super::params::percent_encode;

/// How the answer travels. Never in a fragment.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    #[default]
    Query,
    /// In a form that posts itself (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode, as discovery names them.
    pub const SUPPORTED: [&str; 2] = ["query", "form_post"];

    /// Reads `response_mode`; `None` for one that is not served.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }

    /// The mode as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }
}

/// The parameters of an answer, in their order, `iss` always among them (RFC 9207 §2).
#[derive(Clone, Eq, PartialEq)]
pub struct AuthorizationResponse(Vec<(&'static str, String)>);

impl AuthorizationResponse {
    /// A code, with the `state` of the request.
    #[must_use]
    pub fn success(issuer: &str, code: &str, state: Option<&str>) -> Self {
        Self(vec![("code", code.to_owned())]).closed(issuer, state)
    }

    /// A refusal, with the `state` of the request (RFC 6749 §4.1.2.1).
    #[must_use]
    pub fn refusal(issuer: &str, error: &ProtocolError, state: Option<&str>) -> Self {
        let mut params = vec![("error", error.code().as_str().to_owned())];
        if !error.description().is_empty() {
            params.push(("error_description", error.description().to_owned()));
        }
        Self(params).closed(issuer, state)
    }

    fn closed(mut self, issuer: &str, state: Option<&str>) -> Self {
        self.0.extend(state.map(|state| ("state", state.to_owned())));
        self.0.push(("iss", issuer.to_owned()));
        self
    }

    /// The registered URI byte for byte, with the parameters appended to its query.
    #[must_use]
    pub fn query_url(&self, redirect_uri: &str) -> String {
        appended(redirect_uri, self.form_fields())
    }

    /// Names and values for the hidden fields of the form; the page escapes them.
    pub fn form_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// `uri` byte for byte with parameters appended to its query, an existing query
/// kept (RFC 6749 §3.1.2). Also for `state` after a logout.
pub fn appended<'a>(uri: &str, params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = uri.to_owned();
    for (name, value) in params {
        match url.split_once('?') {
            None => url.push('?'),
            Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
            Some(_) => url.push('&'),
        }
        percent_encode(name, &mut url);
        url.push('=');
        percent_encode(value, &mut url);
    }
    url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::protocol::{ErrorCode, RawParams};

    const ISSUER: &str = "http://localhost:8080";

    #[rstest]
    #[case("https://rp.test/cb", "https://rp.test/cb?code=c&state=s%20%26&iss=http%3A%2F%2Flocalhost%3A8080")]
    #[case(
        "https://rp.test/cb?a=%7e",
        "https://rp.test/cb?a=%7e&code=c&state=s%20%26&iss=http%3A%2F%2Flocalhost%3A8080"
    )]
    #[case("https://RP.test?", "https://RP.test?code=c&state=s%20%26&iss=http%3A%2F%2Flocalhost%3A8080")]
    #[case("app.rp:/cb", "app.rp:/cb?code=c&state=s%20%26&iss=http%3A%2F%2Flocalhost%3A8080")]
    fn the_registered_uri_stays_byte_for_byte(#[case] uri: &str, #[case] url: &str) {
        assert_eq!(AuthorizationResponse::success(ISSUER, "c", Some("s &")).query_url(uri), url);
    }

    /// AZ-30.
    #[test]
    fn an_error_carries_iss_and_the_state_too() {
        let error = ProtocolError::new(ErrorCode::AccessDenied, "no");
        let fields: Vec<_> = AuthorizationResponse::refusal(ISSUER, &error, Some("s")).0;
        let names: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(names, [("error", "access_denied"), ("error_description", "no"), ("state", "s"), ("iss", ISSUER)]);
        assert!(!AuthorizationResponse::refusal(ISSUER, &error, None).query_url("https://a/").contains("state"));
    }

    #[rstest]
    #[case("fragment")]
    #[case("QUERY")]
    #[case("web_message")]
    fn another_mode_is_not_served(#[case] text: &str) {
        assert_eq!(ResponseMode::parse(text), None);
    }

    #[test]
    fn each_served_mode_is_read() {
        assert!(ResponseMode::SUPPORTED.iter().all(|text| ResponseMode::parse(text).unwrap().as_str() == *text));
    }

    proptest! {
        /// conformance-needs 3: the state comes back as it was sent.
        #[test]
        fn any_state_comes_back_unchanged(state in "[^\\x00]{1,128}") {
            let url = AuthorizationResponse::success(ISSUER, "c", Some(&state)).query_url("https://rp.test/cb?x=1");
            let query = RawParams::parse(url.split_once('?').unwrap().1.as_bytes()).unwrap();
            prop_assert_eq!(query.optional("state"), Some(state.as_str()));
            prop_assert_eq!(query.optional("iss"), Some(ISSUER));
            prop_assert!(url.is_ascii() && !url.contains('#'));
        }
    }
}
