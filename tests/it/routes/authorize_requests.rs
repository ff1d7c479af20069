//! `/authorize`: what a request may say. Errors are returned to the client, with
//! its state and our issuer.

use std::fmt::Write;

use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::OPS;
use crate::support::idp::{ISSUER, TestIdp};
use crate::support::relying_party::{Request, STATE};

/// Asks and takes the error that is returned: with state and issuer, never
/// with a code.
async fn returned_error(browser: &Browser, request: &Request) -> String {
    let answer = browser.get(&request.url()).await;
    let error = answer.returned_error();
    let returned = answer.returned();
    assert_eq!(returned.get("iss").map(String::as_str), Some(ISSUER), "az_30");
    let states = request.params.iter().filter(|(name, _)| name == "state").count();
    if states == 1 {
        assert_eq!(returned.get("state").map(String::as_str), Some(STATE));
    }
    assert!(answer.location().is_none_or(|location| location.starts_with("https://console.test/cb?")));
    error
}

/// A browser in which a right request gets a code at once.
async fn signed_in(idp: &TestIdp) -> (Browser, Request) {
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    (browser, idp.client("console").request())
}

#[rstest]
#[actix_web::test]
async fn az_12_no_parameter_may_come_twice(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, request) = signed_in(&idp).await;
    let request = request.with("prompt", "login");
    for name in ["scope", "state", "nonce", "response_type", "code_challenge", "code_challenge_method", "prompt"] {
        let same = request.params.iter().find(|(one, _)| one == name).unwrap().1.clone();
        for value in [same.as_str(), "another"] {
            assert_eq!(returned_error(&browser, &request.clone().also(name, value)).await, "invalid_request", "{name}");
        }
        // And not once in the query and once in the body.
        let query = Request { params: vec![(name.to_owned(), same.clone())] };
        let fields: Vec<_> = request.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.post(&query.url(), &fields).await;
        assert_eq!(browser.follow(answer).await.returned_error(), "invalid_request", "{name}");
    }
}

#[rstest]
#[actix_web::test]
async fn az_14_15_17_20_21_26_28_what_a_request_must_not_say(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, right) = signed_in(&idp).await;
    let with = |name: &str, value: &str| right.clone().with(name, value);
    let cases = [
        ("az_14", right.clone().without("code_challenge").without("code_challenge_method"), "invalid_request"),
        ("az_14", right.clone().without("code_challenge"), "invalid_request"),
        ("az_15", with("code_challenge_method", "plain"), "invalid_request"),
        ("az_15", with("code_challenge_method", "s256"), "invalid_request"),
        ("az_15", with("code_challenge_method", "S512"), "invalid_request"),
        ("az_15", right.clone().without("code_challenge_method"), "invalid_request"),
        ("az_15", with("code_challenge", "short"), "invalid_request"),
        ("az_17", with("response_type", "token"), "unsupported_response_type"),
        ("az_17", with("response_type", "id_token token"), "unsupported_response_type"),
        ("az_17", with("response_type", "code id_token"), "unsupported_response_type"),
        ("az_17", with("response_type", "code code"), "unsupported_response_type"),
        ("az_17", with("response_type", "CODE"), "unsupported_response_type"),
        ("az_17", with("response_type", ""), "invalid_request"),
        ("az_17", right.clone().without("response_type"), "invalid_request"),
        ("az_17", with("response_mode", "fragment"), "invalid_request"),
        ("az_20", with("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        // HS256, and wrapped by encryption without a signature.
        ("az_20", with("request", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), "request_not_supported"),
        ("az_20", with("request", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"), "request_not_supported"),
        ("az_21", with("request_uri", "http://127.0.0.1:1/"), "request_uri_not_supported"),
        ("az_21", with("request_uri", "http://169.254.169.254/"), "request_uri_not_supported"),
        ("az_21", with("request_uri", "file:///etc/passwd"), "request_uri_not_supported"),
        ("az_26", with("prompt", "none login"), "invalid_request"),
        ("az_26", with("prompt", "NONE"), "invalid_request"),
        ("az_26", with("prompt", "xyz"), "invalid_request"),
        ("az_28", with("max_age", "-1"), "invalid_request"),
        ("az_28", with("max_age", "1e9999"), "invalid_request"),
        ("az_28", with("max_age", "abc"), "invalid_request"),
        ("scope", with("scope", "openid ecs:unknown"), "invalid_scope"),
        ("scope", with("scope", "openid \"quoted\""), "invalid_scope"),
        ("resource", with("resource", "https://other.example"), "invalid_target"),
        ("claims", with("claims", "{not json"), "invalid_request"),
        ("hint", with("id_token_hint", "eyJhbGciOiJub25lIn0.e30."), "invalid_request"),
        (
            "acr",
            with("claims", r#"{"id_token":{"acr":{"essential":true,"value":"aal3"}}}"#),
            "unmet_authentication_requirements",
        ),
    ];
    for (id, request, expected) in cases {
        assert_eq!(returned_error(&browser, &request).await, expected, "{id}: {}", request.query());
        if id != "az_17" || !request.query().contains("fragment") {
            // form_post says the same in a form.
            let answer = browser.get(&request.with("response_mode", "form_post").url()).await;
            assert_eq!((answer.location(), answer.returned_error().as_str()), (None, expected), "{id} by form_post");
        }
    }
    idp.client("console").code_from(&browser.open(&right.url()).await);
}

#[rstest]
#[actix_web::test]
async fn az_19_a_hostile_state_comes_back_as_text(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, right) = signed_in(&idp).await;
    let long = "s".repeat(8 * 1024);
    for state in [r#"'"><script>alert(1)</script>"#, "&amp;\nSet-Cookie: x=y", "\u{202e}状态 &#x22;", &long] {
        let answer = browser.get(&right.clone().with("state", state).with("response_mode", "form_post").url()).await;
        assert_eq!(answer.returned().get("state").map(String::as_str), Some(state));
        assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
        assert_form_post_is_dressed(&answer);
        let answer = browser.get(&right.clone().with("state", state).url()).await;
        assert_eq!(answer.returned().get("state").map(String::as_str), Some(state));
    }
    let too_long = right.with("state", &"s".repeat(8 * 1024 + 1)).with("response_mode", "form_post");
    assert_eq!(browser.get(&too_long.url()).await.returned_error(), "invalid_request");
}

fn assert_form_post_is_dressed(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action https:"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}

#[rstest]
#[actix_web::test]
async fn az_30_every_answer_names_its_issuer(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, right) = signed_in(&idp).await;
    let good = browser.get(&right.url()).await;
    let bad = browser.get(&right.with("scope", "nothing").url()).await;
    for answer in [good, bad] {
        let mut expected = String::from("iss=");
        write!(expected, "{}", url::form_urlencoded::byte_serialize(ISSUER.as_bytes()).collect::<String>()).unwrap();
        assert!(answer.location().unwrap().contains(&expected), "{:?}", answer.location());
    }
}

#[rstest]
#[actix_web::test]
async fn a_legacy_client_may_leave_the_challenge_out_but_not_bend_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, _) = signed_in(&idp).await;
    let legacy = idp.client("legacy");
    let bare = legacy.request().without("code_challenge").without("code_challenge_method");
    legacy.code_from(&browser.open(&bare.url()).await);
    let bent = browser.get(&legacy.request().with("code_challenge_method", "plain").url()).await;
    assert_eq!(bent.returned_error(), "invalid_request");
}

/// AZ-21: also with every guard of outgoing calls open, and for addresses inside a token.
#[rstest]
#[actix_web::test]
async fn az_21_an_address_in_a_request_is_never_called(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("outbound.allow_private_addresses", "true")]).await;
    let (browser, right) = signed_in(&idp).await;
    let sink = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sink.set_nonblocking(true).unwrap();
    let address = format!("http://{}/x", sink.local_addr().unwrap());
    let header = serde_json::json!({"alg": "RS256", "jku": address, "x5u": address, "kid": address});
    let header = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header.to_string());
    for (name, value, expected) in [
        ("request_uri", address.clone(), "request_uri_not_supported"),
        ("request", format!("{header}.e30.AAAA"), "request_not_supported"),
        ("id_token_hint", format!("{header}.e30.AAAA"), "invalid_request"),
    ] {
        assert_eq!(returned_error(&browser, &right.clone().with(name, &value)).await, expected, "{name}");
    }
    assert!(sink.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "somebody called");
}
