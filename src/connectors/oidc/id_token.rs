//! The checks of an ID token (OpenID Connect Core §3.1.3.7).

use std::str::FromStr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError,
};

use super::super::error::VendorError;
use super::super::json::Body;
use super::VENDOR;
use crate::base::Timestamp;

/// How far the provider's clock may be off.
const SKEW: Duration = Duration::from_secs(60);
/// A token older than this was not made for the login that presents it.
const OLDEST: Duration = Duration::from_secs(10 * 60);

/// Signatures that are believed: by public keys. Neither `none`, nor a MAC
/// under a secret that others may know.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// What a token is held against.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// What is wrong with a token.
pub(super) enum Wrong {
    /// No key of the set fits: perhaps a newer set has one.
    Key,
    /// Anything else.
    Token(&'static str),
}

impl From<Wrong> for VendorError {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Key => Self::malformed(VENDOR, "no key of the provider fits the ID token"),
            Wrong::Token(reason) => Self::malformed(VENDOR, reason),
        }
    }
}

/// The claims of a token that holds in every respect.
pub(super) fn verified(
    text: &str,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
) -> Result<CoreIdTokenClaims, Wrong> {
    clean(text)?;
    let token = CoreIdToken::from_str(text).map_err(|_odd| Wrong::Token("the ID token is none"))?;
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_odd| Wrong::Token("the issuer is no URL"))?;
    let now = expected.now;
    // A public client on purpose: a MAC under our secret is never believed.
    let verifier =
        CoreIdTokenVerifier::new_public_client(ClientId::new(expected.client_id.to_owned()), issuer, keys.clone())
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || moment(now - SKEW))
            .set_issue_time_verifier_fn(move |issued| {
                let timely = issued <= moment(now + SKEW) && issued >= moment(now - SKEW - OLDEST);
                if timely { Ok(()) } else { Err("issued at another time".to_owned()) }
            });
    let nonce = Nonce::new(expected.nonce.to_owned());
    let claims = token.claims(&verifier, &nonce).map_err(|error| wrong(&error))?.clone();
    if claims.authorized_party().is_some_and(|party| party.as_str() != expected.client_id) {
        return Err(Wrong::Token("the ID token was made for somebody else"));
    }
    if let (Some(hash), Some(access_token)) = (claims.access_token_hash(), expected.access_token) {
        let (alg, key) = token
            .signing_alg()
            .and_then(|alg| token.signing_key(&verifier).map(|key| (alg, key)))
            .map_err(|_unsigned| Wrong::Key)?;
        let ours = AccessTokenHash::from_token(&AccessToken::new(access_token.to_owned()), alg, key);
        if ours.ok().as_ref() != Some(hash) {
            return Err(Wrong::Token("the ID token belongs to another access token"));
        }
    }
    Ok(claims)
}

/// The payload is one JSON object with no name twice: what it says twice, two
/// readers understand in two ways.
fn clean(text: &str) -> Result<(), Wrong> {
    let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let clean = payload.is_some_and(|payload| Body::parse(VENDOR, &payload).is_ok());
    if clean { Ok(()) } else { Err(Wrong::Token("the ID token is none")) }
}

fn wrong(error: &ClaimsVerificationError) -> Wrong {
    match error {
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey
            | SignatureVerificationError::CryptoError(_)
            | SignatureVerificationError::AmbiguousKeyId(_),
        ) => Wrong::Key,
        ClaimsVerificationError::Expired(_) => Wrong::Token("the ID token is of another time; compare the clocks"),
        ClaimsVerificationError::InvalidAudience(_) => Wrong::Token("the ID token was made for somebody else"),
        ClaimsVerificationError::InvalidIssuer(_) => Wrong::Token("the ID token is of another issuer"),
        ClaimsVerificationError::InvalidNonce(_) => Wrong::Token("the ID token answers another login"),
        ClaimsVerificationError::InvalidAuthContext(_)
        | ClaimsVerificationError::InvalidAuthTime(_)
        | ClaimsVerificationError::InvalidSubject(_)
        | ClaimsVerificationError::Other(_)
        | ClaimsVerificationError::SignatureVerification(_)
        | ClaimsVerificationError::Unsupported(_)
        | _ => Wrong::Token("the ID token does not hold"),
    }
}

fn moment(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(at.seconds(), 0).unwrap_or_default()
}
