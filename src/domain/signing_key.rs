//! Signing keys as the store keeps them: algorithm, state, sealed private part.
//!
//! `store::signing_keys` reads and writes them, `keys` makes, opens and plans
//! them. Nothing here signs or knows the key-encryption key.

use super::names::named_enum;
use crate::base::Timestamp;
use crate::protocol::client_metadata::SigningAlg;

named_enum! {
    /// Where a key stands in its life. It only moves forward.
    KeyState {
        /// Published, so that everybody knows it before it signs.
        Next = "next",
        /// Signs. One for each algorithm.
        Active = "active",
        /// Signs no more, but its tokens still live, so it stays published.
        Retired = "retired",
    }
}

/// One row of `signing_keys`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningKeyRecord {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlg,
    /// Where it stands.
    pub state: KeyState,
    /// The public key as a JWK (RFC 7517), JSON text.
    pub public_jwk: String,
    /// PKCS#8, sealed under the key-encryption key.
    pub private_sealed: Vec<u8>,
    /// When it was made, and so published.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign.
    pub retired_at: Option<Timestamp>,
    /// Retired keys only: when the last token it signed is certainly dead.
    pub expires_at: Option<Timestamp>,
}

impl SigningKeyRecord {
    /// Whether relying parties are still told of it.
    #[must_use]
    pub fn is_published(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}
