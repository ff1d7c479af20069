//! Hostile JWTs at the door of our own tokens, named by the ids of the
//! hostile-case list. Those of clients stand in `assertion`.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::ring::place;
use super::*;
use crate::base::{SeededEntropy, Timestamp};
use crate::domain::{KeyState, SigningKeyRecord};
use crate::protocol::client_metadata::SigningAlg;

const ISSUER: &str = "https://id.example";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Making RSA keys is slow, so all tests share one set of rows.
static ROWS: LazyLock<Vec<SigningKeyRecord>> = LazyLock::new(|| {
    let states = [KeyState::Active, KeyState::Next];
    SigningAlg::ALL.into_iter().flat_map(|one| states.map(|state| made(one, state))).collect()
});

fn vault() -> Vault {
    Vault::from_bytes(&[9; 32])
}

fn made(algorithm: SigningAlg, state: KeyState) -> SigningKeyRecord {
    let key = SigningKey::generate(algorithm).unwrap();
    let kid = key.public().kid.clone();
    let pkcs8 = key.to_pkcs8().unwrap();
    let sealed = vault().seal(Purpose::SigningKeySeal, &place(&kid), pkcs8.expose(), &SeededEntropy::new(1)).unwrap();
    SigningKeyRecord {
        public_jwk: serde_json::to_string(key.public()).unwrap(),
        private_sealed: sealed,
        kid,
        algorithm,
        state,
        created_at: NOW,
        activated_at: None,
        retired_at: None,
        expires_at: None,
    }
}

fn keys() -> SigningKeys {
    SigningKeys::open(&ROWS, &vault(), NOW).unwrap()
}

fn kid(algorithm: SigningAlg) -> &'static str {
    &ROWS.iter().find(|row| row.algorithm == algorithm && row.state == KeyState::Active).unwrap().kid
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "p_1", "aud": "console", "exp": NOW.seconds() + 60, "iat": NOW.seconds()})
}

fn rules(typ: TokenType) -> OwnRules<'static> {
    OwnRules { typ, issuer: ISSUER, audience: Some("console"), expiry: Expiry::Enforced, now: NOW }
}

fn refused(token: &str) -> JoseError {
    keys().verify::<Value>(token, &rules(TokenType::Id)).unwrap_err()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", b64(header.to_string()), b64(claims.to_string()))
}

#[test]
fn a_token_of_ours_verifies_with_either_algorithm() {
    for algorithm in SigningAlg::ALL {
        for typ in [TokenType::Id, TokenType::Access, TokenType::Logout] {
            let token = keys().sign(algorithm, typ, &claims()).unwrap();
            assert_eq!(keys().verify::<Value>(&token, &rules(typ)).unwrap(), claims());
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
            let expected =
                format!(r#"{{"alg":"{}","typ":"{}","kid":"{}"}}"#, algorithm.as_str(), typ.typ(), kid(algorithm));
            assert_eq!(String::from_utf8(header).unwrap(), expected);
        }
    }
}

#[test]
fn jw_01_an_unsigned_token_is_refused_however_it_spells_none() {
    for alg in ["none", "None", "nOnE", "NONE", "", "HS256", "RS512", "es256", "EdDSA"] {
        let header = json!({"alg": alg, "typ": "JWT", "kid": kid(SigningAlg::Es256)});
        let body = unsigned(&header, &claims());
        assert_eq!(refused(&format!("{body}.")), JoseError::Malformed, "{alg}");
        assert_eq!(refused(&format!("{body}.{}", b64([0; 64]))), JoseError::Algorithm, "{alg}");
        assert_eq!(refused(&body), JoseError::Malformed, "{alg}");
    }
}

#[test]
fn jw_01_a_stripped_or_zero_signature_is_refused() {
    for algorithm in SigningAlg::ALL {
        let token = keys().sign(algorithm, TokenType::Id, &claims()).unwrap();
        let (body, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(refused(body), JoseError::Malformed);
        assert_eq!(refused(&format!("{body}.")), JoseError::Malformed);
        for forged in [b64([0; 64]), b64([0; 256]), b64([0; 1]), b64([0xff; 64]), signature[2..].to_owned()] {
            assert_eq!(refused(&format!("{body}.{forged}")), JoseError::Signature, "{forged}");
        }
        assert_eq!(refused(&format!("{body}.{signature}=")), JoseError::Signature);
    }
}

#[test]
fn jw_02_the_public_key_is_no_shared_secret() {
    let row = ROWS.iter().find(|row| row.kid == kid(SigningAlg::Rs256)).unwrap();
    let pkcs8 = vault().unseal(Purpose::SigningKeySeal, &place(&row.kid), &row.private_sealed).unwrap();
    let pair = RsaKeyPair::from_pkcs8(pkcs8.expose()).unwrap();
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&der));
    let secrets = [der, pem.clone().into_bytes(), pem.trim().as_bytes().to_vec(), row.public_jwk.clone().into_bytes()];
    for secret in secrets {
        for alg in ["HS256", "RS256"] {
            let header = json!({"alg": alg, "typ": "JWT", "kid": row.kid});
            let body = unsigned(&header, &claims());
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), body.as_bytes());
            let error = refused(&format!("{body}.{}", b64(mac)));
            assert!(matches!(error, JoseError::Algorithm | JoseError::Signature), "{error}");
        }
    }
}

#[test]
fn the_header_must_name_the_algorithm_of_its_key() {
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": kid(SigningAlg::Rs256)});
    assert_eq!(refused(&format!("{}.{}", unsigned(&header, &claims()), b64([1; 64]))), JoseError::Algorithm);
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let own = SigningKey::generate(SigningAlg::Es256).unwrap();
    let token = own.sign(TokenType::Id, &claims()).unwrap();
    assert_eq!(refused(&token), JoseError::UnknownKey);
    let header = json!({"alg": "ES256", "typ": "JWT", "jwk": own.public(), "kid": kid(SigningAlg::Es256)});
    assert_eq!(refused(&format!("{}.{}", unsigned(&header, &claims()), b64([1; 64]))), JoseError::Signature);
}

#[test]
fn jw_06_another_issuer_audience_or_purpose_is_refused() {
    let keys = keys();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        keys.sign(SigningAlg::Es256, TokenType::Id, &claims).unwrap()
    };
    assert_eq!(refused(&with("iss", json!("https://other.example"))), JoseError::Issuer);
    assert_eq!(refused(&with("aud", json!("other"))), JoseError::Audience);
    assert_eq!(refused(&with("aud", json!(["other", "consol"]))), JoseError::Audience);
    assert_eq!(refused(&with("aud", Value::Null)), JoseError::Audience);
    assert_eq!(refused(&with("iss", json!(["https://id.example"]))), JoseError::Claims);
    assert_eq!(refused(&with("exp", Value::Null)), JoseError::Claims);
    assert_eq!(refused(&with("exp", json!(-1))), JoseError::Claims);
    assert_eq!(refused(&with("exp", json!(1e300))), JoseError::Claims);
    for typ in [TokenType::Access, TokenType::Logout] {
        let other = keys.sign(SigningAlg::Es256, typ, &claims()).unwrap();
        assert_eq!(refused(&other), JoseError::Type);
        let id = keys.sign(SigningAlg::Es256, TokenType::Id, &claims()).unwrap();
        assert_eq!(keys.verify::<Value>(&id, &rules(typ)).unwrap_err(), JoseError::Type);
    }
}

#[test]
fn an_old_token_is_refused_unless_it_is_a_hint() {
    let token = keys().sign(SigningAlg::Rs256, TokenType::Id, &claims()).unwrap();
    let late = OwnRules { now: NOW + Duration::from_secs(60), ..rules(TokenType::Id) };
    assert_eq!(keys().verify::<Value>(&token, &late).unwrap_err(), JoseError::Expired);
    let hint = OwnRules { expiry: Expiry::Ignored, ..late };
    assert!(keys().verify::<Value>(&token, &hint).is_ok());
}

#[test]
fn jw_08_a_retired_key_verifies_until_its_last_token_is_dead() {
    let token = keys().sign(SigningAlg::Es256, TokenType::Id, &claims()).unwrap();
    let mut rows = ROWS.clone();
    let end = NOW + Duration::from_secs(30);
    for row in rows.iter_mut().filter(|row| row.algorithm == SigningAlg::Es256) {
        match row.state {
            KeyState::Active => (row.state, row.expires_at) = (KeyState::Retired, Some(end)),
            KeyState::Next | KeyState::Retired => row.state = KeyState::Active,
        }
    }
    let ring = keys();
    assert!(ring.replace(&rows, &vault(), NOW).unwrap());
    assert!(!ring.replace(&rows, &vault(), NOW).unwrap());
    assert!(ring.verify::<Value>(&token, &rules(TokenType::Id)).is_ok());
    let fresh = ring.sign(SigningAlg::Es256, TokenType::Id, &claims()).unwrap();
    assert!(keys().verify::<Value>(&fresh, &rules(TokenType::Id)).is_ok(), "a node that has not reloaded knows it");
    let old = kid(SigningAlg::Es256);
    assert!(String::from_utf8_lossy(&ring.jwks_json()).contains(old));
    assert!(ring.verify::<Value>(&token, &OwnRules { now: end, ..rules(TokenType::Id) }).is_err());
    assert!(ring.replace(&rows, &vault(), end).unwrap());
    assert!(!String::from_utf8_lossy(&ring.jwks_json()).contains(old));
}

#[test]
fn jw_07_the_published_set_has_public_members_and_distinct_names_alone() {
    let set: Value = serde_json::from_slice(&keys().jwks_json()).unwrap();
    let listed = set["keys"].as_array().unwrap();
    let mut names: Vec<_> = listed.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((listed.len(), names.len()), (4, 4));
    for key in listed {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert_eq!(key["use"], "sig");
    }
}

#[test]
fn hostile_sizes_and_shapes_are_refused_at_once() {
    let started = Instant::now();
    let million = "A".repeat(1 << 20);
    let header = b64(json!({"alg": "ES256", "typ": "JWT", "kid": kid(SigningAlg::Es256)}).to_string());
    for text in [".".repeat(1_000_000), million.clone(), format!("{header}.{million}.{million}")] {
        assert_eq!(refused(&text), JoseError::TooLong);
    }
    let deep = format!("{}.{}.AA", b64("[".repeat(4000)), b64("{}"));
    let twice = format!("{}.{}.AA", b64(r#"{"alg":"ES256","alg":"none"}"#), b64("{}"));
    let shapes = ["", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "é.é.é", "{}.{}.{}", &deep, &twice];
    for text in shapes {
        assert_eq!(refused(text), JoseError::Malformed, "{text}");
    }
    assert_eq!(refused(&".".repeat(8_000)), JoseError::Malformed);
    let critical = json!({"alg": "ES256", "typ": "JWT", "crit": ["b64"], "b64": false});
    assert_eq!(refused(&format!("{}.AA", unsigned(&critical, &claims()))), JoseError::Critical);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
