//! What an upstream provider may answer, and what is made of it.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use super::super::stub::{Stub, answer, nonsense, wire};
use super::*;
use crate::base::{TestClock, Timestamp};

mod documents;

const NOW: i64 = 1_735_787_045;

/// A provider's key.
struct Key {
    kid: &'static str,
    private: EncodingKey,
    public: Vec<u8>,
}

impl Key {
    fn new(kid: &'static str) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        Self { kid, private: EncodingKey::from_ec_der(pkcs8.as_ref()), public }
    }

    fn set(&self) -> String {
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&self.public[from..from + 32]);
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": part(1), "y": part(33)},
            {"kty": "post-quantum", "kid": "later"},
        ]})
        .to_string()
    }

    fn token(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

const ISSUER: &str = "https://idp.example";

fn claims(change: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "s-1", "aud": "menshen", "exp": NOW + 300, "iat": NOW, "nonce": "n-1", "name": "小红",
        "email": "ops@acme.example", "email_verified": true,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_name, value| !value.is_null());
    claims
}

fn tokens(id_token: &str) -> String {
    json!({"access_token": "at", "token_type": "Bearer", "id_token": id_token}).to_string()
}

fn discovery(base: &Url, change: &Value) -> String {
    let mut document = json!({
        "issuer": ISSUER, "authorization_endpoint": "https://idp.example/authorize?tenant=1",
        "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/jwks"),
        "userinfo_endpoint": format!("{base}/userinfo"),
    });
    for (name, value) in change.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.to_string()
}

/// The connector with its discovery done: what follows is asked of the stub.
fn known(stub: &Stub, wire: &Wire, change: &Value) -> OidcProvider {
    let toml =
        format!("[login.oidc.corp]\nissuer = \"{ISSUER}\"\nclient_id = \"menshen\"\nclient_secret = \"can+ary\"");
    let config = crate::config::Config::from_parts(&toml, []).unwrap();
    let settings = OidcSettings::read_all(&config.login.method("oidc")).unwrap().remove(0);
    let provider = OidcProvider::new(wire, settings);
    let document = Answer { status: 200, retry_after: None, body: discovery(&stub.base, change).into_bytes() };
    let read = Provider::read(ISSUER, &document, &wire.outbound).unwrap();
    provider.provider.put(read, wire.clock.now());
    provider
}

fn callback(code: &str) -> OidcCallback<'_> {
    OidcCallback { code, iss: None, redirect_uri: "https://id.example/cb", nonce: "n-1", code_verifier: "v-1" }
}

async fn exchanged(key: &Key, id_token: &str) -> Result<UpstreamIdentity, VendorError> {
    let stub = Stub::answering(&[&tokens(id_token), &key.set()]);
    known(&stub, &wire(), &json!({})).exchange(&callback("code-1")).await
}

#[tokio::test]
async fn up_01_a_person_is_known_by_issuer_and_subject_alone() {
    let key = Key::new("k1");
    let stub = Stub::answering(&[&tokens(&key.token(&claims(&json!({})))), &key.set()]);
    let person = known(&stub, &wire(), &json!({})).exchange(&callback("code-1")).await.unwrap();
    assert_eq!(person.keys(), [IdentityKey::new(VENDOR, Some(ISSUER), "sub", "s-1").unwrap()]);
    assert_eq!(person.display_name(), Some("小红"));
    let asked = stub.asked();
    assert!(asked[0].starts_with("POST /vendor/token ") && asked[0].contains("code_verifier=v-1"), "{}", asked[0]);
    // RFC 6749 §2.3.1: encoded as a form before it becomes Basic.
    let basic = base64::engine::general_purpose::STANDARD.encode("menshen:can%2Bary");
    assert!(asked[0].contains(&format!("authorization: Basic {basic}\r\n")), "{}", asked[0]);
    assert!(asked[1].starts_with("GET /vendor/jwks ") && asked.len() == 2);
}

#[rstest]
#[case::issuer(json!({"iss": "https://evil.example"}))]
#[case::issuer_slash(json!({"iss": "https://idp.example/"}))]
#[case::no_issuer(json!({"iss": null}))]
#[case::audience(json!({"aud": "other"}))]
#[case::audiences(json!({"aud": ["menshen", "other"]}))]
#[case::no_audience(json!({"aud": null}))]
#[case::party(json!({"azp": "other"}))]
#[case::expired(json!({"exp": NOW - 61}))]
#[case::no_expiry(json!({"exp": null}))]
#[case::future(json!({"iat": NOW + 61}))]
#[case::old(json!({"iat": NOW - 3_600}))]
#[case::nonce(json!({"nonce": "n-2"}))]
#[case::no_nonce(json!({"nonce": null}))]
#[case::no_subject(json!({"sub": null}))]
#[case::empty_subject(json!({"sub": ""}))]
#[case::number_subject(json!({"sub": 17}))]
#[case::null_subject(json!({"sub": "null"}))]
#[case::access_token(json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}))]
#[tokio::test]
async fn up_02_a_token_that_is_wrong_in_one_point_is_refused(#[case] change: Value) {
    let key = Key::new("k1");
    let error = exchanged(&key, &key.token(&claims(&change))).await.unwrap_err();
    assert_eq!(error.class(), Class::Malformed, "{error}");
}

#[rstest]
#[case(json!({"exp": NOW - 59}))]
#[case(json!({"iat": NOW + 59}))]
#[case(json!({"azp": "menshen", "aud": ["menshen"]}))]
#[tokio::test]
async fn a_clock_may_be_a_minute_off(#[case] change: Value) {
    let key = Key::new("k1");
    assert!(exchanged(&key, &key.token(&claims(&change))).await.is_ok());
}

#[tokio::test]
async fn up_02_a_token_under_no_key_of_the_provider_is_refused() {
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let claims = claims(&json!({}));
    let encoded =
        |header: &str| format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let by_secret = |secret: &[u8]| {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let good = key.token(&claims);
    let altered = good
        .replace(good.split('.').nth(1).unwrap(), &URL_SAFE_NO_PAD.encode(claims.to_string().replace("s-1", "s-2")));
    let odd = [
        other.token(&claims),
        format!("{}.", encoded(r#"{"alg":"none"}"#)),
        encoded(r#"{"alg":"none"}"#),
        by_secret(b"can+ary"),
        by_secret(key.set().as_bytes()),
        altered,
        String::new(),
        "a.b.c".to_owned(),
    ];
    for token in odd {
        let error = exchanged(&key, &token).await.unwrap_err();
        assert_eq!(error.class(), Class::Malformed, "{token}");
    }
    let twice = r#"{"iss":"https://idp.example","sub":"s-1","sub":"s-2"}"#;
    let token = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#), URL_SAFE_NO_PAD.encode(twice));
    assert!(exchanged(&key, &token).await.is_err());
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_an_unknown_one_not_again_and_again() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let clock = TestClock::at(Timestamp::from_seconds(NOW));
    let wire = Wire { clock: Arc::new(clock.clone()), ..wire() };
    let (by_old, by_new) = (tokens(&old.token(&claims(&json!({})))), tokens(&new.token(&claims(&json!({})))));
    let stub = Stub::answering(&[&by_old, &old.set(), &by_new, &by_new, &new.set(), &by_old, &by_old]);
    let provider = known(&stub, &wire, &json!({}));
    assert!(provider.exchange(&callback("code-1")).await.is_ok());
    // Within the pause nothing is asked for the new key.
    assert!(provider.exchange(&callback("code-2")).await.is_err());
    assert_eq!(stub.asked().len(), 3);
    clock.advance(Duration::from_secs(31));
    assert!(provider.exchange(&callback("code-3")).await.is_ok());
    for code in ["code-4", "code-5"] {
        assert_eq!(provider.exchange(&callback(code)).await.unwrap_err().class(), Class::Malformed);
    }
    assert_eq!(stub.asked().len(), 7);
}

#[tokio::test]
async fn up_03_a_callback_of_another_issuer_shows_its_code_to_nobody() {
    let stub = Stub::answering(&["{}"]);
    let named = known(&stub, &wire(), &json!({"authorization_response_iss_parameter_supported": true}));
    let unnamed = known(&stub, &wire(), &json!({}));
    for (provider, iss) in
        [(&named, None), (&named, Some("https://evil.example")), (&unnamed, Some("https://evil.example"))]
    {
        let error = provider.exchange(&OidcCallback { iss, ..callback("code-1") }).await.unwrap_err();
        assert_eq!(error.class(), Class::Malformed);
    }
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn userinfo_tells_a_name_and_never_another_person() {
    let key = Key::new("k1");
    let token = tokens(&key.token(&claims(&json!({"name": null}))));
    let asked = async |userinfo: Vec<u8>| {
        let stub = Stub::raw(vec![answer(200, &token), answer(200, &key.set()), userinfo]);
        known(&stub, &wire(), &json!({})).exchange(&callback("code-1")).await
    };
    let person = asked(answer(200, r#"{"sub":"s-1","name":"小明"}"#)).await.unwrap();
    assert_eq!(person.display_name(), Some("小明"));
    for other in [r#"{"sub":"s-2","name":"x"}"#, r#"{"name":"x"}"#] {
        assert_eq!(asked(answer(200, other)).await.unwrap_err().class(), Class::Malformed);
    }
    for quiet in [answer(500, ""), answer(200, "<html>"), Vec::new()] {
        assert_eq!(asked(quiet).await.unwrap().display_name(), None);
    }
}

#[rstest]
#[case(400, r#"{"error":"invalid_grant"}"#, Class::CodeSpent)]
#[case(401, r#"{"error":"invalid_client"}"#, Class::Misconfigured)]
#[case(400, r#"{"error":"unauthorized_client"}"#, Class::Misconfigured)]
#[case(503, r#"{"error":"temporarily_unavailable"}"#, Class::Unavailable)]
#[case(200, r#"{"error":"invalid_grant","id_token":"x"}"#, Class::CodeSpent)]
#[case(200, r#"{"access_token":"at"}"#, Class::Malformed)]
#[tokio::test]
async fn each_error_has_its_class(#[case] status: u16, #[case] body: &str, #[case] class: Class) {
    let stub = Stub::raw(vec![answer(status, body), answer(200, &Key::new("k1").set())]);
    let error = known(&stub, &wire(), &json!({})).exchange(&callback("code-1")).await.unwrap_err();
    assert_eq!(error.class(), class, "{error}");
}

#[tokio::test]
async fn nonsense_is_refused_and_the_code_never_asked_for_again() {
    for odd in nonsense() {
        let stub = Stub::raw(vec![odd, answer(200, "{}")]);
        let error = known(&stub, &wire(), &json!({})).exchange(&callback("code-1")).await.unwrap_err();
        assert!(!matches!(error.class(), Class::CodeSpent | Class::Cancelled), "{error}");
        let codes = stub.asked().iter().filter(|asked| asked.contains("code-1")).count();
        assert_eq!(codes, 1);
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_asked_by_everybody() {
    let stub = Stub::raw(vec![answer(503, "<html>"), answer(503, "<html>")]);
    let toml = format!("[login.oidc.corp]\nissuer = \"{}\"\nclient_id = \"m\"", stub.base);
    let config = crate::config::Config::from_parts(&toml, []).unwrap();
    let settings = OidcSettings::read_all(&config.login.method("oidc")).unwrap().remove(0);
    let provider = OidcProvider::new(&wire(), settings);
    let request = OidcRequest { redirect_uri: "r", state: "s", nonce: "n", code_challenge: "c", prompt: None };
    for _person in 0..3 {
        assert_eq!(provider.authorize_url(&request).await.unwrap_err().class(), Class::Unavailable);
    }
    let asked = stub.asked();
    assert!(asked.len() == 1 && asked[0].starts_with("GET /vendor/.well-known/openid-configuration "), "{asked:?}");
}

#[tokio::test]
async fn the_link_keeps_what_the_provider_put_into_its_endpoint() {
    let stub = Stub::answering(&[]);
    let request = OidcRequest {
        redirect_uri: "https://id.example/cb",
        state: "St4te",
        nonce: "n-1",
        code_challenge: "c-1",
        prompt: Some("select_account"),
    };
    assert_eq!(
        known(&stub, &wire(), &json!({})).authorize_url(&request).await.unwrap(),
        "https://idp.example/authorize?tenant=1&response_type=code&client_id=menshen&redirect_uri=https%3A%2F%2Fid.example%2Fcb&scope=openid+profile&state=St4te&nonce=n-1&code_challenge=c-1&code_challenge_method=S256&prompt=select_account"
    );
}
