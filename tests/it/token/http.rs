//! The protocol endpoints as HTTP: methods, bodies, headers, CORS.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Data, get, method, post, resource};
use menshen::config::Config;
use menshen::web::client_address::ProxyTrust;
use menshen::web::{discovery, introspect, jwks, revoke, token, userinfo, wire};
use rstest::rstest;
use serde_json::{Value, json};

use super::house::{House, ISSUER, SECRET, access_of, basic, refresh_of};
use crate::support::database::Backend::Sqlite;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn send(house: &House, request: TestRequest) -> ServiceResponse {
    let config = Config::from_parts("", []).unwrap();
    let preflight = || method(Method::OPTIONS).to(wire::preflight);
    let app = App::new()
        .app_data(Data::new(house.tokens.clone()))
        .app_data(Data::new(discovery::Discovery::new(ISSUER, menshen::flow::SignUpPolicy::Closed)))
        .app_data(ProxyTrust::new(&config.server))
        .service(
            resource("/token")
                .route(post().to(token::post))
                .route(preflight())
                .default_service(get().to(wire::post_only)),
        )
        .service(resource("/introspect").route(post().to(introspect::post)))
        .service(resource("/revoke").route(post().to(revoke::post)).route(preflight()))
        .service(
            resource("/userinfo")
                .route(get().to(userinfo::answer))
                .route(post().to(userinfo::answer))
                .route(preflight()),
        )
        .service(resource("/jwks").route(get().to(jwks::get)))
        .service(resource("/.well-known/openid-configuration").route(get().to(discovery::get)));
    let app = init_service(app).await;
    call_service(&app, request.peer_addr("192.0.2.1:4711".parse().unwrap()).to_request()).await
}

async fn json_of(response: ServiceResponse) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap_or(Value::Null)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name.parse::<HeaderName>().unwrap()).and_then(|value| value.to_str().ok())
}

fn ask() -> TestRequest {
    let authorization = ("authorization", basic("console", SECRET));
    TestRequest::post().uri("/token").insert_header(authorization).insert_header(FORM)
}

/// conformance-needs 7.
#[actix_web::test]
async fn tokens_are_never_kept_by_a_cache() {
    let house = House::new(Sqlite).await;
    let response = send(&house, ask().set_payload("grant_type=client_credentials&scope=ecs:read")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers();
    assert_eq!(header(headers, "cache-control"), Some("no-store"));
    assert_eq!(header(headers, "pragma"), Some("no-cache"));
    assert_eq!(header(headers, "content-type"), Some("application/json"));
    let mut body = json_of(response).await;
    body["access_token"] = json!("…");
    let expected = json!({"access_token": "…", "token_type": "Bearer", "expires_in": 600, "scope": "ecs:read"});
    assert_eq!(body, expected);
}

/// TK-19.
#[rstest]
#[case(ask().uri("/token?grant_type=client_credentials"), StatusCode::BAD_REQUEST)]
#[case(ask().set_payload("grant_type=client_credentials&grant_type=client_credentials"), StatusCode::BAD_REQUEST)]
#[case(ask().set_payload("grant_type=client_credentials&client_id=console&client_id=console"), StatusCode::BAD_REQUEST)]
#[case(ask().insert_header(("content-type", "application/json")).set_payload("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[actix_web::test]
async fn a_malformed_call_is_an_invalid_request(#[case] request: TestRequest, #[case] status: StatusCode) {
    let response = send(&House::new(Sqlite).await, request).await;
    assert_eq!(response.status(), status);
    assert_eq!(header(response.headers(), "cache-control"), Some("no-store"));
    assert_eq!(json_of(response).await["error"], "invalid_request");
}

#[actix_web::test]
async fn the_token_endpoint_takes_post_alone() {
    let response = send(&House::new(Sqlite).await, TestRequest::get().uri("/token")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(response.headers(), "allow"), Some("POST, OPTIONS"));
}

/// T401, IR-01.
#[rstest]
#[case("/token", "grant_type=client_credentials")]
#[case("/introspect", "token=x")]
#[case("/revoke", "token=x")]
#[actix_web::test]
async fn a_client_that_fails_is_challenged_the_way_it_came(#[case] path: &str, #[case] body: &'static str) {
    let house = House::new(Sqlite).await;
    let request = || TestRequest::post().uri(path).insert_header(FORM).set_payload(body);
    let response = send(&house, request().insert_header(("authorization", basic("console", "wrong")))).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(header(response.headers(), "www-authenticate").is_some_and(|value| value.starts_with("Basic ")));
    assert_eq!(json_of(response).await, json!({"error": "invalid_client"}));
    let response = send(&house, request()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(response.headers(), "www-authenticate"), None);
    assert_eq!(json_of(response).await["error"], "invalid_client");
}

/// IR-08, conformance-needs 14.
#[actix_web::test]
async fn userinfo_takes_its_token_from_the_header_or_the_body() {
    let house = House::new(Sqlite).await;
    let tokens = house.signed_in().await;
    let token = access_of(&tokens);
    let (get, post) = (|| TestRequest::get().uri("/userinfo"), || TestRequest::post().uri("/userinfo"));
    let bearer = |scheme: &str| ("authorization", format!("{scheme} {token}"));
    let form = format!("access_token={token}");
    for (request, status) in [
        (get().insert_header(bearer("Bearer")), StatusCode::OK),
        (get().insert_header(bearer("bearer")), StatusCode::OK),
        (post().insert_header(bearer("Bearer")), StatusCode::OK),
        (post().insert_header(FORM).set_payload(form.clone()), StatusCode::OK),
        (post().insert_header(bearer("Bearer")).insert_header(FORM).set_payload(form), StatusCode::BAD_REQUEST),
        (get().uri(&format!("/userinfo?access_token={token}")), StatusCode::UNAUTHORIZED),
        (get().insert_header(("authorization", "Bearer mat_x")), StatusCode::UNAUTHORIZED),
        (get().insert_header(bearer("Basic")), StatusCode::UNAUTHORIZED),
    ] {
        let response = send(&house, request).await;
        assert_eq!(response.status(), status);
        let challenged = header(response.headers(), "www-authenticate").is_some();
        assert_eq!(challenged, status != StatusCode::OK);
    }
    let bare = send(&house, get()).await;
    assert_eq!(header(bare.headers(), "www-authenticate"), Some("Bearer"));
}

/// TK-20.
#[rstest]
#[case("https://spa.acme.example", true)]
#[case("https://evil.example", false)]
#[case("https://spa.acme.example.evil.example", false)]
#[case("null", false)]
#[actix_web::test]
async fn only_a_registered_origin_may_read_an_answer(#[case] origin: &'static str, #[case] registered: bool) {
    let house = House::new(Sqlite).await;
    let tokens = house.signed_in().await;
    let from = |request: TestRequest| request.insert_header(("origin", origin));
    let preflight = |path| from(TestRequest::with_uri(path).method(Method::OPTIONS));
    let refresh = format!("grant_type=refresh_token&refresh_token={}", refresh_of(&tokens));
    let bearer = ("authorization", format!("Bearer {}", access_of(&tokens)));
    for request in [
        preflight("/token"),
        preflight("/userinfo"),
        from(TestRequest::get().uri("/userinfo").insert_header(bearer)),
        from(ask().set_payload(refresh)),
        from(ask().set_payload("grant_type=refresh_token&refresh_token=mrt_x")),
    ] {
        let response = send(&house, request).await;
        let allowed = header(response.headers(), "access-control-allow-origin");
        assert_eq!(allowed, registered.then_some(origin));
        assert_eq!(header(response.headers(), "access-control-allow-credentials"), None);
        assert_eq!(header(response.headers(), "vary"), Some("Origin"));
    }
    // What a token that nobody checked says of its party gives an origin no right.
    let part = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let forged =
        format!("{}.{}.AAAA", part(r#"{"alg":"RS256"}"#), part(r#"{"azp":"spa","aud":"spa","client_id":"spa"}"#));
    let by_forged = ("authorization", format!("Bearer {forged}"));
    let response = send(&house, from(TestRequest::get().uri("/userinfo").insert_header(by_forged))).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let allowed = header(response.headers(), "access-control-allow-origin");
    assert!(allowed.is_none_or(|allowed| registered && allowed == origin), "{allowed:?}");
}

/// JW-07.
#[actix_web::test]
async fn public_documents_are_for_everybody_and_hold_nothing_private() {
    let house = House::new(Sqlite).await;
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        let response = send(&house, TestRequest::get().uri(path)).await;
        assert_eq!(header(response.headers(), "access-control-allow-origin"), Some("*"));
        let text = json_of(response).await.to_string();
        for private in ["\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\"", "\"k\""] {
            assert!(!text.contains(private), "{private}");
        }
    }
}
