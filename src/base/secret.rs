//! Values that must not be seen: no `Debug`, no `Display`, wiped when dropped.

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Holds a secret. It cannot be formatted, so it cannot be logged; whoever
/// needs the value says so with [`Secret::expose`].
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Every call of this is a place to look at in review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize + Default> Default for Secret<T> {
    fn default() -> Self {
        Self(T::default())
    }
}

impl<'de> serde::Deserialize<'de> for Secret<String> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// The keyed hash of a token: HMAC-SHA-256 under a key of the server. This is
/// what the store keeps; a stolen database opens nothing.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// From the 32 bytes of the MAC.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes as the store keeps them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares with a stored hash in constant time; another length is unequal.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.as_slice().ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_itself_alone() {
        let hash = TokenHash::new([7; 32]);
        assert!(hash.matches(&[7; 32]));
        assert!(!hash.matches(&[8; 32]));
        assert!(!hash.matches(&[7; 31]));
        assert!(!hash.matches(&[]));
    }
}
