//! The computation: one password, one hash, one arena.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Version};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Verdict;
use super::stored::{BadHash, Cost, Parts, StoredPassword};

const OUTPUT_LEN: usize = 32;
const SALT_LEN: usize = 16;
/// Glibc gives a freed piece of this size (33 MiB) back to the system; a smaller
/// one it keeps, and the next may be cut beside it. Asking for more than is
/// written to costs address space, not memory.
const RETURNED_BLOCKS: usize = 33 * 1024;

/// A password in Unicode's NFC, so that two keyboards give the same one.
pub struct NormalPassword(Zeroizing<String>);

impl NormalPassword {
    /// Longer ones are nobody's password.
    pub const MAX_BYTES: usize = 4096;

    /// Takes what was typed; `None` when it is too long to be a password.
    #[must_use]
    pub fn new(typed: &str) -> Option<Self> {
        (typed.len() <= Self::MAX_BYTES).then(|| Self(Zeroizing::new(typed.nfc().collect())))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The memory of a hash, kept from one to the next.
#[derive(Default)]
pub struct Arena(Vec<Block>);

impl Arena {
    /// At least `count` blocks.
    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            // No copy of the old content: every hash writes before it reads.
            self.0 = Vec::new();
            self.0.reserve_exact(count.max(RETURNED_BLOCKS));
            self.0.resize(count, Block::new());
        }
        &mut self.0
    }

    /// Gives memory back, down to `count` blocks.
    pub fn shrink_to(&mut self, count: usize) {
        if self.0.len() > count {
            self.0 = Vec::new();
        }
    }
}

/// Argon2id with the house's cost and pepper.
pub struct Hasher {
    pepper: Zeroizing<[u8; 32]>,
    cost: Cost,
}

impl Hasher {
    /// From the pepper (a key of the vault, argon2's secret value K of RFC 9106
    /// §3.1) and the cost of new hashes.
    ///
    /// # Errors
    /// The cost is none that argon2 has.
    pub fn new(pepper: Zeroizing<[u8; 32]>, cost: Cost) -> Result<Self, BadHash> {
        cost.params(OUTPUT_LEN)?;
        Ok(Self { pepper, cost })
    }

    /// What a new hash costs.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// Makes a hash for storing.
    ///
    /// # Errors
    /// Never, with a cost that [`Hasher::new`] took.
    pub fn hash(
        &self,
        password: &NormalPassword,
        salt: &[u8; SALT_LEN],
        arena: &mut Arena,
    ) -> Result<StoredPassword, BadHash> {
        let parts = self.fresh_parts(salt);
        let hash = Self::compute(password.bytes(), &parts, self.pepper.as_slice(), arena)?;
        let params = self.cost.params(OUTPUT_LEN)?;
        let phc = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: params.try_into().map_err(|_unquoted| BadHash::Parameters)?,
            salt: Some(Salt::new(salt).map_err(|_unquoted| BadHash::Malformed)?),
            hash: Some(Output::new(&hash).map_err(|_unquoted| BadHash::Malformed)?),
        };
        Ok(StoredPassword::peppered(phc.to_string()))
    }

    /// Compares. Without a stored hash, or with a password too long to be one,
    /// the same work is done and the verdict is wrong.
    pub fn compare(
        &self,
        password: Option<&NormalPassword>,
        stored: Option<&StoredPassword>,
        arena: &mut Arena,
    ) -> Verdict {
        let parts = stored.map(|stored| (stored.parts(), stored.has_pepper()));
        let (Some(password), Some((Ok(parts), peppered))) = (password, parts) else {
            self.burn(arena);
            return Verdict::Wrong;
        };
        let pepper = if peppered { self.pepper.as_slice() } else { &[] };
        match Self::compute(password.bytes(), &parts, pepper, arena) {
            Ok(hash) if bool::from(hash.ct_eq(&parts.hash)) => Verdict::Right,
            Ok(_) | Err(_) => Verdict::Wrong,
        }
    }

    /// Whether new hashes differ in cost or have the pepper that this one lacks.
    #[must_use]
    pub fn is_outdated(&self, stored: &StoredPassword) -> bool {
        !stored.has_pepper() || stored.parts().is_ok_and(|parts| parts.cost != self.cost)
    }

    /// Pays for a hash that nobody asked for, so that a missing one costs the same.
    fn burn(&self, arena: &mut Arena) {
        let parts = self.fresh_parts(&[0; SALT_LEN]);
        // The result is of no interest, and neither is a failure: nothing is compared with it.
        drop(Self::compute(b"nobody's password", &parts, self.pepper.as_slice(), arena));
    }

    fn fresh_parts(&self, salt: &[u8; SALT_LEN]) -> Parts {
        Parts { version: Version::V0x13, cost: self.cost, salt: salt.to_vec(), hash: vec![0; OUTPUT_LEN] }
    }

    fn compute(
        password: &[u8],
        parts: &Parts,
        pepper: &[u8],
        arena: &mut Arena,
    ) -> Result<Zeroizing<Vec<u8>>, BadHash> {
        let params = parts.cost.params(parts.hash.len())?;
        let blocks = params.block_count();
        let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, parts.version, params);
        let mut hash = Zeroizing::new(vec![0; parts.hash.len()]);
        argon2
            .and_then(|argon2| {
                argon2.hash_password_into_with_memory(password, &parts.salt, &mut hash, arena.blocks(blocks))
            })
            .map_err(|_unquoted| BadHash::Parameters)?;
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(pepper: u8) -> Hasher {
        let cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
        Hasher::new(Zeroizing::new([pepper; 32]), cost).unwrap()
    }

    fn verdict(hasher: &Hasher, typed: &str, stored: &StoredPassword) -> Verdict {
        hasher.compare(NormalPassword::new(typed).as_ref(), Some(stored), &mut Arena::default())
    }

    fn stored(hasher: &Hasher, typed: &str) -> StoredPassword {
        hasher.hash(&NormalPassword::new(typed).unwrap(), &[5; 16], &mut Arena::default()).unwrap()
    }

    /// The vectors of the reference implementation (`test.c`, argon2id, v = 19).
    #[test]
    fn the_published_vectors_verify() {
        for phc in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ] {
            let stored = StoredPassword::import(phc).unwrap();
            assert_eq!(verdict(&hasher(1), "password", &stored), Verdict::Right);
            assert_eq!(verdict(&hasher(1), "passwore", &stored), Verdict::Wrong);
        }
    }

    #[test]
    fn a_hash_opens_to_its_password_under_its_pepper_alone() {
        let stored = stored(&hasher(1), "open-the-red-gate-1");
        assert_eq!(verdict(&hasher(1), "open-the-red-gate-1", &stored), Verdict::Right);
        assert_eq!(verdict(&hasher(1), "open-the-red-gate-2", &stored), Verdict::Wrong);
        assert_eq!(verdict(&hasher(2), "open-the-red-gate-1", &stored), Verdict::Wrong);
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        let stored = stored(&hasher(1), "cafe\u{301} au lait");
        assert_eq!(verdict(&hasher(1), "caf\u{e9} au lait", &stored), Verdict::Right);
    }

    #[test]
    fn a_long_password_counts_to_its_last_byte_and_a_longer_one_is_wrong() {
        let long = "x".repeat(NormalPassword::MAX_BYTES);
        let stored = stored(&hasher(1), &long);
        assert_eq!(verdict(&hasher(1), &long, &stored), Verdict::Right);
        assert_eq!(verdict(&hasher(1), &format!("{}y", &long[1..]), &stored), Verdict::Wrong);
        assert_eq!(verdict(&hasher(1), &format!("{long}x"), &stored), Verdict::Wrong);
    }

    #[test]
    fn hashes_from_elsewhere_and_of_another_cost_are_outdated() {
        let ours = stored(&hasher(1), "p");
        let dearer = Cost { iterations: 2, ..hasher(1).cost() };
        assert!(!hasher(1).is_outdated(&ours));
        assert!(Hasher::new(Zeroizing::new([1; 32]), dearer).unwrap().is_outdated(&ours));
        let phc = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(hasher(1).is_outdated(&StoredPassword::import(phc).unwrap()));
    }
}
