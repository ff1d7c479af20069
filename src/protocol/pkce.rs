//! Proof key for code exchange (RFC 7636): S256 and nothing else.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::error::ProtocolError;
use crate::base::Secret;

/// The one method: `BASE64URL(SHA-256(verifier))`.
pub const METHOD: &str = "S256";
/// Length of a base64url SHA-256.
const CHALLENGE_LEN: usize = 43;

/// A `code_challenge` of method S256: 43 characters of base64url.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge(String);

/// A `code_verifier`: 43 to 128 unreserved characters (RFC 7636 §4.1).
pub struct CodeVerifier(Secret<String>);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`. A missing method
    /// means `plain` (RFC 7636 §4.3), which is refused like every other.
    pub fn parse(challenge: &str, method: Option<&str>) -> Result<Self, ProtocolError> {
        if method != Some(METHOD) {
            return Err(ProtocolError::invalid_request("code_challenge_method must be S256"));
        }
        if challenge.len() != CHALLENGE_LEN || URL_SAFE_NO_PAD.decode(challenge).is_err() {
            return Err(ProtocolError::invalid_request("code_challenge is not a base64url SHA-256"));
        }
        Ok(Self(challenge.to_owned()))
    }

    /// Does the presented verifier belong to this challenge (RFC 7636 §4.6)?
    /// A malformed verifier does not. Compared in constant time.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        CodeVerifier::parse(presented)
            .is_some_and(|verifier| verifier.challenge().0.as_bytes().ct_eq(self.0.as_bytes()).into())
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = ProtocolError;

    fn try_from(text: String) -> Result<Self, ProtocolError> {
        Self::parse(&text, Some(METHOD))
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

impl CodeVerifier {
    /// Reads a verifier; `None` for another length or alphabet.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        ((43..=128).contains(&text.len()) && text.bytes().all(unreserved)).then(|| Self(Secret::new(text.to_owned())))
    }

    /// The S256 challenge of this verifier.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.expose().as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::protocol::ErrorCode;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_matches() {
        let challenge = CodeChallenge::parse(CHALLENGE, Some("S256")).unwrap();
        assert!(challenge.matches(VERIFIER));
        assert_eq!(CodeVerifier::parse(VERIFIER).unwrap().challenge(), challenge);
    }

    /// TK-04.
    #[rstest]
    #[case("")]
    #[case("wrong")]
    #[case(CHALLENGE)]
    #[case("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")]
    fn another_verifier_does_not_match(#[case] presented: &str) {
        assert!(!CodeChallenge::parse(CHALLENGE, Some("S256")).unwrap().matches(presented));
    }

    /// AZ-15.
    #[rstest]
    #[case(CHALLENGE, Some("plain"))]
    #[case(CHALLENGE, None)]
    #[case(CHALLENGE, Some("s256"))]
    #[case(CHALLENGE, Some("S512"))]
    #[case("short", Some("S256"))]
    #[case("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=", Some("S256"))]
    #[case("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", Some("S256"))]
    fn a_challenge_of_another_shape_or_method_is_refused(#[case] challenge: &str, #[case] method: Option<&str>) {
        assert_eq!(CodeChallenge::parse(challenge, method).unwrap_err().code(), ErrorCode::InvalidRequest);
    }

    #[rstest]
    #[case(42, false)]
    #[case(43, true)]
    #[case(128, true)]
    #[case(129, false)]
    fn a_verifier_has_43_to_128_characters(#[case] len: usize, #[case] good: bool) {
        assert_eq!(CodeVerifier::parse(&"a".repeat(len)).is_some(), good);
        assert!(CodeVerifier::parse(&"门".repeat(20)).is_none());
    }

    proptest! {
        #[test]
        fn a_verifier_matches_its_own_challenge_alone(one in "[A-Za-z0-9._~-]{43,128}", two in "[A-Za-z0-9._~-]{43,128}") {
            let challenge = CodeVerifier::parse(&one).unwrap().challenge();
            prop_assert!(challenge.matches(&one));
            prop_assert_eq!(challenge.matches(&two), one == two);
        }
    }
}
