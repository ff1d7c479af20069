//! What people type to say who they are, in one canonical form.
//!
//! Canonicalised once, here, so that one person has one counter and one row
//! however the name was written: NFKC (full-width letters), letter case,
//! surrounding space, and E.164 for phones.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::names::named_enum;

named_enum! {
    /// Kinds of contacts that find a principal.
    ContactKind {
        /// Belongs to one root or sub-account.
        Email = "email",
        /// Shared by up to five accounts.
        Phone = "phone",
    }
}

/// An e-mail address in canonical form. Not a full RFC 5321 grammar: what can
/// be delivered to is proved by a code, not by a pattern.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Email(String);

impl Email {
    const MAX_LEN: usize = 254;

    /// Reads an address as typed; `None` when it cannot be one.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let canonical = fold(typed, Self::MAX_LEN)?;
        let (local, domain) = canonical.rsplit_once('@')?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
        let labels =
            domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
        let named = local.len() <= 64 && !local.is_empty() && local.chars().all(plain);
        (named && labels && domain.contains('.') && domain.chars().all(plain)).then_some(Self(canonical))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A phone number in E.164 form (`+8613800000001`).
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Phone(String);

impl Phone {
    /// Reads a number as typed (`138 0013 8000`, `+86 …`, `0086…`). A number
    /// without a country code belongs to `default_country` (`+86`).
    #[must_use]
    pub fn parse(typed: &str, default_country: &str) -> Option<Self> {
        let folded = fold(typed, 40)?;
        let compact: String = folded.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        let default_country = default_country.trim_start_matches('+');
        let international = compact.strip_prefix('+').or_else(|| compact.strip_prefix("00"));
        let digits = international.map_or_else(|| format!("{default_country}{compact}"), str::to_owned);
        let shaped = (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let national = digits.strip_prefix("86");
        let chinese = national.is_none_or(|rest| rest.len() == 11 && rest.starts_with('1'));
        (shaped && chinese && !digits.starts_with('0')).then(|| Self(format!("+{digits}")))
    }

    /// The E.164 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The canonical form of an IAM user's name, by which it is found: 1 to 64
/// letters, digits, `.`, `_`, `-`; case does not count.
#[must_use]
pub fn username_key(typed: &str) -> Option<String> {
    let key = fold(typed, 64)?;
    key.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')).then_some(key)
}

/// The canonical form of an account's alias or id as typed behind the `@`.
#[must_use]
pub fn account_key(typed: &str) -> Option<String> {
    fold(typed, 64)
}

/// NFKC, lower case, trimmed; `None` when empty or longer than `max` bytes.
/// The length is looked at first, so that a megabyte costs nothing.
fn fold(typed: &str, max: usize) -> Option<String> {
    if typed.len() > max.saturating_mul(4) {
        return None;
    }
    let folded = typed.nfkc().collect::<String>().to_lowercase();
    let canonical = folded.trim().nfkc().collect::<String>();
    (!canonical.is_empty() && canonical.len() <= max).then_some(canonical)
}

/// Shows only the shape, so that a contact never reaches a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// Shows only the shape, so that a contact never reaches a log.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_address_has_one_form_however_it_is_typed() {
        for typed in ["ops@acme.example", " OPS@Acme.Example ", "ｏｐｓ@acme.example", "ops@ACME.example\t"] {
            assert_eq!(Email::parse(typed).unwrap().as_str(), "ops@acme.example", "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "",
            "ops",
            "ops@",
            "@acme.example",
            "ops@acme",
            "a b@acme.example",
            "a@b@acme.example",
            "a@-b.example",
            "a@b..c",
        ] {
            assert!(Email::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn one_number_has_one_form_however_it_is_typed() {
        for typed in ["13800000001", "138 0000 0001", "+86 138-0000-0001", "008613800000001", "１３８０００００００１"]
        {
            assert_eq!(Phone::parse(typed, "86").unwrap().as_str(), "+8613800000001", "{typed}");
        }
        assert_eq!(Phone::parse("+44 20 7946 0958", "86").unwrap().as_str(), "+442079460958");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in ["", "12345", "+86138000000011", "ops@acme.example", "+0123456789", "1380000000a"] {
            assert!(Phone::parse(typed, "86").is_none(), "{typed}");
        }
    }

    #[test]
    fn a_users_name_keeps_its_letters_and_loses_its_case() {
        assert_eq!(username_key(" Alice "), Some("alice".to_owned()));
        assert_eq!(username_key("ＡＬＩＣＥ"), Some("alice".to_owned()));
        assert!(username_key("al ice").is_none() && username_key("a@b").is_none() && username_key("").is_none());
    }

    proptest! {
        #[test]
        fn a_canonical_form_is_its_own_canonical_form(typed in "\\PC{0,60}") {
            if let Some(email) = Email::parse(&typed) {
                prop_assert_eq!(Email::parse(email.as_str()), Some(email));
            }
            if let Some(phone) = Phone::parse(&typed, "86") {
                prop_assert_eq!(Phone::parse(phone.as_str(), "86"), Some(phone));
            }
        }
    }
}
