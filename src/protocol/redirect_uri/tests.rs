//! What may be registered, and what matches.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn web(text: &str) -> Result<RegisteredRedirectUri, RedirectUriError> {
    RegisteredRedirectUri::parse(text, ApplicationType::Web)
}

fn native(text: &str) -> Result<RegisteredRedirectUri, RedirectUriError> {
    RegisteredRedirectUri::parse(text, ApplicationType::Native)
}

/// AZ-04, AZ-07, AZ-11.
#[rstest]
#[case("https://rp.test/cb#frag", RedirectUriError::Fragment)]
#[case("https://evil.test#@rp.test/cb", RedirectUriError::Fragment)]
#[case("https://rp.test@evil.test/cb", RedirectUriError::UserInfo)]
#[case("https://@rp.test/cb", RedirectUriError::UserInfo)]
#[case("https://evil.test\\@rp.test/cb", RedirectUriError::Characters)]
#[case("https://rp.test%00.evil.test/cb", RedirectUriError::Host)]
#[case("https://*.rp.test/cb", RedirectUriError::Host)]
#[case("https:rp.test/cb", RedirectUriError::Host)]
#[case("https:///cb", RedirectUriError::Host)]
#[case("https://0x7f.1/cb", RedirectUriError::Host)]
#[case("https://rp.test/c b", RedirectUriError::Characters)]
#[case("https://rp.test/c\tb", RedirectUriError::Characters)]
#[case("https://门.test/cb", RedirectUriError::Characters)]
#[case(" java\tscript:alert(1)", RedirectUriError::Characters)]
#[case("javascript:alert(1)", RedirectUriError::Scheme)]
#[case("/cb", RedirectUriError::NotAbsolute)]
#[case("//rp.test/cb", RedirectUriError::NotAbsolute)]
#[case("", RedirectUriError::NotAbsolute)]
#[case("com.example.app:/cb", RedirectUriError::Scheme)]
#[case("http://rp.test/cb", RedirectUriError::PlainHttp)]
#[case("http://localhost.evil.test/cb", RedirectUriError::PlainHttp)]
fn a_web_client_may_not_register(#[case] text: &str, #[case] error: RedirectUriError) {
    assert_eq!(web(text), Err(error));
}

/// AZ-11 and RFC 8252.
#[rstest]
#[case("JavaScript:alert(1)", RedirectUriError::Scheme)]
#[case("data:text/html,x", RedirectUriError::Scheme)]
#[case("vbscript:x", RedirectUriError::Scheme)]
#[case("blob:https://x.test/y", RedirectUriError::Scheme)]
#[case("file:///etc/passwd", RedirectUriError::Scheme)]
#[case("myapp:/cb", RedirectUriError::Scheme)]
#[case("com.example.app://user@host/cb", RedirectUriError::UserInfo)]
#[case("com.example.app:", RedirectUriError::NotAbsolute)]
#[case("http://localhost/cb", RedirectUriError::PlainHttp)]
#[case("http://127.0.0.2/cb", RedirectUriError::PlainHttp)]
#[case("http://127.0.0.1.evil.test/cb", RedirectUriError::PlainHttp)]
#[case("http://rp.test/cb", RedirectUriError::PlainHttp)]
#[case(&format!("https://rp.test/{}", "a".repeat(2_048)), RedirectUriError::TooLong)]
fn a_native_client_may_not_register(#[case] text: &str, #[case] error: RedirectUriError) {
    assert_eq!(native(text), Err(error));
}

#[test]
fn honest_uris_are_registered() {
    for text in ["https://rp.test/cb", "https://RP.test:443/cb?x=1", "http://localhost:8082/callback", "http://[::1]/"]
    {
        assert_eq!(web(text).unwrap().as_str(), text);
    }
    for text in
        ["com.example.app:/cb", "com.example.app://cb", "https://rp.test/cb", "http://127.0.0.1/cb", "http://[::1]:1/"]
    {
        assert_eq!(native(text).unwrap().as_str(), text);
    }
}

/// AZ-01, AZ-02, AZ-04, AZ-05.
#[rstest]
fn a_web_uri_matches_itself_alone(
    #[values(
        "https://rp.test/cb/",
        "https://rp.test/cb?x=1",
        "https://rp.test/cbx",
        "https://rp.test/",
        "https://rp.test:443/cb",
        "https://rp.test/cb/../evil",
        "https://rp.test/cb/%2e%2e/evil",
        "https://rp.test/%63b",
        "https://rp.test/cb;x",
        "HTTPS://rp.test/cb",
        "https://rpxtest/cb",
        "https://rp.test@evil.test/cb",
        "https://rp.test/cb#frag",
        ""
    )]
    presented: &str,
) {
    let registered = web("https://rp.test/cb").unwrap();
    assert!(registered.matches("https://rp.test/cb") && !registered.matches(presented));
}

/// The port of a web client's loopback address is as fixed as any.
#[test]
fn a_web_loopback_port_may_not_differ() {
    assert!(!web("http://127.0.0.1:8082/cb").unwrap().matches("http://127.0.0.1:8083/cb"));
}

/// AZ-08.
#[rstest]
#[case("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true)]
#[case("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true)]
#[case("http://[::1]/cb", "http://[::1]:65535/cb", true)]
#[case("http://127.0.0.1", "http://127.0.0.1:80", true)]
#[case("http://127.0.0.1/cb", "http://[::1]:1/cb", false)]
#[case("http://127.0.0.1/cb", "http://localhost:1/cb", false)]
#[case("http://127.0.0.1/cb", "http://127.0.0.1:1/cb/", false)]
#[case("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false)]
#[case("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false)]
#[case("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false)]
#[case("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.test/cb", false)]
#[case("http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false)]
#[case("http://127.0.0.1/cb", "http://127.0.0.1.evil.test/cb", false)]
fn a_native_loopback_uri_matches_on_any_port(#[case] registered: &str, #[case] presented: &str, #[case] yes: bool) {
    assert_eq!(native(registered).unwrap().matches(presented), yes);
}

proptest! {
    /// Against the plain reference: put the port into the registered text and compare bytes.
    #[test]
    fn loopback_matching_equals_its_reference(port in 1_u16.., path in "(/[a-z.]{0,6}){0,2}", other in "(/[a-z.]{0,6}){0,2}") {
        let registered = native(&format!("http://127.0.0.1{path}")).unwrap();
        let presented = format!("http://127.0.0.1:{port}{other}");
        prop_assert_eq!(registered.matches(&presented), presented == format!("http://127.0.0.1:{port}{path}"));
    }

    #[test]
    fn a_web_match_is_byte_equality(presented in "https://rp\\.test(:[0-9]{1,3})?(/cb)?[/?x]{0,2}") {
        prop_assert_eq!(web("https://rp.test/cb").unwrap().matches(&presented), presented == "https://rp.test/cb");
    }

    #[test]
    fn any_text_is_registered_or_refused_without_a_panic(text in "(https?://|[a-z.]{1,5}:)?\\PC{0,40}") {
        for kind in [ApplicationType::Web, ApplicationType::Native] {
            if let Ok(registered) = RegisteredRedirectUri::parse(&text, kind) {
                prop_assert!(registered.matches(&text));
            }
        }
    }
}
