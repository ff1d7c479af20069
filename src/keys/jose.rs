//! Compact JWS (RFC 7515): reading, and checking one signature.
//!
//! The strict door before every JWT that comes in. The shape is checked here,
//! the signature by `jsonwebtoken`; whose key it is and what the claims must say
//! is decided by the two callers, `ring` for our own tokens and `assertion` for
//! those of clients. A key in the header (`jwk`, `jku`, `x5u`) is never used.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;

use crate::protocol::client_metadata::{AssertionAlg, SigningAlg};

/// The longest JWT that is looked at, in bytes.
pub const MAX_JWT_LEN: usize = 8 * 1024;

/// The algorithm of that exact name (case counts). `none` and the HMACs are not
/// among those we verify (RFC 8725 §3.1), so they cannot be asked for.
pub(super) fn algorithm_named(name: &str) -> Option<AssertionAlg> {
    AssertionAlg::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
}

pub(super) const fn is_rsa(algorithm: AssertionAlg) -> bool {
    match algorithm {
        AssertionAlg::Rs256 | AssertionAlg::Ps256 => true,
        AssertionAlg::Es256 => false,
    }
}

const fn backend(algorithm: AssertionAlg) -> Algorithm {
    match algorithm {
        AssertionAlg::Rs256 => Algorithm::RS256,
        AssertionAlg::Es256 => Algorithm::ES256,
        AssertionAlg::Ps256 => Algorithm::PS256,
    }
}

impl From<SigningAlg> for AssertionAlg {
    fn from(algorithm: SigningAlg) -> Self {
        match algorithm {
            SigningAlg::Rs256 => Self::Rs256,
            SigningAlg::Es256 => Self::Es256,
        }
    }
}

/// Why a JWT was refused. For our log: a caller outside learns only that it was.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum JoseError {
    /// Longer than [`MAX_JWT_LEN`].
    #[error("JWT is longer than 8 KiB")]
    TooLong,
    /// Not three non-empty base64url parts of which the first two are JSON objects.
    #[error("JWT is malformed")]
    Malformed,
    /// Names critical extensions; we know none (RFC 7515 §4.1.11).
    #[error("JWT names critical extensions")]
    Critical,
    /// Not the algorithm of the key, or not a registered one.
    #[error("JWT names an algorithm that is not allowed")]
    Algorithm,
    /// No published key has this `kid` and algorithm.
    #[error("JWT is signed by an unknown key")]
    UnknownKey,
    /// No `kid`, and several keys would fit.
    #[error("JWT names no key and several would fit")]
    Ambiguous,
    /// A key that cannot be read.
    #[error("a public key cannot be read")]
    Key,
    /// The signature does not verify.
    #[error("signature of the JWT does not verify")]
    Signature,
    /// Another `typ` (RFC 8725 §3.11).
    #[error("JWT is of another type")]
    Type,
    /// Another `iss`, or `sub` where it must equal `iss`.
    #[error("JWT has another issuer or subject")]
    Issuer,
    /// Not for us.
    #[error("JWT is for another audience")]
    Audience,
    /// Past its `exp`.
    #[error("JWT has expired")]
    Expired,
    /// Before its `nbf` or `iat`.
    #[error("JWT is not valid yet")]
    NotYet,
    /// Its `exp` lies too far ahead.
    #[error("JWT lives too long")]
    LivesTooLong,
    /// A claim that must be there is not, or has another shape.
    #[error("JWT lacks a claim, or a claim has the wrong shape")]
    Claims,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

/// A JWT in its compact form whose shape is right. Nothing is verified yet.
#[derive(Debug)]
pub struct Compact<'a> {
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    /// Reads the shape: size, exactly two dots, base64url, header.
    pub fn parse(text: &'a str) -> Result<Self, JoseError> {
        if text.len() > MAX_JWT_LEN {
            return Err(JoseError::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JoseError::Malformed)?;
        if payload.contains('.') || [header, payload, signature].iter().any(|part| part.is_empty()) {
            return Err(JoseError::Malformed);
        }
        let header: Header = decoded(header)?;
        if header.crit.is_some() {
            return Err(JoseError::Critical);
        }
        Ok(Self { header, signed, payload, signature })
    }

    /// `kid` of the header.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// `alg` of the header, when it is one we verify.
    pub fn algorithm(&self) -> Result<AssertionAlg, JoseError> {
        algorithm_named(&self.header.alg).ok_or(JoseError::Algorithm)
    }

    /// `typ` of the header.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Checks the signature with a key that was chosen for `algorithm`.
    pub fn verify(&self, key: &DecodingKey, algorithm: AssertionAlg) -> Result<(), JoseError> {
        if self.algorithm()? != algorithm {
            return Err(JoseError::Algorithm);
        }
        let verified = jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, backend(algorithm));
        match verified {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(JoseError::Signature),
        }
    }

    /// The claims. Call it after [`Compact::verify`] alone.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<C, JoseError> {
        let bytes = URL_SAFE_NO_PAD.decode(self.payload).map_err(|_not_base64| JoseError::Malformed)?;
        serde_json::from_slice(&bytes).map_err(|_shape| JoseError::Claims)
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, JoseError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_not_base64| JoseError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_not_json| JoseError::Malformed)
}

/// `aud`: one string or a list (RFC 7519 §4.1.3).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(only) => only == wanted,
            Self::Many(all) => all.iter().any(|one| one == wanted),
        }
    }

    /// The audience when there is exactly one.
    pub(super) fn only(&self) -> Option<&str> {
        match self {
            Self::One(only) => Some(only),
            Self::Many(all) => match all.as_slice() {
                [only] => Some(only),
                [] | [_, _, ..] => None,
            },
        }
    }
}
