//! What an interaction keeps that nobody may read in the database: a phone number
//! between two pages. Sealed to the interaction, and opened nowhere else.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::purpose::Purpose;
use super::vault::{Aad, Vault, VaultError};
use crate::base::id::InteractionId;
use crate::base::{Entropy, Secret};

/// Seals and opens short texts of interactions.
#[derive(Clone)]
pub struct InteractionSeals(Arc<Vault>);

impl InteractionSeals {
    /// From the key tree.
    #[must_use]
    pub fn new(vault: Arc<Vault>) -> Self {
        Self(vault)
    }

    /// Seals a text as `what` of this interaction; base64url.
    ///
    /// # Errors
    /// The vault's own.
    pub fn seal(
        &self,
        interaction: InteractionId,
        what: &str,
        text: &str,
        entropy: &dyn Entropy,
    ) -> Result<String, VaultError> {
        let row = interaction.to_string();
        let sealed = self.0.seal(Purpose::InteractionSeal, &place(what, &row), text.as_bytes(), entropy)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what was sealed as `what` of this interaction.
    ///
    /// # Errors
    /// [`VaultError::Opened`] for anything else.
    pub fn open(&self, interaction: InteractionId, what: &str, sealed: &str) -> Result<Secret<String>, VaultError> {
        let row = interaction.to_string();
        let place = place(what, &row);
        let changed = || VaultError::Opened { table: place.table.to_owned(), column: place.column.to_owned() };
        let blob = URL_SAFE_NO_PAD.decode(sealed).map_err(|_not_base64| changed())?;
        let opened = self.0.unseal(Purpose::InteractionSeal, &place, &blob)?;
        String::from_utf8(opened.expose().clone()).map(Secret::new).map_err(|_not_text| changed())
    }
}

fn place<'a>(what: &'a str, row: &'a str) -> Aad<'a> {
    Aad { table: "interactions", column: what, row }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;

    #[test]
    fn a_text_opens_in_its_own_interaction_and_as_what_it_is() {
        let seals = InteractionSeals::new(Arc::new(Vault::from_bytes(&[3; 32])));
        let (one, other) = (InteractionId::new(1), InteractionId::new(2));
        let sealed = seals.seal(one, "phone", "+8613800000001", &SeededEntropy::new(1)).unwrap();
        assert_eq!(seals.open(one, "phone", &sealed).unwrap().expose(), "+8613800000001");
        assert!(seals.open(other, "phone", &sealed).is_err());
        assert!(seals.open(one, "email", &sealed).is_err());
        assert!(seals.open(one, "phone", "AAAA").is_err());
    }
}
