//! One signing key: making it, its public form, and signing JWTs with it.
//!
//! Key pairs live inside aws-lc-rs. `ring` decides which key signs, `service`
//! makes and seals them. ID tokens, access tokens and logout tokens go through
//! the same [`SigningKey::sign`]: the claims are serialised once (ADR 0002).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use thiserror::Error;

use super::jwk::{PublicJwk, PublicMembers};
use crate::base::Secret;
use crate::protocol::client_metadata::SigningAlg;

/// Bytes of an RS256 signature with our 2048-bit keys.
const RSA_SIGNATURE_LEN: usize = 256;
/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// What a JWT of ours is; its `typ` keeps one kind from passing as another
/// (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenType {
    /// ID token (OpenID Connect Core §2).
    Id,
    /// Access token (RFC 9068 §2.1).
    Access,
    /// Logout token (OpenID Connect Back-Channel Logout §2.4).
    Logout,
}

impl TokenType {
    /// `typ` of the header.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Id => "JWT",
            Self::Access => "at+jwt",
            Self::Logout => "logout+jwt",
        }
    }
}

/// Why nothing was signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// No key of this algorithm is active.
    #[error("no active {0} key")]
    NoKey(&'static str),
    /// The claims do not serialise.
    #[error("claims do not serialise: {0}")]
    Claims(#[from] serde_json::Error),
    /// aws-lc refused to make or use a key.
    #[error("the cryptographic library refused")]
    Crypto,
    /// Stored PKCS#8 that is no key of this algorithm.
    #[error("a stored signing key cannot be read")]
    Key,
}

impl From<Unspecified> for SignError {
    fn from(_: Unspecified) -> Self {
        Self::Crypto
    }
}

impl From<KeyRejected> for SignError {
    fn from(_: KeyRejected) -> Self {
        Self::Key
    }
}

enum Pair {
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
}

/// A private key that signs with one algorithm.
pub struct SigningKey {
    pair: Pair,
    public: PublicJwk,
    id_header: String,
    access_header: String,
    logout_header: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

impl SigningKey {
    /// A new key from aws-lc's own generator. RS256 takes a tenth of a second or
    /// more, so never inside a transaction.
    pub fn generate(algorithm: SigningAlg) -> Result<Self, SignError> {
        let pair = match algorithm {
            SigningAlg::Rs256 => Pair::Rs256(RsaKeyPair::generate(KeySize::Rsa2048)?),
            SigningAlg::Es256 => Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
        };
        Self::from_pair(pair)
    }

    /// From its PKCS#8 form.
    pub fn from_pkcs8(algorithm: SigningAlg, pkcs8: &Secret<Vec<u8>>) -> Result<Self, SignError> {
        let pair = match algorithm {
            SigningAlg::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(pkcs8.expose())?),
            SigningAlg::Es256 => {
                Pair::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose())?)
            }
        };
        Self::from_pair(pair)
    }

    fn from_pair(pair: Pair) -> Result<Self, SignError> {
        let public = match &pair {
            Pair::Rs256(pair) => rsa_public(pair)?,
            Pair::Es256(pair) => ec_public(pair)?,
        };
        let header = |typ: TokenType| -> Result<String, SignError> {
            let header = Header { alg: public.alg.as_str(), typ: typ.typ(), kid: &public.kid };
            Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?))
        };
        let (id_header, access_header, logout_header) =
            (header(TokenType::Id)?, header(TokenType::Access)?, header(TokenType::Logout)?);
        Ok(Self { pair, public, id_header, access_header, logout_header })
    }

    /// The private key as PKCS#8, to be sealed at once.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, SignError> {
        Ok(Secret::new(match &self.pair {
            Pair::Rs256(pair) => AsDer::<Pkcs8V1Der<'static>>::as_der(pair)?.as_ref().to_vec(),
            Pair::Es256(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
        }))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// Signs `claims` as a compact JWS.
    pub fn sign(&self, typ: TokenType, claims: &impl Serialize) -> Result<String, SignError> {
        let header = match typ {
            TokenType::Id => &self.id_header,
            TokenType::Access => &self.access_header,
            TokenType::Logout => &self.logout_header,
        };
        let payload = serde_json::to_vec(claims)?;
        // Header, payload and signature in base64, and two dots.
        let mut token = String::with_capacity(header.len() + payload.len() * 4 / 3 + RSA_SIGNATURE_LEN * 4 / 3 + 8);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        match &self.pair {
            Pair::Rs256(pair) => {
                let mut signature = [0; RSA_SIGNATURE_LEN];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)?;
                token.push('.');
                URL_SAFE_NO_PAD.encode_string(signature, &mut token);
            }
            Pair::Es256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), token.as_bytes())?;
                token.push('.');
                URL_SAFE_NO_PAD.encode_string(signature, &mut token);
            }
        }
        Ok(token)
    }
}

fn rsa_public(pair: &RsaKeyPair) -> Result<PublicJwk, SignError> {
    if pair.public_modulus_len() != RSA_SIGNATURE_LEN {
        return Err(SignError::Key);
    }
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let members = PublicMembers::Rsa { n: URL_SAFE_NO_PAD.encode(n), e: URL_SAFE_NO_PAD.encode(e) };
    Ok(PublicJwk::new(SigningAlg::Rs256, members))
}

fn ec_public(pair: &EcdsaKeyPair) -> Result<PublicJwk, SignError> {
    let point = pair.public_key().as_ref().strip_prefix(&[UNCOMPRESSED]).ok_or(SignError::Key)?;
    let (x, y) = point.split_at_checked(point.len() / 2).ok_or(SignError::Key)?;
    let members =
        PublicMembers::Ec { crv: "P-256".to_owned(), x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) };
    Ok(PublicJwk::new(SigningAlg::Es256, members))
}

/// `at_hash` and `c_hash`: the left half of the SHA-256, base64url (OpenID
/// Connect Core §3.1.3.6). Both our algorithms hash with SHA-256.
#[must_use]
pub fn half_hash(value: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, value.as_bytes());
    let half = digest.as_ref().split_at_checked(16).map_or(digest.as_ref(), |(left, _right)| left);
    URL_SAFE_NO_PAD.encode(half)
}
