//! The key-encryption key, and every key that is derived from it.
//!
//! One secret of 32 bytes in a file of its owner alone (or in the environment)
//! is the root. HKDF-SHA-256 (RFC 5869) gives one independent key for each
//! [`Purpose`]; what is sealed is bound to its table, column and row. Built once
//! by `app`; everybody above asks it for keys and never sees the root.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{self, AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::base::{Entropy, OpaqueTokens, Secret, TokenHash};

/// Bytes of the root and of every derived key.
pub const KEY_LEN: usize = 32;
/// Salt of the extraction; another value would be another key tree.
const SALT: &[u8] = b"menshen key tree 1";
/// First byte of every sealed value.
const BLOB_VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
/// More than any sane key file holds; a device file must not be read to its end.
const MAX_FILE_LEN: u64 = 4096;

/// What a derived key is for. Two purposes never share a key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Purpose {
    /// Hashes of the random part of opaque tokens.
    TokenHash,
    /// Permutation of row numbers in opaque tokens.
    TokenHandle,
    /// Hashes of client secrets.
    ClientSecretHash,
    /// Tokens in forms against cross-site requests.
    Csrf,
    /// Private parts of signing keys.
    SigningKeySeal,
    /// Phone numbers and e-mail addresses at rest.
    IdentifierSeal,
    /// Blind index over identifiers.
    IdentifierLookup,
    /// Pepper of passwords and of other credentials.
    CredentialPepper,
    /// Messages that wait in the outbox.
    OutboxSeal,
    /// Names of throttle buckets, so that the table names nobody.
    ThrottleKey,
    /// Secrets inside a stored interaction.
    InteractionSeal,
    /// Rows of the chooser that stand for no account.
    Decoy,
    /// The chain of audit rows.
    AuditChain,
}

impl Purpose {
    /// The `info` of HKDF. Changing one makes what it protects unreadable.
    const fn info(self) -> &'static [u8] {
        match self {
            Self::TokenHash => b"token hash",
            Self::TokenHandle => b"token handle",
            Self::ClientSecretHash => b"client secret hash",
            Self::Csrf => b"csrf",
            Self::SigningKeySeal => b"signing key seal",
            Self::IdentifierSeal => b"identifier seal",
            Self::IdentifierLookup => b"identifier lookup",
            Self::CredentialPepper => b"credential pepper",
            Self::OutboxSeal => b"outbox seal",
            Self::ThrottleKey => b"throttle key",
            Self::InteractionSeal => b"interaction seal",
            Self::Decoy => b"decoy",
            Self::AuditChain => b"audit chain",
        }
    }
}

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
    /// The file cannot be read or made.
    #[error("key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read the file.
    #[error("key file {}: mode {mode:04o} lets others in; it must be 0600", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not the base64 of 32 bytes.
    #[error("the key-encryption key must be the base64 of 32 random bytes")]
    Shape,
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
    /// Reads the key file; makes it, owner-only and synced, when it is absent.
    ///
    /// Of two processes that start at once one makes it and both read it.
    pub fn load(path: &Path, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File { path: path.to_owned(), source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path, entropy).map_err(failed)?;
                File::open(path).map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(VaultError::Mode { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_FILE_LEN).read_to_string(&mut text).map_err(failed)?;
        Self::from_base64(&text).map_err(|error| match error {
            VaultError::Shape => failed(io::Error::new(io::ErrorKind::InvalidData, VaultError::Shape.to_string())),
            other => other,
        })
    }

    /// From the value that the environment gave instead of a file.
    pub fn from_text(text: &Secret<String>) -> Result<Self, VaultError> {
        Self::from_base64(text.expose())
    }

    fn from_base64(text: &str) -> Result<Self, VaultError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_undecodable| VaultError::Shape)?);
        let root = <&[u8; KEY_LEN]>::try_from(bytes.as_slice()).map_err(|_length| VaultError::Shape)?;
        Ok(Self::from_bytes(root))
    }

    /// From the 32 bytes themselves.
    #[must_use]
    pub fn from_bytes(root: &[u8; KEY_LEN]) -> Self {
        let extract = hmac::Key::new(hmac::HMAC_SHA256, SALT);
        let mut extracted = mac_of(&extract, &[root]);
        let prk = hmac::Key::new(hmac::HMAC_SHA256, &extracted);
        extracted.zeroize();
        let [a, b, c, d, e, f, g, h, ..] = expand(&prk, b"key id");
        Self { prk, key_id: [a, b, c, d, e, f, g, h] }
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
    pub fn open(&self, purpose: Purpose, place: &Aad<'_>, blob: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
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

/// Writes a new root beside `path`, syncs it and moves it there unless
/// somebody else was first.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // tempfile makes files of mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let root = Zeroizing::new(entropy.bytes::<KEY_LEN>());
    let text = Zeroizing::new(STANDARD.encode(root.as_slice()));
    writeln!(file, "{}", text.as_str())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_written) => File::open(folder)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

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
        assert_eq!(vault.open(Purpose::SigningKeySeal, &PLACE, &blob).unwrap().expose(), b"private");
        for other in [Aad { row: "k2", ..PLACE }, Aad { column: "x", ..PLACE }, Aad { table: "y", ..PLACE }] {
            assert!(matches!(vault.open(Purpose::SigningKeySeal, &other, &blob), Err(VaultError::Opened { .. })));
        }
        assert!(vault.open(Purpose::OutboxSeal, &PLACE, &blob).is_err());
    }

    #[test]
    fn a_changed_or_cut_blob_does_not_open() {
        let (vault, entropy) = (vault(), SeededEntropy::new(1));
        let blob = vault.seal(Purpose::OutboxSeal, &PLACE, b"to whom", &entropy).unwrap();
        for at in 0..blob.len() {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert!(vault.open(Purpose::OutboxSeal, &PLACE, &changed).is_err(), "byte {at}");
            assert!(vault.open(Purpose::OutboxSeal, &PLACE, &blob[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_root_is_named_as_the_reason() {
        let blob = vault().seal(Purpose::OutboxSeal, &PLACE, b"x", &SeededEntropy::new(1)).unwrap();
        let other = Vault::from_bytes(&[8; KEY_LEN]);
        assert!(matches!(other.open(Purpose::OutboxSeal, &PLACE, &blob), Err(VaultError::OtherKey { .. })));
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

    #[test]
    fn the_first_start_makes_a_file_for_its_owner_alone_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("kek");
        let first = Vault::load(&path, &SeededEntropy::new(3)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let second = Vault::load(&path, &SeededEntropy::new(4)).unwrap();
        assert_eq!(first.derive(Purpose::Csrf), second.derive(Purpose::Csrf));
        let text = fs::read_to_string(&path).unwrap();
        let third = Vault::from_text(&Secret::new(text)).unwrap();
        assert_eq!(first.derive(Purpose::Csrf), third.derive(Purpose::Csrf));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        Vault::load(&path, &SeededEntropy::new(3)).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(Vault::load(&path, &SeededEntropy::new(3)), Err(VaultError::Mode { .. })), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(Vault::load(&path, &SeededEntropy::new(3)).is_ok());
    }

    #[test]
    fn a_file_with_something_else_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "hunter2-hunter2", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            let path = folder.path().join("kek");
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Vault::load(&path, &SeededEntropy::new(3)).err().unwrap().to_string();
            assert!(error.contains("kek") && (text.is_empty() || !error.contains(text)), "{error}");
        }
    }
}
