//! What people type to be found by: which contact it is, and how a guess at it
//! counts when it is nobody's.

use unicode_normalization::UnicodeNormalization;

use super::throttle::Subject;
use crate::domain::contact::{ContactKind, Email, Phone};
use crate::domain::{Principal, PrincipalKind};
use crate::keys::ContactKeys;

/// Of an identifier that is neither phone nor e-mail only so much counts.
const LONGEST_TEXT: usize = 320;

/// A contact in canonical form, with the index by which the store finds it.
/// Holds a number or an address, so it cannot be printed.
#[derive(Clone)]
pub struct Contact {
    kind: ContactKind,
    lookup: [u8; 32],
    canonical: String,
}

impl Contact {
    /// Reads an e-mail address.
    #[must_use]
    pub fn email(keys: &ContactKeys, typed: &str) -> Option<Self> {
        Email::parse(typed).map(|email| Self::of(keys, ContactKind::Email, email.as_str()))
    }

    /// Reads a phone number; one without a country code belongs to `country`.
    #[must_use]
    pub fn phone(keys: &ContactKeys, country: &str, typed: &str) -> Option<Self> {
        Phone::parse(typed, country).map(|phone| Self::of(keys, ContactKind::Phone, phone.as_str()))
    }

    /// Reads an e-mail address or a phone number.
    #[must_use]
    pub fn any(keys: &ContactKeys, country: &str, typed: &str) -> Option<Self> {
        Self::email(keys, typed).or_else(|| Self::phone(keys, country, typed))
    }

    /// A contact that is in canonical form already.
    #[must_use]
    pub fn of(keys: &ContactKeys, kind: ContactKind, canonical: &str) -> Self {
        Self { kind, lookup: keys.lookup(kind, canonical), canonical: canonical.to_owned() }
    }

    /// Phone or e-mail.
    #[must_use]
    pub const fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The blind index.
    #[must_use]
    pub const fn lookup(&self) -> &[u8; 32] {
        &self.lookup
    }

    /// E.164, or the folded address.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// For whom a guess at this contact counts: for everybody who has it, also
    /// those who cannot sign in on this page. Else ten tries here and one on
    /// another page would tell whether it is theirs.
    pub(super) fn subjects(&self, holders: &[Principal]) -> Vec<Subject> {
        if holders.is_empty() {
            return vec![Subject::Nobody(format!("{}:{}", self.kind, self.canonical))];
        }
        holders.iter().map(|holder| Subject::Principal(holder.id.clone())).collect()
    }
}

/// Those of one kind among the holders of a contact, at most `most`.
pub(super) fn of_kind(holders: &[Principal], kind: PrincipalKind, most: usize) -> impl Iterator<Item = Principal> + '_ {
    holders.iter().filter(move |holder| holder.kind == kind).take(most).cloned()
}

/// A text that can be nobody's name, as guesses at it are counted.
pub(super) fn nobody(typed: &str) -> Subject {
    let folded: String = typed.chars().take(LONGEST_TEXT).nfkc().flat_map(char::to_lowercase).collect();
    Subject::Nobody(format!("text:{}", folded.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_nobody_has_one_form_however_it_is_typed() {
        for typed in ["alice@acme", " ALICE@acme ", "ａｌｉｃｅ@acme"] {
            assert_eq!(nobody(typed), Subject::Nobody("text:alice@acme".into()), "{typed}");
        }
    }
}
