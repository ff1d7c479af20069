//! The stored form of a password: a PHC string and whether the pepper is in it.

use argon2::password_hash::phc::PasswordHash;
use argon2::{ARGON2ID_IDENT, Params, Version};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config;

/// A shorter hash would be guessed rather than its password.
const SHORTEST_HASH: usize = 16;

/// Why text is not a hash that we take. Never quotes it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BadHash {
    /// Not a PHC string, or without salt or hash.
    #[error("not a complete PHC string")]
    Malformed,
    /// Another algorithm.
    #[error("only argon2id hashes are taken")]
    Algorithm,
    /// A login would cost too much.
    #[error("argon2id parameters beyond m = 262144 KiB, t = 10, p = 4")]
    TooCostly,
    /// Parameters that argon2 does not have.
    #[error("not parameters of argon2id")]
    Parameters,
    /// A password of more than 4,096 bytes.
    #[error("the password is longer than 4096 bytes")]
    PasswordTooLong,
}

/// What one hash costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Cost {
    /// The dearest hash that is taken in from elsewhere (contract: "apply file").
    const DEAREST: Self = Self { memory_kib: 256 * 1024, iterations: 10, parallelism: 4 };

    /// The configured cost.
    #[must_use]
    pub const fn configured(settings: &config::Hashing) -> Self {
        Self { memory_kib: settings.memory_kib, iterations: settings.iterations, parallelism: settings.parallelism }
    }

    /// Blocks of 1 KiB that one hash needs.
    #[must_use]
    pub fn blocks(self) -> usize {
        usize::try_from(self.memory_kib).unwrap_or(usize::MAX)
    }

    pub(super) fn params(self, output: usize) -> Result<Params, BadHash> {
        let made = Params::new(self.memory_kib, self.iterations, self.parallelism, Some(output));
        made.map_err(|_unquoted| BadHash::Parameters)
    }

    const fn exceeds(self, limit: Self) -> bool {
        self.memory_kib > limit.memory_kib || self.iterations > limit.iterations || self.parallelism > limit.parallelism
    }
}

/// A password's hash as its credential row keeps it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StoredPassword {
    phc: String,
    /// Hashes that come from elsewhere have no pepper until their first login here.
    pepper: bool,
}

/// A stored hash taken apart.
pub(super) struct Parts {
    pub version: Version,
    pub cost: Cost,
    pub salt: Vec<u8>,
    pub hash: Vec<u8>,
}

impl StoredPassword {
    /// Takes in a hash that another system made (contract: "apply file").
    ///
    /// # Errors
    /// It is not argon2id, or dearer than a login may be.
    pub fn import(phc: &str) -> Result<Self, BadHash> {
        let stored = Self { phc: phc.to_owned(), pepper: false };
        stored.parts()?;
        Ok(stored)
    }

    /// Whether a text is meant to be a hash rather than a password.
    #[must_use]
    pub fn looks_like_phc(text: &str) -> bool {
        text.starts_with("$argon2")
    }

    /// Reads a credential row's data.
    ///
    /// # Errors
    /// It is not what [`StoredPassword::to_data`] wrote.
    pub fn from_data(data: &str) -> Result<Self, BadHash> {
        let stored: Self = serde_json::from_str(data).map_err(|_unquoted| BadHash::Malformed)?;
        stored.parts()?;
        Ok(stored)
    }

    /// The data of a credential row: a JSON object.
    #[must_use]
    pub fn to_data(&self) -> String {
        serde_json::json!({ "phc": self.phc, "pepper": self.pepper }).to_string()
    }

    pub(super) const fn peppered(phc: String) -> Self {
        Self { phc, pepper: true }
    }

    /// Whether our pepper went into it.
    pub(super) const fn has_pepper(&self) -> bool {
        self.pepper
    }

    pub(super) fn parts(&self) -> Result<Parts, BadHash> {
        let parsed = PasswordHash::new(&self.phc).map_err(|_unquoted| BadHash::Malformed)?;
        if parsed.algorithm != ARGON2ID_IDENT {
            return Err(BadHash::Algorithm);
        }
        let version =
            parsed.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_unquoted| BadHash::Parameters)?;
        let params = Params::try_from(&parsed.params).map_err(|_unquoted| BadHash::Parameters)?;
        let cost = Cost { memory_kib: params.m_cost(), iterations: params.t_cost(), parallelism: params.p_cost() };
        if cost.exceeds(Cost::DEAREST) {
            return Err(BadHash::TooCostly);
        }
        let (Some(salt), Some(hash)) = (parsed.salt, parsed.hash) else {
            return Err(BadHash::Malformed);
        };
        if hash.len() < SHORTEST_HASH {
            return Err(BadHash::Parameters);
        }
        Ok(Parts { version, cost, salt: salt.to_vec(), hash: hash.as_bytes().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHC: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn an_imported_hash_survives_its_row() {
        let stored = StoredPassword::import(PHC).unwrap();
        assert_eq!(StoredPassword::from_data(&stored.to_data()), Ok(stored));
    }

    #[test]
    fn other_algorithms_dear_ones_and_fragments_are_refused() {
        let dear = |params: &str| StoredPassword::import(&PHC.replace("m=256,t=2,p=1", params));
        assert_eq!(dear("m=262145,t=2,p=1"), Err(BadHash::TooCostly));
        assert_eq!(dear("m=4096,t=11,p=1"), Err(BadHash::TooCostly));
        assert_eq!(dear("m=4096,t=2,p=5"), Err(BadHash::TooCostly));
        assert!(dear("m=262144,t=10,p=4").is_ok());
        assert_eq!(StoredPassword::import(&PHC.replace("argon2id", "argon2i")), Err(BadHash::Algorithm));
        assert_eq!(StoredPassword::import("$2b$12$abcdefghijklmnopqrstuv"), Err(BadHash::Malformed));
        assert_eq!(StoredPassword::import("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"), Err(BadHash::Malformed));
        assert_eq!(StoredPassword::from_data("{}"), Err(BadHash::Malformed));
    }
}
