//! Contacts at rest: a blind index to find them by, a sealed value to show.
//!
//! The index is a keyed hash of kind and canonical text, so a stolen database
//! cannot be searched for a number; the value is sealed to its principal.

use std::sync::Arc;

use super::purpose::Purpose;
use super::vault::{Aad, MacKey, Vault, VaultError};
use crate::base::Entropy;
use crate::base::id::PrincipalId;
use crate::domain::ContactKind;

/// Hashes, seals and opens contacts.
#[derive(Clone)]
pub struct ContactKeys {
    vault: Arc<Vault>,
    index: Arc<MacKey>,
}

impl ContactKeys {
    /// From the key tree.
    #[must_use]
    pub fn new(vault: Arc<Vault>) -> Self {
        let index = Arc::new(vault.mac_key(Purpose::IdentifierLookup));
        Self { vault, index }
    }

    /// The blind index of a contact in canonical form.
    #[must_use]
    pub fn lookup(&self, kind: ContactKind, canonical: &str) -> [u8; 32] {
        *self.index.mac(&[kind.as_str().as_bytes(), canonical.as_bytes()]).as_bytes()
    }

    /// Seals a contact to its principal.
    pub fn seal(
        &self,
        principal: &PrincipalId,
        kind: ContactKind,
        canonical: &str,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        self.vault.seal(Purpose::IdentifierSeal, &place(principal, kind), canonical.as_bytes(), entropy)
    }

    /// Opens a contact of this principal.
    pub fn open(&self, principal: &PrincipalId, kind: ContactKind, sealed: &[u8]) -> Result<String, VaultError> {
        let place = place(principal, kind);
        let opened = self.vault.unseal(Purpose::IdentifierSeal, &place, sealed)?;
        String::from_utf8(opened.expose().clone())
            .map_err(|_not_text| VaultError::Opened { table: place.table.to_owned(), column: place.column.to_owned() })
    }
}

/// A contact opens for its own principal and as its own kind alone.
fn place(principal: &PrincipalId, kind: ContactKind) -> Aad<'_> {
    Aad { table: "identifiers", column: kind.as_str(), row: principal.as_str() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;

    #[test]
    fn a_contact_opens_for_its_own_principal_alone() {
        let keys = ContactKeys::new(Arc::new(Vault::from_bytes(&[1; 32])));
        let (alice, bob) = (PrincipalId::from_text("p_a"), PrincipalId::from_text("p_b"));
        let sealed = keys.seal(&alice, ContactKind::Email, "ops@acme.example", &SeededEntropy::new(1)).unwrap();
        assert_eq!(keys.open(&alice, ContactKind::Email, &sealed).unwrap(), "ops@acme.example");
        assert!(keys.open(&bob, ContactKind::Email, &sealed).is_err());
        assert!(keys.open(&alice, ContactKind::Phone, &sealed).is_err());
        assert_ne!(keys.lookup(ContactKind::Email, "x"), keys.lookup(ContactKind::Phone, "x"));
    }
}
