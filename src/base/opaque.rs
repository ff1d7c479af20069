//! Opaque tokens: `prefix_` + base64url of (handle, 32 random bytes).
//!
//! The handle is the row's number under a keyed permutation, so a row is found
//! by its integer key and the number tells nobody how many rows there are. Of
//! the random part the store keeps only an HMAC under a key of the server.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::secret::{Secret, TokenHash};

/// Bytes of chance in a token.
pub const RANDOM_LEN: usize = 32;
const HANDLE_LEN: usize = 8;
/// Rounds of the Feistel network over the row's number (Luby and Rackoff: four
/// rounds of a keyed function make a permutation that looks random).
const ROUNDS: u8 = 4;

/// What a token is for. Each kind has its own prefix and its own MAC input, so
/// a token of one kind never passes as another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OpaqueKind {
    /// Opaque access token.
    Access,
    /// Value of the browser's cookie.
    Browser,
    /// Authorization code.
    Code,
    /// A grant as the `jti` of its access tokens in JWT form names it.
    Grant,
    /// A sign-in as a page of this browser names it.
    Handle,
    /// An interaction as its pages name it.
    Interaction,
    /// Refresh token.
    Refresh,
}

impl OpaqueKind {
    /// The prefix by which people and secret scanners tell tokens apart.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "mat_",
            Self::Browser => "mbr_",
            Self::Code => "mac_",
            Self::Grant => "mgr_",
            Self::Handle => "mah_",
            Self::Interaction => "mix_",
            Self::Refresh => "mrt_",
        }
    }
}

/// A token as somebody presented it: the row it names and the hash to compare.
/// Only well-formed text becomes one; whether it is *right* the store decides.
#[derive(Clone, Copy)]
pub struct Presented {
    /// Number of the row that the handle names.
    pub row: i64,
    /// Keyed hash of the random part.
    pub hash: TokenHash,
}

/// Makes and reads opaque tokens under two keys of the server.
pub struct OpaqueTokens {
    hash_key: hmac::Key,
    handle_key: hmac::Key,
}

impl OpaqueTokens {
    /// From two independent keys (HKDF outputs of the key-encryption key).
    #[must_use]
    pub fn new(hash_key: &[u8; 32], handle_key: &[u8; 32]) -> Self {
        Self {
            hash_key: hmac::Key::new(hmac::HMAC_SHA256, hash_key),
            handle_key: hmac::Key::new(hmac::HMAC_SHA256, handle_key),
        }
    }

    /// The hash that is stored for `random`.
    #[must_use]
    pub fn hash(&self, kind: OpaqueKind, random: &[u8; RANDOM_LEN]) -> TokenHash {
        let mut context = hmac::Context::with_key(&self.hash_key);
        context.update(kind.prefix().as_bytes());
        context.update(random);
        TokenHash::new(first_32(context.sign().as_ref()))
    }

    /// The token's text, once its row has its number.
    #[must_use]
    pub fn text(&self, kind: OpaqueKind, row: i64, random: &[u8; RANDOM_LEN]) -> Secret<String> {
        let mut bytes = [0_u8; HANDLE_LEN + RANDOM_LEN];
        let (handle, rest) = bytes.split_at_mut(HANDLE_LEN);
        handle.copy_from_slice(&self.permute(kind, row).to_be_bytes());
        rest.copy_from_slice(random);
        Secret::new(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads a token: exact prefix, length and alphabet, else `None`.
    #[must_use]
    pub fn read(&self, kind: OpaqueKind, text: &str) -> Option<Presented> {
        const TEXT_LEN: usize = (HANDLE_LEN + RANDOM_LEN) * 8 / 6 + 1;
        let encoded = text.strip_prefix(kind.prefix()).filter(|encoded| encoded.len() == TEXT_LEN)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (handle, random) = bytes.split_at_checked(HANDLE_LEN)?;
        let row = self.unpermute(kind, u64::from_be_bytes(handle.try_into().ok()?));
        Some(Presented { row, hash: self.hash(kind, random.try_into().ok()?) })
    }

    /// The row's number as a handle: a bijection that looks random.
    #[must_use]
    pub fn permute(&self, kind: OpaqueKind, row: i64) -> u64 {
        let (mut left, mut right) = halves(row.cast_unsigned());
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.round(kind, round, right));
        }
        joined(left, right)
    }

    /// The row that a handle names; any 64 bits name some row.
    #[must_use]
    pub fn unpermute(&self, kind: OpaqueKind, handle: u64) -> i64 {
        let (mut left, mut right) = halves(handle);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.round(kind, round, left), left);
        }
        joined(left, right).cast_signed()
    }

    fn round(&self, kind: OpaqueKind, round: u8, half: u32) -> u32 {
        let mut context = hmac::Context::with_key(&self.handle_key);
        context.update(kind.prefix().as_bytes());
        context.update(&[round]);
        context.update(&half.to_be_bytes());
        let [a, b, c, d, ..] = first_32(context.sign().as_ref());
        u32::from_be_bytes([a, b, c, d])
    }
}

/// The 32 bytes of a SHA-256 MAC; a shorter slice is padded with zeros, which
/// HMAC-SHA-256 never gives.
fn first_32(mac: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(mac) {
        *to = *from;
    }
    out
}

fn halves(number: u64) -> (u32, u32) {
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
    let high = u32::try_from(number >> 32).unwrap_or_default();
    (high, low)
}

fn joined(left: u32, right: u32) -> u64 {
    (u64::from(left) << 32) | u64::from(right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens() -> OpaqueTokens {
        OpaqueTokens::new(&[1; 32], &[2; 32])
    }

    proptest! {
        #[test]
        fn a_token_reads_back_as_its_row_and_hash(row: i64, random: [u8; 32]) {
            let tokens = tokens();
            let text = tokens.text(OpaqueKind::Code, row, &random);
            let read = tokens.read(OpaqueKind::Code, text.expose()).unwrap();
            prop_assert_eq!(read.row, row);
            prop_assert!(read.hash.matches(tokens.hash(OpaqueKind::Code, &random).as_bytes()));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in ".{0,80}") {
            prop_assert!(tokens().read(OpaqueKind::Refresh, &text).is_none());
        }
    }

    #[test]
    fn a_token_of_one_kind_is_not_one_of_another() {
        let tokens = tokens();
        let text = tokens.text(OpaqueKind::Code, 1, &[9; 32]);
        let forged = text.expose().replace("mac_", "mrt_");
        assert!(tokens.read(OpaqueKind::Refresh, text.expose()).is_none());
        let read = tokens.read(OpaqueKind::Refresh, &forged).unwrap();
        assert!(!read.hash.matches(tokens.hash(OpaqueKind::Code, &[9; 32]).as_bytes()));
    }

    #[test]
    fn neighbouring_rows_have_unlike_handles() {
        let tokens = tokens();
        let apart = tokens.permute(OpaqueKind::Code, 1) ^ tokens.permute(OpaqueKind::Code, 2);
        assert!(apart.count_ones() > 12, "{apart:b}");
    }

    #[test]
    fn another_length_or_padding_is_refused() {
        let tokens = tokens();
        let text = tokens.text(OpaqueKind::Access, 5, &[3; 32]).expose().clone();
        for wrong in [
            format!("{text}="),
            format!("{text}A"),
            text[..text.len() - 1].to_owned(),
            text.to_uppercase(),
            String::new(),
        ] {
            assert!(tokens.read(OpaqueKind::Access, &wrong).is_none(), "{wrong}");
        }
    }
}
