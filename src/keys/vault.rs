//! The key-encryption key, and every key that is derived from it.
//!
//! One secret of 32 bytes in a file of its owner alone (or in the environment)
//! is the root. HKDF-SHA-256 (RFC 5869) gives one independent key for each
//! [`Purpose`]; what is sealed is bound to its table, column and row. Built once
//! by `app`; everybody above asks it for keys and never sees the root.

use std::path::Path;

use aws_lc_rs::aead::{self, AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::key_file::{self, KeyFileError};
use super::purpose::Purpose;
use crate::base::{Entropy, OpaqueTokens, Secret, TokenHash};
use crate::config;

/// Bytes of the root and of every derived key.
pub const KEY_LEN: usize = 32;
/// Salt of the extraction; another value would be another key tree.
const SALT: &[u8] = b"menshen key tree 1";
/// First byte of every sealed value.
const BLOB_VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;

/// Where a sealed value lives; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Aad<'a> {
    /// Table.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// The row's key as text.
    pub row: &'a str,
}

impl Aad<'_> {
    fn bytes(&self) -> Vec<u8> {
        framed(&[self.table.as_bytes(), self.column.as_bytes(), self.row.as_bytes()])
    }
}

/// Why the key file or a sealed value was refused. Names files, never secrets.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The key file is missing, open to others, or no key.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// Sealed under another key-encryption key.
    #[error("a value in {table}.{column} was sealed under another key-encryption key")]
    OtherKey {
        /// Table.
        table: String,
        /// Column.
        column: String,
    },
    /// Changed, moved to another row, or cut off.
    #[error("a sealed value in {table}.{column} does not open: it was changed or belongs to another row")]
    Opened {
        /// Table.
        table: String,
        /// Column.
        column: String,
    },
    /// The cipher refused to seal; only a value of many gigabytes does that.
    #[error("a value is too long to be sealed")]
    TooLong,
}

/// The root of all keys. Holds no copy of the root itself, only its HKDF state.
pub struct Vault {
    prk: hmac::Key,
    key_id: [u8; KEY_ID_LEN],
}

impl Vault {
    /// From the configured value, else from the key file, which is made on the
    /// first start.
    pub fn open(keys: &config::Keys, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        match &keys.kek {
            Some(kek) => Ok(Self::from_bytes(kek.expose())),
            None => Self::load(&keys.kek_file, entropy),
        }
    }

    /// From the key file; it is made, owner-only and synced, when it is absent.
    pub fn load(path: &Path, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        Ok(Self::from_bytes(key_file::load(path, entropy)?.expose()))
    }

    /// From the 32 bytes themselves.
    #[must_use]
    pub fn from_bytes(root: &[u8; KEY_LEN]) -> Self {
        let extract = hmac::Key::new(hmac::HMAC_SHA256, SALT);
        let mut extracted = mac_of(&extract, &[root]);
        let prk = hmac::Key::new(hmac::HMAC_SHA256, &extracted);
        extracted.zeroize();
        let mut key_id = [0; KEY_ID_LEN];
        for (to, from) in key_id.iter_mut().zip(expand(&prk, b"key id")) {
            *to = from;
        }
        Self { prk, key_id }
    }

    /// The key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; KEY_LEN]> {
        Zeroizing::new(expand(&self.prk, purpose.info()))
    }

    /// A keyed hash for one purpose, to be kept by who needs it often.
    #[must_use]
    pub fn mac_key(&self, purpose: Purpose) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose).as_slice()))
    }

    /// One keyed hash over `parts`, as for a blind index.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> TokenHash {
        self.mac_key(purpose).mac(parts)
    }

    /// Maker and reader of opaque tokens under this root.
    #[must_use]
    pub fn opaque_tokens(&self) -> OpaqueTokens {
        OpaqueTokens::new(&self.derive(Purpose::TokenHash), &self.derive(Purpose::TokenHandle))
    }

    /// Seals `plain` for one place with AES-256-GCM under a random nonce.
    ///
    /// Layout: version, id of the root (8), nonce (12), ciphertext and tag.
    pub fn seal(
        &self,
        purpose: Purpose,
        place: &Aad<'_>,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut body = Zeroizing::new(plain.to_vec());
        self.cipher(purpose)
            .and_then(|key| {
                let aad = aead::Aad::from(place.bytes());
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut *body)
            })
            .map_err(|_unspecified| VaultError::TooLong)?;
        Ok([&[BLOB_VERSION], self.key_id.as_slice(), &nonce, &body].concat())
    }

    /// Opens what [`Vault::seal`] sealed for the same purpose and place.
    pub fn unseal(&self, purpose: Purpose, place: &Aad<'_>, blob: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
        let (table, column) = (place.table.to_owned(), place.column.to_owned());
        let Some((nonce, body)) = self.split(blob) else {
            return Err(match blob.get(1..=KEY_ID_LEN) {
                Some(id) if id != self.key_id => VaultError::OtherKey { table, column },
                Some(_) | None => VaultError::Opened { table, column },
            });
        };
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self.cipher(purpose).and_then(|key| {
            let aad = aead::Aad::from(place.bytes());
            key.open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut body).map(|plain| plain.to_vec())
        });
        opened.map(Secret::new).map_err(|_unspecified| VaultError::Opened { table, column })
    }

    /// Nonce and body of a blob of ours.
    fn split<'a>(&self, blob: &'a [u8]) -> Option<([u8; NONCE_LEN], &'a [u8])> {
        let rest = blob.strip_prefix(&[BLOB_VERSION])?.strip_prefix(self.key_id.as_slice())?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        Some((*nonce, body))
    }

    fn cipher(&self, purpose: Purpose) -> Result<LessSafeKey, aws_lc_rs::error::Unspecified> {
        UnboundKey::new(&AES_256_GCM, self.derive(purpose).as_slice()).map(LessSafeKey::new)
    }
}

/// A keyed hash for one purpose.
pub struct MacKey(hmac::Key);

impl MacKey {
    /// HMAC-SHA-256 over the parts, each with its length before it, so that
    /// moving a byte from one part to the next gives another hash.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> TokenHash {
        TokenHash::new(mac_of(&self.0, &[&framed(parts)]))
    }
}

/// HKDF-Expand of one block (RFC 5869 §2.3): `HMAC(PRK, info || 1)`.
fn expand(prk: &hmac::Key, info: &[u8]) -> [u8; KEY_LEN] {
    mac_of(prk, &[info, &[1]])
}

#[expect(clippy::expect_used, reason = "an HMAC-SHA-256 has 32 bytes; a key of zeros must never stand in for it")]
fn mac_of(key: &hmac::Key, parts: &[&[u8]]) -> [u8; KEY_LEN] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    context.sign().as_ref().try_into().expect("an HMAC-SHA-256 has 32 bytes")
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        out.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;

    const PLACE: Aad<'_> = Aad { table: "signing_keys", column: "private_sealed", row: "k1" };

    fn vault() -> Vault {
        Vault::from_bytes(&[7; KEY_LEN])
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_alone() {
        let (vault, entropy) = (vault(), SeededEntropy::new(1));
        let blob = vault.seal(Purpose::SigningKeySeal, &PLACE, b"private", &entropy).unwrap();
        assert_eq!(vault.unseal(Purpose::SigningKeySeal, &PLACE, &blob).unwrap().expose(), b"private");
        for other in [Aad { row: "k2", ..PLACE }, Aad { column: "x", ..PLACE }, Aad { table: "y", ..PLACE }] {
            assert!(matches!(vault.unseal(Purpose::SigningKeySeal, &other, &blob), Err(VaultError::Opened { .. })));
        }
        assert!(vault.unseal(Purpose::OutboxSeal, &PLACE, &blob).is_err());
    }

    #[test]
    fn a_changed_or_cut_blob_does_not_open() {
        let (vault, entropy) = (vault(), SeededEntropy::new(1));
        let blob = vault.seal(Purpose::OutboxSeal, &PLACE, b"to whom", &entropy).unwrap();
        for at in 0..blob.len() {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert!(vault.unseal(Purpose::OutboxSeal, &PLACE, &changed).is_err(), "byte {at}");
            assert!(vault.unseal(Purpose::OutboxSeal, &PLACE, &blob[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_root_is_named_as_the_reason() {
        let blob = vault().seal(Purpose::OutboxSeal, &PLACE, b"x", &SeededEntropy::new(1)).unwrap();
        let other = Vault::from_bytes(&[8; KEY_LEN]);
        assert!(matches!(other.unseal(Purpose::OutboxSeal, &PLACE, &blob), Err(VaultError::OtherKey { .. })));
    }

    #[test]
    fn derivation_is_hkdf_as_the_library_does_it() {
        struct Len;
        impl aws_lc_rs::hkdf::KeyType for Len {
            fn len(&self) -> usize {
                KEY_LEN
            }
        }
        let salt = aws_lc_rs::hkdf::Salt::new(aws_lc_rs::hkdf::HKDF_SHA256, SALT);
        let mut expected = [0; KEY_LEN];
        salt.extract(&[7; KEY_LEN]).expand(&[Purpose::Csrf.info()], Len).unwrap().fill(&mut expected).unwrap();
        assert_eq!(*vault().derive(Purpose::Csrf), expected);
        assert_ne!(vault().derive(Purpose::Csrf), vault().derive(Purpose::TokenHash));
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_hash() {
        let vault = vault();
        let one = vault.mac(Purpose::IdentifierLookup, &[b"ab", b"c"]);
        assert!(!one.matches(vault.mac(Purpose::IdentifierLookup, &[b"a", b"bc"]).as_bytes()));
        assert!(one.matches(vault.mac_key(Purpose::IdentifierLookup).mac(&[b"ab", b"c"]).as_bytes()));
    }
}
