//! Opaque names of people for `login_hint` and `logout_hint`: a keyed hash of
//! the principal. `token` gives it out as the claim `login_hint`; `flow` knows it
//! again among the people of one browser. It names nobody to anybody else.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::purpose::Purpose;
use super::vault::{MacKey, Vault};
use crate::base::id::PrincipalId;

/// What such a name begins with.
const PREFIX: &str = "lh_";

/// Makes the names; cheap to clone.
#[derive(Clone)]
pub struct LoginHints(Arc<MacKey>);

impl LoginHints {
    /// From the key tree.
    #[must_use]
    pub fn new(vault: &Vault) -> Self {
        Self(Arc::new(vault.mac_key(Purpose::LoginHint)))
    }

    /// The opaque name of this principal.
    #[must_use]
    pub fn of(&self, principal: &PrincipalId) -> String {
        let mac = self.0.mac(&[principal.as_str().as_bytes()]);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(mac.as_bytes()))
    }

    /// Whether a hint has the shape of such a name.
    #[must_use]
    pub fn is_one(hint: &str) -> bool {
        hint.starts_with(PREFIX) && hint.len() == PREFIX.len() + 43
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_stable_opaque_and_of_one_principal() {
        let hints = LoginHints::new(&Vault::from_bytes(&[1; 32]));
        let (one, two) = (PrincipalId::from_text("p_one"), PrincipalId::from_text("p_two"));
        assert_eq!(hints.of(&one), hints.of(&one));
        assert_ne!(hints.of(&one), hints.of(&two));
        assert!(LoginHints::is_one(&hints.of(&one)) && !hints.of(&one).contains("p_one"));
        assert!(!LoginHints::is_one("lh_x") && !LoginHints::is_one("ops@acme.example"));
    }
}
