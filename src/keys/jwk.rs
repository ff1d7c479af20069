//! Public keys as JWKs (RFC 7517): ours, as we publish them, and foreign sets,
//! as clients register or serve them.
//!
//! Ours are written from typed members alone, so a private member cannot slip
//! in. A foreign set is read leniently (unknown keys are skipped, as §5 asks),
//! but only keys that may verify one of our three algorithms are kept.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::jose::{JoseError, algorithm_named, is_rsa};
use crate::protocol::client_metadata::{AssertionAlg, SigningAlg};

/// Keys of a foreign set beyond this many are not read.
const MAX_FOREIGN_KEYS: usize = 64;

/// A public key of ours with its name and use.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PublicJwk {
    /// Name of the key: its RFC 7638 thumbprint.
    pub kid: String,
    /// The one algorithm it is for.
    pub alg: SigningAlg,
    #[serde(rename = "use")]
    purpose: SignatureUse,
    #[serde(flatten)]
    key: PublicMembers,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum SignatureUse {
    #[serde(rename = "sig")]
    Signature,
}

/// The members that make the key itself, base64url.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kty")]
pub enum PublicMembers {
    /// RFC 7518 §6.3.1.
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus.
        n: String,
        /// Public exponent.
        e: String,
    },
    /// RFC 7518 §6.2.1, always P-256.
    #[serde(rename = "EC")]
    Ec {
        /// Curve.
        crv: String,
        /// First coordinate, 32 bytes.
        x: String,
        /// Second coordinate, 32 bytes.
        y: String,
    },
}

impl PublicMembers {
    /// RFC 7638: SHA-256 over the required members in lexical order.
    fn thumbprint(&self) -> String {
        // base64url text and curve names need no escaping in JSON.
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
    }

    fn decoding_key(&self) -> Result<DecodingKey, JoseError> {
        let key = match self {
            Self::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
            Self::Ec { crv: _, x, y } => DecodingKey::from_ec_components(x, y),
        };
        key.map_err(|_malformed| JoseError::Key)
    }
}

impl PublicJwk {
    /// Names the key by its thumbprint.
    #[must_use]
    pub fn new(alg: SigningAlg, key: PublicMembers) -> Self {
        Self { kid: key.thumbprint(), alg, purpose: SignatureUse::Signature, key }
    }

    /// The key as the verifier takes it.
    pub fn decoding_key(&self) -> Result<DecodingKey, JoseError> {
        self.key.decoding_key()
    }
}

/// The keys of a client that may verify its assertions.
#[derive(Debug, Default)]
pub struct ForeignKeys(Vec<ForeignKey>);

#[derive(Debug)]
struct ForeignKey {
    kid: Option<String>,
    /// The one algorithm the set allows for it, when it names one.
    alg: Option<AssertionAlg>,
    rsa: bool,
    key: DecodingKey,
}

/// Why text is no JWK set.
#[derive(Debug, Error)]
pub enum JwksError {
    /// Not `{"keys": [...]}`.
    #[error("not a JWK set: {0}")]
    Shape(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct RawSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct RawKey {
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    #[serde(flatten)]
    members: PublicMembers,
}

impl ForeignKeys {
    /// Reads a set; keys we cannot use are left out.
    pub fn parse(json: &[u8]) -> Result<Self, JwksError> {
        let set: RawSet = serde_json::from_slice(json)?;
        Ok(Self(set.keys.into_iter().take(MAX_FOREIGN_KEYS).filter_map(ForeignKey::read).collect()))
    }

    /// Whether the set has a key of any use to us.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that a header of this `kid` and `alg` may mean. Without a `kid`
    /// the set must leave no choice.
    pub(super) fn select(&self, kid: Option<&str>, alg: AssertionAlg) -> Result<Vec<&DecodingKey>, JoseError> {
        let fits = |key: &&ForeignKey| key.rsa == is_rsa(alg) && key.alg.is_none_or(|only| only == alg);
        let named = |key: &&ForeignKey| kid.is_none() || key.kid.as_deref() == kid;
        let found: Vec<_> = self.0.iter().filter(named).filter(fits).map(|key| &key.key).collect();
        match (found.len(), kid) {
            (0, _) => Err(JoseError::UnknownKey),
            (1, _) | (_, Some(_)) => Ok(found),
            (_, None) => Err(JoseError::Ambiguous),
        }
    }
}

impl ForeignKey {
    fn read(raw: serde_json::Value) -> Option<Self> {
        let raw: RawKey = serde_json::from_value(raw).ok()?;
        let signs = raw.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && raw.key_ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let rsa = match &raw.members {
            PublicMembers::Rsa { .. } => true,
            PublicMembers::Ec { crv, .. } if crv == "P-256" => false,
            PublicMembers::Ec { .. } => return None,
        };
        let alg = match raw.alg.as_deref().map(algorithm_named) {
            None => None,
            // An algorithm that is not ours: the key is for something else.
            Some(alg) => Some(alg?),
        };
        let key = raw.members.decoding_key().ok()?;
        signs.then_some(Self { kid: raw.kid, alg, rsa, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = PublicJwk::new(SigningAlg::Rs256, PublicMembers::Rsa { n: n.to_owned(), e: "AQAB".to_owned() });
        assert_eq!(jwk.kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_foreign_set_keeps_what_can_verify_and_skips_the_rest() {
        let set = ForeignKeys::parse(
            br#"{"keys":[
                {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"a"},
                {"kty":"EC","crv":"P-256","x":"MKBC","y":"4Etl","use":"enc","kid":"b"},
                {"kty":"EC","crv":"P-521","x":"MKBC","y":"4Etl","kid":"c"},
                {"kty":"oct","k":"c2VjcmV0","kid":"d"},
                {"kty":"RSA","n":"0vx7","e":"AQAB","alg":"RSA-OAEP","kid":"e"},
                {"kty":"OKP","crv":"Ed25519","x":"11qY","kid":"f"},
                7, {"kty":"post-quantum"}]}"#,
        )
        .unwrap();
        assert_eq!(set.0.len(), 1);
        assert!(set.select(Some("a"), AssertionAlg::Es256).is_ok());
        assert!(matches!(set.select(Some("a"), AssertionAlg::Rs256), Err(JoseError::UnknownKey)));
        assert!(matches!(set.select(Some("d"), AssertionAlg::Es256), Err(JoseError::UnknownKey)));
    }

    #[test]
    fn without_a_kid_the_set_must_leave_no_choice() {
        let key = |kid: &str| {
            format!(
                r#"{{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"{kid}"}}"#
            )
        };
        let one = ForeignKeys::parse(format!(r#"{{"keys":[{}]}}"#, key("a")).as_bytes()).unwrap();
        assert_eq!(one.select(None, AssertionAlg::Es256).unwrap().len(), 1);
        let two = ForeignKeys::parse(format!(r#"{{"keys":[{},{}]}}"#, key("a"), key("b")).as_bytes()).unwrap();
        assert!(matches!(two.select(None, AssertionAlg::Es256), Err(JoseError::Ambiguous)));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(ForeignKeys::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(ForeignKeys::parse(br#"{"keys":[]}"#).unwrap().is_empty());
    }
}
