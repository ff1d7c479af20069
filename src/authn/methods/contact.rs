//! The identifier of a page that takes contacts: what it is, and how a guess at
//! it counts when it is nobody's.

use unicode_normalization::UnicodeNormalization;

use super::super::registry::Deps;
use super::super::throttle::Subject;
use crate::domain::contact::{ContactKind, Email, Phone};
use crate::domain::{Principal, PrincipalKind};

/// Of an identifier that is neither phone nor e-mail only so much counts.
const LONGEST_TEXT: usize = 320;

/// A contact as the store finds it.
pub(super) struct Contact {
    pub kind: ContactKind,
    pub lookup: [u8; 32],
    canonical: String,
}

impl Contact {
    /// Reads an e-mail address.
    pub(super) fn email(deps: &Deps, typed: &str) -> Option<Self> {
        Email::parse(typed).map(|email| Self::new(deps, ContactKind::Email, email.as_str()))
    }

    /// Reads an e-mail address or a phone number.
    pub(super) fn any(deps: &Deps, typed: &str) -> Option<Self> {
        Self::email(deps, typed).or_else(|| {
            let phone = Phone::parse(typed, &deps.default_country)?;
            Some(Self::new(deps, ContactKind::Phone, phone.as_str()))
        })
    }

    fn new(deps: &Deps, kind: ContactKind, canonical: &str) -> Self {
        Self { kind, lookup: deps.contacts.lookup(kind, canonical), canonical: canonical.to_owned() }
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
