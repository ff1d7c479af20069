//! Client secrets at rest: a keyed hash, bound to the client.
//!
//! Secrets are made by the server with 256 bits (security.md D10), so a fast
//! hash under a key of the server is enough; argon2 is for what people choose.
//! Whoever stores a client hashes here, and `token::client_auth` compares.

use std::sync::Arc;

use super::purpose::Purpose;
use super::vault::{MacKey, Vault};
use crate::base::TokenHash;
use crate::base::id::ClientId;

/// Hashes client secrets; cheap to clone.
#[derive(Clone)]
pub struct ClientSecretKeys(Arc<MacKey>);

impl ClientSecretKeys {
    /// From the key tree.
    #[must_use]
    pub fn new(vault: &Vault) -> Self {
        Self(Arc::new(vault.mac_key(Purpose::ClientSecretHash)))
    }

    /// What is stored for, and compared with, a secret of this client.
    #[must_use]
    pub fn hash(&self, client: &ClientId, secret: &str) -> TokenHash {
        self.0.mac(&[client.as_str().as_bytes(), secret.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_bound_to_its_client() {
        let keys = ClientSecretKeys::new(&Vault::from_bytes(&[1; 32]));
        let (one, two) = (ClientId::from_text("one"), ClientId::from_text("two"));
        let stored = keys.hash(&one, "a secret of thirty-two characters");
        assert!(keys.hash(&one, "a secret of thirty-two characters").matches(stored.as_bytes()));
        assert!(!keys.hash(&two, "a secret of thirty-two characters").matches(stored.as_bytes()));
        assert!(!keys.hash(&one, "").matches(stored.as_bytes()));
    }
}
