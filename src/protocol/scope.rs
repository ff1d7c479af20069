//! Scope: a sorted set of scope tokens (RFC 6749 §3.3).

use std::collections::BTreeSet;
use std::fmt;

use super::error::{ErrorCode, ProtocolError};

/// Asks for an ID token (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// The profile claims (OIDC Core §5.4).
pub const PROFILE: &str = "profile";
/// The e-mail claims (OIDC Core §5.4).
pub const EMAIL: &str = "email";
/// The phone claims (OIDC Core §5.4).
pub const PHONE: &str = "phone";
/// The address claim (OIDC Core §5.4).
pub const ADDRESS: &str = "address";
/// Our claims about account, owner and who pays.
pub const ACCOUNT: &str = "account";
/// A refresh token that outlives the sign-in (OIDC Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scopes this provider gives a meaning to; APIs add their own.
pub const STANDARD: [&str; 7] = [OPENID, PROFILE, EMAIL, PHONE, ADDRESS, ACCOUNT, OFFLINE_ACCESS];

/// How many tokens one scope may have, repetitions counted.
pub const MAX_TOKENS: usize = 50;
/// Longest scope token, in bytes.
pub const MAX_TOKEN_LEN: usize = 128;

/// A set of scope tokens. Its text is sorted, so equal sets are equal texts.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// Reads a space-separated list: at most [`MAX_TOKENS`] tokens of at most
    /// [`MAX_TOKEN_LEN`] allowed characters, else `invalid_scope`. Empty text is the empty scope.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let mut tokens = BTreeSet::new();
        for (at, token) in text.split(' ').filter(|token| !token.is_empty()).enumerate() {
            if at == MAX_TOKENS || token.len() > MAX_TOKEN_LEN || !token.bytes().all(is_scope_char) {
                return Err(ProtocolError::new(ErrorCode::InvalidScope, "the scope is not well-formed"));
            }
            tokens.insert(token.to_owned());
        }
        Ok(Self(tokens))
    }

    /// Is `token` one of them?
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Is every token of this one of `other`?
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The tokens that stand in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The tokens that stand in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The tokens of this that `other` has not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Has it no token?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, token) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Scope {
    type Error = ProtocolError;

    fn try_from(text: String) -> Result<Self, ProtocolError> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// `%x21 / %x23-5B / %x5D-7E` (RFC 6749 §3.3).
const fn is_scope_char(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn a_scope_leaves_sorted_and_without_repetition() {
        assert_eq!(scope("profile openid  profile ecs:read").to_string(), "ecs:read openid profile");
        assert_eq!(serde_json::to_string(&scope("b a")).unwrap(), r#""a b""#);
        assert_eq!(serde_json::from_str::<Scope>(r#""a b""#).unwrap(), scope("b a"));
        assert!(scope("").is_empty() && scope("  ").is_empty());
    }

    #[test]
    fn sets_behave_as_sets() {
        let (small, big) = (scope("openid email"), scope("email openid profile"));
        assert!(small.is_subset_of(&big) && !big.is_subset_of(&small));
        assert_eq!(big.intersection(&scope("profile x")), scope("profile"));
        assert_eq!(big.without(&small), scope("profile"));
        assert_eq!(small.union(&scope("x")), scope("email openid x"));
        assert!(big.contains(PROFILE) && !big.contains("PROFILE"));
    }

    /// RX-05.
    #[rstest]
    #[case("a\"b")]
    #[case("a\\b")]
    #[case("a\tb")]
    #[case("门")]
    #[case(&"a ".repeat(51))]
    #[case(&"a ".repeat(100_000))]
    #[case(&"a".repeat(129))]
    fn a_malformed_or_endless_scope_is_refused(#[case] text: &str) {
        assert_eq!(Scope::parse(text).unwrap_err().code(), ErrorCode::InvalidScope);
    }

    proptest! {
        #[test]
        fn a_scope_survives_its_text_form(text in "[a-z:. ]{0,80}") {
            if let Ok(read) = Scope::parse(&text) {
                prop_assert_eq!(Scope::parse(&read.to_string()), Ok(read));
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,60}") {
            let _ = Scope::parse(&text);
        }
    }
}
