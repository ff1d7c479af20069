//! Assertions of clients: `private_key_jwt` (RFC 7523, OpenID Connect Core §9).
//!
//! Pure: the caller brings the client's keys and remembers used `jti`s in the
//! transaction that grants something. `client_jwks` fetches keys by `jwks_uri`.

use std::time::Duration;

use serde::Deserialize;

use super::jose::{Audience, Compact, JoseError, JwsAlgorithm};
use super::jwk::ForeignKeys;
use crate::base::Timestamp;

/// How far a client's clock may be off (security.md D5).
pub const SKEW: Duration = Duration::from_mins(1);
/// The longest life of an assertion, beyond the skew.
pub const MAX_LIFE: Duration = Duration::from_mins(5);
/// The longest `jti` that is remembered, in bytes.
const MAX_JTI_LEN: usize = 256;

/// What an assertion must say.
#[derive(Clone, Copy, Debug)]
pub struct AssertionRules<'a> {
    /// `iss` and `sub`, both.
    pub client_id: &'a str,
    /// The algorithms the client registered.
    pub algorithms: &'a [JwsAlgorithm],
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
