//! Each check of the authorization request, with its refusal.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::protocol::prompt::Prompt;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec!["https://rp.test/cb".to_owned()],
        scope: Scope::parse("openid profile offline_access ecs:read").unwrap(),
        resources: vec![ResourceId::from_text("https://api.test"), ResourceId::from_text("https://b.test")],
        ..ClientMetadata::default()
    }
}

/// An honest request with `changes`: `name=value` replaces, `name` alone takes away.
fn params(changes: &[&str]) -> RawParams {
    let mut pairs = vec![
        ("client_id", "console"),
        ("redirect_uri", "https://rp.test/cb"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        let (name, value) = change.split_once('=').map_or((*change, None), |(name, value)| (name, Some(value)));
        pairs.retain(|(present, _)| *present != name);
        pairs.extend(value.map(|value| (name, value)));
    }
    RawParams::from_pairs(pairs)
}

fn validate(changes: &[&str]) -> Result<AuthorizationRequest, ErrorCode> {
    AuthorizationRequest::validate(&params(changes), &client()).map_err(|error| error.code())
}

fn good(changes: &[&str]) -> AuthorizationRequest {
    validate(changes).unwrap()
}

#[test]
fn an_honest_request_is_read_whole() {
    let request = good(&[
        "scope=profile openid",
        "nonce=n",
        "prompt=login consent",
        "max_age=60",
        "login_hint=alice@acme",
        "id_token_hint=a.b.c",
        "acr_values=phr aal1",
        "ui_locales=zh-CN en",
        "display=popup",
        "response_mode=form_post",
        "resource=https://api.test",
    ]);
    assert_eq!((request.client_id.as_str(), request.redirect_uri.as_str()), ("console", "https://rp.test/cb"));
    assert_eq!((request.state.as_deref(), request.nonce.as_deref()), (Some("s"), Some("n")));
    assert_eq!(request.scope.to_string(), "openid profile");
    assert!(request.is_openid() && request.prompts.contains(Prompt::Login));
    assert_eq!((request.max_age, request.display), (Some(60), Some(Display::Popup)));
    assert_eq!(request.acr_values, ["phr", "aal1"]);
    assert_eq!(request.ui_locales, ["zh-CN", "en"]);
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(request.resources, [ResourceId::from_text("https://api.test")]);
    assert_eq!(request.code_challenge.as_ref().unwrap().as_str(), CHALLENGE);
}

#[test]
fn a_stored_request_reads_back() {
    let claims = r#"claims={"id_token":{"acr":{"essential":true,"value":"aal2"}}}"#;
    let request = good(&["prompt=login", "max_age=0", claims]);
    let stored = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&stored).unwrap(), request);
    assert_eq!(request.essential_acr().collect::<Vec<_>>(), ["aal2"]);
}

#[test]
fn debug_shows_nothing_of_a_person() {
    let shown = format!("{:?}", good(&["login_hint=+8613800000001", "id_token_hint=secret", "state=mine"]));
    assert!(!shown.contains("138") && !shown.contains("secret") && !shown.contains("mine"), "{shown}");
}

#[rstest]
// AZ-17
#[case("response_type", ErrorCode::InvalidRequest)]
#[case("response_type=", ErrorCode::InvalidRequest)]
#[case("response_type=token", ErrorCode::UnsupportedResponseType)]
#[case("response_type=id_token token", ErrorCode::UnsupportedResponseType)]
#[case("response_type=code code", ErrorCode::UnsupportedResponseType)]
#[case("response_type=CODE", ErrorCode::UnsupportedResponseType)]
#[case("response_mode=fragment", ErrorCode::InvalidRequest)]
#[case("response_mode=web_message", ErrorCode::InvalidRequest)]
// AZ-20, AZ-21
#[case("request=eyJhbGciOiJub25lIn0.e30.", ErrorCode::RequestNotSupported)]
#[case("request_uri=http://127.0.0.1:1/", ErrorCode::RequestUriNotSupported)]
#[case("request_uri=file:///etc/passwd", ErrorCode::RequestUriNotSupported)]
#[case("registration={}", ErrorCode::RegistrationNotSupported)]
// AZ-14, AZ-15
#[case("code_challenge", ErrorCode::InvalidRequest)]
#[case("code_challenge_method", ErrorCode::InvalidRequest)]
#[case("code_challenge_method=plain", ErrorCode::InvalidRequest)]
#[case("code_challenge_method=s256", ErrorCode::InvalidRequest)]
#[case("code_challenge=short", ErrorCode::InvalidRequest)]
#[case("scope", ErrorCode::InvalidScope)]
#[case("scope=openid admin", ErrorCode::InvalidScope)]
#[case("scope=openid \"", ErrorCode::InvalidScope)]
#[case("resource=https://other.test", ErrorCode::InvalidTarget)]
#[case("resource=https://api.test#f", ErrorCode::InvalidTarget)]
#[case("resource=api", ErrorCode::InvalidTarget)]
// AZ-26
#[case("prompt=none login", ErrorCode::InvalidRequest)]
#[case("prompt=NONE", ErrorCode::InvalidRequest)]
#[case("prompt=select", ErrorCode::InvalidRequest)]
// AZ-28
#[case("max_age=-1", ErrorCode::InvalidRequest)]
#[case("max_age=1e9999", ErrorCode::InvalidRequest)]
#[case("max_age=+1", ErrorCode::InvalidRequest)]
#[case("max_age=99999999999999999999", ErrorCode::InvalidRequest)]
#[case("claims=[]", ErrorCode::InvalidRequest)]
#[case("client_id", ErrorCode::InvalidRequest)]
#[case("redirect_uri", ErrorCode::InvalidRequest)]
fn a_wrong_parameter_has_its_own_error(#[case] change: &str, #[case] error: ErrorCode) {
    assert_eq!(validate(&[change]), Err(error));
}

/// AZ-12: the same value twice is as wrong as two values.
#[rstest]
fn a_repeated_parameter_ends_the_request(
    #[values("client_id", "redirect_uri", "scope", "state", "nonce", "response_type", "code_challenge", "prompt", "x")]
    name: &str,
) {
    let twice = params(&[]).merge(RawParams::from_pairs([(name, "a"), (name, "a")]));
    let error = AuthorizationRequest::validate(&twice, &client()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidRequest);
    assert!(error.description().contains(name));
}

#[test]
fn resource_alone_may_repeat() {
    let twice = params(&[]).merge(RawParams::from_pairs([
        ("resource", "https://b.test"),
        ("resource", "https://api.test"),
        ("resource", "https://b.test"),
    ]));
    let request = AuthorizationRequest::validate(&twice, &client()).unwrap();
    assert_eq!(request.resources, [ResourceId::from_text("https://b.test"), ResourceId::from_text("https://api.test")]);
}

#[test]
fn a_client_registered_without_pkce_may_leave_it_out_but_not_do_it_wrong() {
    let client = ClientMetadata { require_pkce: false, ..client() };
    let code = |changes: &[&str]| {
        AuthorizationRequest::validate(&params(changes), &client)
            .map(|request| request.code_challenge.is_some())
            .map_err(|error| error.code())
    };
    assert_eq!(code(&["code_challenge", "code_challenge_method"]), Ok(false));
    assert_eq!(code(&[]), Ok(true));
    assert_eq!(code(&["code_challenge"]), Err(ErrorCode::InvalidRequest));
    assert_eq!(code(&["code_challenge_method"]), Err(ErrorCode::InvalidRequest));
}

#[test]
fn a_client_without_the_code_grant_is_unauthorized() {
    let client = ClientMetadata { grant_types: vec![GrantType::ClientCredentials], ..client() };
    let error = AuthorizationRequest::validate(&params(&[]), &client).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnauthorizedClient);
}

/// conformance-needs 16: wishes that cannot be met never fail a request.
#[test]
fn unknown_wishes_are_passed_over() {
    let long = format!("login_hint={}", "a".repeat(321));
    let request = good(&[
        "display=hologram",
        "ui_locales=xx-Klingon <script> zh_CN",
        "claims_locales=se",
        "acr_values=1 2",
        "foo=bar",
        &long,
        "id_token_hint=rubbish",
    ]);
    assert_eq!(request.display, None);
    assert_eq!(request.ui_locales, ["xx-Klingon"]);
    assert_eq!(request.login_hint, None);
    assert_eq!(request.id_token_hint.as_deref(), Some("rubbish"));
}

#[test]
fn the_defaults_of_the_client_stand_in() {
    let client = ClientMetadata { default_max_age: Some(300), default_acr_values: vec!["aal1".to_owned()], ..client() };
    let request = AuthorizationRequest::validate(&params(&[]), &client).unwrap();
    assert_eq!((request.max_age, request.acr_values.as_slice()), (Some(300), ["aal1".to_owned()].as_slice()));
    let request = AuthorizationRequest::validate(&params(&["max_age=0"]), &client).unwrap();
    assert_eq!(request.max_age, Some(0));
}

/// AZ-19.
#[test]
fn a_state_of_8_kib_comes_back_and_a_longer_one_is_refused() {
    let state = |len: usize| format!("state={}", "s".repeat(len));
    assert_eq!(good(&[&state(8_192)]).state.unwrap().len(), 8_192);
    assert_eq!(validate(&[&state(8_193)]), Err(ErrorCode::InvalidRequest));
    assert_eq!(ErrorTarget::read(&params(&[&state(8_193)])).state, None);
}

#[rstest]
#[case(&[("state", "a"), ("state", "a"), ("response_mode", "form_post")], Some("a"), ResponseMode::FormPost)]
#[case(&[("state", "a"), ("state", "b")], None, ResponseMode::Query)]
#[case(&[("state", "a"), ("response_mode", "fragment"), ("response_type", "token")], Some("a"), ResponseMode::Query)]
#[case(&[], None, ResponseMode::Query)]
fn an_early_error_knows_where_to_go(
    #[case] pairs: &[(&str, &str)],
    #[case] state: Option<&str>,
    #[case] response_mode: ResponseMode,
) {
    let target = ErrorTarget::read(&RawParams::from_pairs(pairs.iter().copied()));
    assert_eq!(target, ErrorTarget { response_mode, state: state.map(str::to_owned) });
}

proptest! {
    #[test]
    fn any_query_is_read_or_refused_without_a_panic(
        name in "(scope|prompt|max_age|claims|resource|state|display|ui_locales|code_challenge)",
        value in "\\PC{0,40}",
    ) {
        let _ = validate(&[&format!("{name}={value}")]);
    }

    #[test]
    fn whatever_is_taken_is_within_the_registration(scope in "(openid|profile|admin|ecs:read| ){0,8}") {
        if let Ok(request) = validate(&[&format!("scope={scope}")]) {
            prop_assert!(request.scope.is_subset_of(&client().scope));
        }
    }
}
