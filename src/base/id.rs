//! Typed identifiers: one type for each thing that has a name, so that a
//! client's id is never taken for an account's.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::entropy::Entropy;

/// Declares identifiers that are text.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes text that is already known to name one (a stored row, a configuration).
            pub fn from_text(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

/// Declares identifiers that are the number of a row.
macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// From the row's number.
            #[must_use]
            pub const fn new(row: i64) -> Self {
                Self(row)
            }

            /// The row's number.
            #[must_use]
            pub const fn row(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )*};
}

text_ids! {
    /// A tenant: twelve digits, never reused.
    AccountId;
    /// A client's `client_id`.
    ClientId;
    /// A principal's `sub`: `p_` and 22 characters of chance, never reused.
    PrincipalId;
    /// An API as tokens name it in `aud` (RFC 8707): an absolute URI.
    ResourceId;
    /// `sid` of OpenID Connect: one sign-in as one client knows it.
    SessionId;
}

row_ids! {
    /// One browser, that is one cookie.
    BrowserId;
    /// What one authorization bought: owns its codes and its token family.
    GrantId;
    /// A stored authorization request that waits for the person.
    InteractionId;
    /// One principal signed in in one browser.
    SignInId;
}

impl AccountId {
    /// A fresh id: twelve random digits, the first not zero.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self((100_000_000_000 + entropy.below(900_000_000_000)).to_string())
    }
}

impl PrincipalId {
    /// A fresh id of 128 random bits.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(format!("p_{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<16>())))
    }
}

impl SessionId {
    /// A fresh id of 128 random bits.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(URL_SAFE_NO_PAD.encode(entropy.bytes::<16>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;

    #[test]
    fn fresh_ids_have_their_shape() {
        let entropy: &dyn Entropy = &SeededEntropy::new(1);
        let account = AccountId::random(entropy);
        assert!(account.as_str().len() == 12 && !account.as_str().starts_with('0'));
        assert_eq!(PrincipalId::random(entropy).as_str().len(), 24);
        assert_ne!(SessionId::random(entropy), SessionId::random(entropy));
    }
}
