//! People as pages show them: masked where they have to be.

use super::pages::{Entry, EntryState, Person, mask};
use crate::domain::ContactKind;
use crate::flow::{AccountEntry, ChoiceEntry, Facts};

/// Characters of an account's id that tell namesakes apart.
const TAIL: usize = 4;

/// A person, ready to be seen.
#[must_use]
pub fn person(facts: &Facts) -> Person {
    let principal = &facts.principal;
    let id = principal.account.id.as_str();
    Person {
        name: principal.display_name.clone(),
        login: masked(facts),
        kind: principal.kind,
        owner: facts.owner_name.clone(),
        billed_to: facts.billing_name.clone(),
        id_tail: id.get(id.len().saturating_sub(TAIL)..).map(str::to_owned),
    }
}

/// What somebody signs in with, masked: `o***s@acme.example`, `138****8000`;
/// `alice@acme` is no secret.
#[must_use]
pub fn masked(facts: &Facts) -> String {
    match (&facts.contact, facts.principal.upn()) {
        (_, Some(upn)) => upn,
        (Some((ContactKind::Email, address)), None) => mask::email(address),
        (Some((ContactKind::Phone, number)), None) => mask::phone(number),
        (None, None) => facts.principal.account.id.as_str().to_owned(),
    }
}

/// The full name for password managers, where it may stand in a page: never a
/// phone number.
#[must_use]
pub fn username(facts: &Facts) -> Option<String> {
    match &facts.contact {
        Some((ContactKind::Phone, _)) if facts.principal.username.is_none() => None,
        Some(_) | None => facts.identifier(),
    }
}

/// A row of a chooser.
#[must_use]
pub fn choice(entry: &ChoiceEntry) -> Entry {
    let state = if entry.selectable { entry.state.into() } else { EntryState::Disabled };
    Entry { handle: entry.handle.clone(), person: person(&entry.facts), state }
}

/// A row of the accounts page.
#[must_use]
pub fn account(entry: &AccountEntry) -> Entry {
    Entry { handle: entry.handle.clone(), person: person(&entry.facts), state: entry.state.into() }
}
