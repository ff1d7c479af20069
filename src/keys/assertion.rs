//! Assertions of clients: `private_key_jwt` (RFC 7523, OpenID Connect Core §9).
//!
//! Pure: the caller brings the client's keys and remembers used `jti`s in the
//! transaction that grants something. `client_jwks` fetches keys by `jwks_uri`.

use std::time::Duration;

use serde::Deserialize;

use super::jose::{Audience, Compact, JoseError};
use super::jwk::ForeignKeys;
use crate::base::Timestamp;
use crate::protocol::client_metadata::AssertionAlg;

/// How far a client's clock may be off (security.md D5).
pub const SKEW: Duration = Duration::from_secs(60);
/// The longest life of an assertion, beyond the skew.
pub const MAX_LIFE: Duration = Duration::from_secs(300);
/// The longest `jti` that is remembered, in bytes.
const MAX_JTI_LEN: usize = 256;

/// What an assertion must say.
#[derive(Clone, Copy, Debug)]
pub struct AssertionRules<'a> {
    /// `iss` and `sub`, both.
    pub client_id: &'a str,
    /// The algorithms the client registered.
    pub algorithms: &'a [AssertionAlg],
    /// Audiences that mean us: the issuer, and the token endpoint where the
    /// client's profile allows it. The assertion must name exactly one.
    pub audiences: &'a [&'a str],
    /// The present.
    pub now: Timestamp,
}

/// An assertion that passed; it counts only if its `jti` was not used before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedAssertion {
    /// Name of the assertion, unique for the client.
    pub jti: String,
    /// Until when the `jti` must be remembered: `exp` and the skew.
    pub remember_until: Timestamp,
}

#[derive(Deserialize)]
struct AssertionClaims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    jti: String,
    nbf: Option<f64>,
    iat: Option<f64>,
}

/// Verifies an assertion with the client's keys.
pub fn verify_assertion(
    text: &str,
    keys: &ForeignKeys,
    rules: &AssertionRules<'_>,
) -> Result<VerifiedAssertion, JoseError> {
    let token = Compact::parse(text)?;
    let algorithm = token.algorithm()?;
    if !rules.algorithms.contains(&algorithm) {
        return Err(JoseError::Algorithm);
    }
    // An ID token or an access token of somebody is no assertion (RFC 8725 §3.11).
    if !token.typ().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ == "client-authentication+jwt") {
        return Err(JoseError::Type);
    }
    let candidates = keys.select(token.kid(), algorithm)?;
    if !candidates.into_iter().any(|key| token.verify(key, algorithm).is_ok()) {
        return Err(JoseError::Signature);
    }
    check(token.claims()?, rules)
}

fn check(claims: AssertionClaims, rules: &AssertionRules<'_>) -> Result<VerifiedAssertion, JoseError> {
    if claims.iss != rules.client_id || claims.sub != rules.client_id {
        return Err(JoseError::Issuer);
    }
    // Two audiences would let the other one replay it here (RFC 7523bis, audience injection).
    if !claims.aud.only().is_some_and(|only| rules.audiences.contains(&only)) {
        return Err(JoseError::Audience);
    }
    let expires = moment(claims.exp)?;
    if expires + SKEW <= rules.now {
        return Err(JoseError::Expired);
    }
    if expires > rules.now + MAX_LIFE + SKEW {
        return Err(JoseError::LivesTooLong);
    }
    for start in [claims.nbf, claims.iat].into_iter().flatten() {
        if moment(start)? > rules.now + SKEW {
            return Err(JoseError::NotYet);
        }
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI_LEN {
        return Err(JoseError::Claims);
    }
    Ok(VerifiedAssertion { jti: claims.jti, remember_until: expires + SKEW })
}

/// A `NumericDate` (RFC 7519 §2): seconds, perhaps with a fraction.
pub(super) fn moment(seconds: f64) -> Result<Timestamp, JoseError> {
    // Beyond the year 9999, or before 1970, it is no date of a token.
    const LATEST: f64 = 253_402_300_799.0;
    if !(0.0..=LATEST).contains(&seconds) {
        return Err(JoseError::Claims);
    }
    Ok(Timestamp::EPOCH + Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::hmac;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::keys::{SigningKey, TokenType};
    use crate::protocol::client_metadata::SigningAlg;

    const ISSUER: &str = "https://id.example";
    const TOKEN_ENDPOINT: &str = "https://id.example/token";
    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn unsigned(header: &Value, claims: &Value) -> String {
        format!("{}.{}", b64(header.to_string()), b64(claims.to_string()))
    }

    /// A client with one RSA and one EC key.
    struct Client {
        rsa: RsaKeyPair,
        ec: SigningKey,
        keys: ForeignKeys,
    }

    static CLIENT: LazyLock<Client> = LazyLock::new(|| {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let parts = PublicKeyComponents::<Vec<u8>>::from(rsa.public_key());
        let ec = SigningKey::generate(SigningAlg::Es256).unwrap();
        let set = json!({"keys": [{"kty": "RSA", "kid": "r", "n": b64(parts.n), "e": b64(parts.e)}, ec.public()]});
        Client { rsa, ec, keys: ForeignKeys::parse(set.to_string().as_bytes()).unwrap() }
    });

    fn assertion(alg: &str, claims: &Value) -> String {
        let body = unsigned(&json!({"alg": alg, "kid": "r"}), claims);
        let mut signature = [0; 256];
        let scheme: &'static dyn RsaEncoding = if alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        CLIENT.rsa.sign(scheme, &SystemRandom::new(), body.as_bytes(), &mut signature).unwrap();
        format!("{body}.{}", b64(signature))
    }

    fn assertion_claims() -> Value {
        json!({"iss": "billing", "sub": "billing", "aud": ISSUER, "exp": NOW.seconds() + 60, "jti": "j1"})
    }

    fn judged(text: &str, algorithms: &[AssertionAlg]) -> Result<VerifiedAssertion, JoseError> {
        let rules = AssertionRules { client_id: "billing", algorithms, audiences: &[ISSUER, TOKEN_ENDPOINT], now: NOW };
        verify_assertion(text, &CLIENT.keys, &rules)
    }

    #[test]
    fn a_right_assertion_passes_with_each_registered_algorithm() {
        for alg in [AssertionAlg::Rs256, AssertionAlg::Ps256] {
            let verified = judged(&assertion(alg.as_str(), &assertion_claims()), &[alg]).unwrap();
            assert_eq!(verified.jti, "j1");
            assert_eq!(verified.remember_until, NOW + Duration::from_secs(120));
        }
        let es256 = CLIENT.ec.sign(TokenType::Id, &assertion_claims()).unwrap();
        assert!(judged(&es256, &[AssertionAlg::Es256]).is_ok());
    }

    #[test]
    fn ca_09_an_algorithm_that_was_not_registered_is_refused() {
        let ps256 = assertion("PS256", &assertion_claims());
        assert_eq!(judged(&ps256, &[AssertionAlg::Rs256]), Err(JoseError::Algorithm));
        let renamed = assertion("RS256", &assertion_claims()).replacen(
            &b64(json!({"alg": "RS256", "kid": "r"}).to_string()),
            &b64(json!({"alg": "PS256", "kid": "r"}).to_string()),
            1,
        );
        assert_eq!(judged(&renamed, &AssertionAlg::ALL), Err(JoseError::Signature));
        for alg in ["none", "HS256"] {
            let body = unsigned(&json!({"alg": alg, "kid": "r"}), &assertion_claims());
            let key = hmac::Key::new(hmac::HMAC_SHA256, CLIENT.rsa.public_key().as_ref());
            let forged = format!("{body}.{}", b64(hmac::sign(&key, body.as_bytes())));
            assert_eq!(judged(&forged, &AssertionAlg::ALL), Err(JoseError::Algorithm));
        }
    }

    #[test]
    fn ca_07_only_one_audience_and_only_ours() {
        let judge = |audience: Value| {
            let mut claims = assertion_claims();
            claims["aud"] = audience;
            judged(&assertion("RS256", &claims), &[AssertionAlg::Rs256]).map(|_verified| ())
        };
        for ours in [json!(ISSUER), json!(TOKEN_ENDPOINT), json!([ISSUER])] {
            assert_eq!(judge(ours), Ok(()));
        }
        let foreign = [
            json!("https://other.example"),
            json!([ISSUER, "https://other.example"]),
            json!([ISSUER, TOKEN_ENDPOINT]),
            json!("https://id.example/userinfo"),
            json!("https://id.example/"),
            json!([]),
        ];
        for audience in foreign {
            assert_eq!(judge(audience.clone()), Err(JoseError::Audience), "{audience}");
        }
    }

    #[test]
    fn an_assertion_must_be_whole_short_lived_and_the_clients_own() {
        let judge = |name: &str, value: Value| {
            let mut claims = assertion_claims();
            claims[name] = value;
            judged(&assertion("RS256", &claims), &[AssertionAlg::Rs256]).unwrap_err()
        };
        let now = NOW.seconds();
        assert_eq!(judge("iss", json!("other")), JoseError::Issuer);
        assert_eq!(judge("sub", json!("other")), JoseError::Issuer);
        assert_eq!(judge("exp", json!(now - 60)), JoseError::Expired);
        assert_eq!(judge("exp", json!(now + 361)), JoseError::LivesTooLong);
        assert_eq!(judge("nbf", json!(now + 61)), JoseError::NotYet);
        assert_eq!(judge("iat", json!(now + 61)), JoseError::NotYet);
        assert_eq!(judge("jti", json!("")), JoseError::Claims);
        assert_eq!(judge("jti", json!("j".repeat(257))), JoseError::Claims);
        assert_eq!(judge("jti", Value::Null), JoseError::Claims);
        assert_eq!(judge("exp", Value::Null), JoseError::Claims);
        let access_token = CLIENT.ec.sign(TokenType::Access, &assertion_claims()).unwrap();
        assert_eq!(judged(&access_token, &AssertionAlg::ALL), Err(JoseError::Type));
    }
}
