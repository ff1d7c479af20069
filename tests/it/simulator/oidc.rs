//! The OpenID provider, honest and lying.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use menshen::simulator::fixture::OIDC;
use serde_json::{Value, json};

use super::vendor::{Answer, Vendors, encoded};

const CALLBACK: &str = "http://localhost:8080/login/oidc/corp/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-of-them";

fn authorize(more: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let mut query = vec![
        ("client_id", OIDC.id),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge_method", "S256"),
        ("code_challenge", &challenge),
    ];
    for (name, value) in more {
        query.retain(|(is, _)| is != name);
        query.push((name, value));
    }
    format!("/oidc/corp/authorize?{}", encoded(&query))
}

async fn exchange(vendors: &Vendors, code: &str, verifier: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
        ("client_id", OIDC.id),
        ("client_secret", OIDC.secret),
    ];
    vendors.post_form("/oidc/corp/token", &form).await
}

async fn agreed(vendors: &Vendors) -> String {
    vendors.tell("/oidc/next", json!({"user": "00u1liming"})).await;
    vendors.get(&authorize(&[])).await.redirected("code").expect("a code")
}

/// The claims, when everything about the token is right.
async fn checked(vendors: &Vendors, token: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(vendors.get("/oidc/corp/jwks").await.json()).expect("keys");
    let header = decode_header(token).ok()?;
    let key = DecodingKey::from_jwk(set.find(header.kid.as_deref()?)?).ok()?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[OIDC.id]);
    rules.set_issuer(&[vendors.running.fixture().oidc_issuer("corp")]);
    rules.validate_exp = false;
    let claims: Value = decode(token, &key, &rules).ok()?.claims;
    let now = menshen::base::Clock::now(&vendors.clock).seconds();
    (claims["nonce"] == "n" && claims["exp"].as_i64()? > now).then_some(claims)
}

#[tokio::test]
async fn an_honest_provider_tells_who_it_is() {
    let vendors = Vendors::start();
    let document = vendors.get("/oidc/corp/.well-known/openid-configuration").await.json();
    assert_eq!(document["issuer"], vendors.running.fixture().oidc_issuer("corp"));
    let code = agreed(&vendors).await;
    let told = exchange(&vendors, &code, VERIFIER).await.json();
    let claims = checked(&vendors, told["id_token"].as_str().unwrap()).await.unwrap();
    assert_eq!((&claims["sub"], &claims["email"]), (&json!("00u1liming"), &json!("liming@corp.example")));
    assert!(claims.get("phone_number").is_none(), "not asked for");
    assert_eq!(exchange(&vendors, &code, VERIFIER).await.json()["error"], "invalid_grant");
    let other = agreed(&vendors).await;
    assert_eq!(exchange(&vendors, &other, "wrong").await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn every_lie_is_one_that_a_check_finds() {
    let vendors = Vendors::start();
    for mode in ["bad_nonce", "bad_aud", "bad_iss", "expired", "alg_none", "bad_signature"] {
        let code = agreed(&vendors).await;
        vendors
            .tell("/faults", json!({"match": {"vendor": "oidc", "route": "/token"}, "mode": mode, "times": 1}))
            .await;
        let told = exchange(&vendors, &code, VERIFIER).await.json();
        assert!(checked(&vendors, told["id_token"].as_str().unwrap()).await.is_none(), "{mode}");
    }
    let code = agreed(&vendors).await;
    vendors.tell("/faults", json!({"match": {"route": "/token"}, "mode": "rotated_kid", "times": 1})).await;
    let told = exchange(&vendors, &code, VERIFIER).await.json();
    assert!(checked(&vendors, told["id_token"].as_str().unwrap()).await.is_some(), "the key set has the next key");
}

#[tokio::test]
async fn a_request_without_pkce_or_openid_comes_back_with_an_error() {
    let vendors = Vendors::start();
    for (name, value, error) in [
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
        ("response_type", "token", "unsupported_response_type"),
    ] {
        let back = vendors.get(&authorize(&[(name, value)])).await;
        assert_eq!(back.redirected("error").as_deref(), Some(error), "{name}");
        assert_eq!(back.redirected("iss"), Some(vendors.running.fixture().oidc_issuer("corp")));
    }
    assert_eq!(vendors.get(&authorize(&[("redirect_uri", "http://evil.test/")])).await.status, 400);
    let denied = vendors.post_form(&authorize(&[]), &[("user", "00u1liming"), ("action", "deny")]).await;
    assert_eq!(denied.redirected("error").as_deref(), Some("access_denied"));
}
