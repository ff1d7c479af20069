//! The `prompt` parameter (OIDC Core §3.1.2.1, Initiating User Registration 1.0).

use std::collections::BTreeSet;
use std::fmt;

use super::error::ProtocolError;

/// One value of `prompt`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Prompt {
    /// Show the consent page.
    Consent,
    /// Start with sign-up.
    Create,
    /// Ask for the proof again.
    Login,
    /// Show no page at all.
    None,
    /// Show the account chooser.
    SelectAccount,
}

/// What [`Prompts::parse`] takes and discovery advertises.
pub const PROMPT_VALUES_SUPPORTED: &[&str] = &["none", "login", "consent", "select_account", "create"];

/// The values of one `prompt` parameter: no unknown one, `none` alone, `create`
/// neither with `login` nor with `select_account`.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prompts(BTreeSet<Prompt>);

impl Prompt {
    /// Every value there is.
    pub const ALL: [Self; 5] = [Self::Consent, Self::Create, Self::Login, Self::None, Self::SelectAccount];

    /// The value as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Create => "create",
            Self::Login => "login",
            Self::None => "none",
            Self::SelectAccount => "select_account",
        }
    }
}

impl Prompts {
    /// Reads the parameter; `invalid_request` for a value that is unknown or
    /// not offered and for values that exclude each other.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        Self::parse_among(text, PROMPT_VALUES_SUPPORTED)
    }

    fn parse_among(text: &str, supported: &[&str]) -> Result<Self, ProtocolError> {
        let mut prompts = BTreeSet::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let known = Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word && supported.contains(&word));
            prompts.insert(known.ok_or_else(|| ProtocolError::invalid_request("a prompt value is not supported"))?);
        }
        let prompts = Self(prompts);
        if prompts.contains(Prompt::None) && prompts.0.len() > 1 {
            return Err(ProtocolError::invalid_request("prompt none stands alone"));
        }
        if prompts.contains(Prompt::Create)
            && (prompts.contains(Prompt::Login) || prompts.contains(Prompt::SelectAccount))
        {
            return Err(ProtocolError::invalid_request("prompt create excludes login and select_account"));
        }
        Ok(prompts)
    }

    /// Is this value asked for?
    #[must_use]
    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }

    /// Was nothing asked for?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same without `prompt`: what is left once the person has met it.
    #[must_use]
    pub fn without(&self, prompt: Prompt) -> Self {
        Self(self.0.iter().copied().filter(|value| *value != prompt).collect())
    }
}

impl fmt::Display for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|prompt| prompt.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

impl TryFrom<String> for Prompts {
    type Error = ProtocolError;

    /// Reads a stored request, which may hold any known value.
    fn try_from(text: String) -> Result<Self, ProtocolError> {
        Self::parse_among(&text, &Prompt::ALL.map(Prompt::as_str))
    }
}

impl From<Prompts> for String {
    fn from(prompts: Prompts) -> Self {
        prompts.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::protocol::ErrorCode;

    #[test]
    fn several_values_are_read() {
        let prompts = Prompts::parse("login consent").unwrap();
        assert!(prompts.contains(Prompt::Login) && prompts.contains(Prompt::Consent));
        assert_eq!(prompts.without(Prompt::Login).to_string(), "consent");
        assert!(Prompts::parse("").unwrap().is_empty());
    }

    /// AZ-26.
    #[rstest]
    #[case("none login")]
    #[case("NONE")]
    #[case("xyz")]
    #[case("login xyz")]
    #[case("login\tconsent")]
    #[case("none select_account")]
    #[case("none create")]
    #[case("create login")]
    fn a_wrong_prompt_is_an_invalid_request(#[case] text: &str) {
        assert_eq!(Prompts::parse(text).unwrap_err().code(), ErrorCode::InvalidRequest);
    }

    #[rstest]
    #[case("create", true)]
    #[case("create consent", true)]
    #[case("create login", false)]
    #[case("create select_account", false)]
    #[case("select_account login", true)]
    fn create_stands_neither_with_login_nor_with_the_chooser(#[case] text: &str, #[case] good: bool) {
        assert_eq!(Prompts::try_from(text.to_owned()).is_ok(), good);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,60}") {
            let _ = Prompts::parse(&text);
        }
    }
}
