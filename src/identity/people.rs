//! Principals with their contacts: how one is stored and what may change of it.
//! Called by `accounts` and `apply`.

use serde_json::{Map, Value};

use super::credentials::{NewPassword, write_password};
use super::refusal::{Refusal, Stop};
use crate::base::Entropy;
use crate::base::id::PrincipalId;
use crate::domain::audit::Origin;
use crate::domain::{
    Account, AccountStatus, AuditEvent, AuditKind, ContactKind, Outcome, Principal, PrincipalKind, PrincipalStatus,
};
use crate::keys::{ContactKeys, VaultError};
use crate::store::identifiers::{self, NewIdentifier};
use crate::store::{Tx, audit, principals};

/// A contact, sealed for the principal that will have it.
#[derive(Clone)]
pub struct SealedContact {
    /// E-mail or phone.
    pub kind: ContactKind,
    /// Blind index.
    pub lookup: [u8; 32],
    /// Sealed canonical value.
    pub sealed: Vec<u8>,
    /// Whether it counts as proved.
    pub verified: bool,
}

impl SealedContact {
    /// Seals a contact in canonical form.
    ///
    /// # Errors
    /// The vault's own.
    pub fn seal(
        keys: &ContactKeys,
        principal: &PrincipalId,
        (kind, canonical): (ContactKind, &str),
        verified: bool,
        entropy: &dyn Entropy,
    ) -> Result<Self, VaultError> {
        let sealed = keys.seal(principal, kind, canonical, entropy)?;
        Ok(Self { kind, lookup: keys.lookup(kind, canonical), sealed, verified })
    }
}

/// Somebody to be stored. Random values and hashes are made before.
#[derive(Clone)]
pub struct NewPerson {
    /// A fresh `sub`.
    pub id: PrincipalId,
    /// For people's eyes.
    pub display_name: String,
    /// Whether they may sign in.
    pub status: PrincipalStatus,
    /// Standard claims.
    pub claims: Map<String, Value>,
    /// E-mail addresses and phone numbers.
    pub contacts: Vec<SealedContact>,
    /// What they sign in with, if by password.
    pub password: Option<NewPassword>,
}

/// What a person is in an account.
pub(super) struct Place<'a> {
    pub(super) kind: PrincipalKind,
    pub(super) account: &'a Account,
    /// Name as written and as it is found, for IAM users.
    pub(super) username: Option<(&'a str, &'a str)>,
}

/// Stores a person in an account that is there.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    place: &Place<'_>,
    new: &NewPerson,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<Principal, Stop<Refusal>> {
    let principal = Principal {
        id: new.id.clone(),
        kind: place.kind,
        account: place.account.clone(),
        username: place.username.map(|(name, _key)| name.to_owned()),
        display_name: new.display_name.clone(),
        status: new.status,
        owner_status: AccountStatus::Active,
        owner_alias: None,
        must_change_password: new.password.as_ref().is_some_and(NewPassword::must_change),
        claims: new.claims.clone(),
    };
    principals::insert(tx, &principal, place.username.map(|(_name, key)| key))?;
    for contact in &new.contacts {
        add_contact(tx, &principal.id, contact, most_per_phone)?;
    }
    if let Some(password) = &new.password {
        write_password(tx, &principal.id, password)?;
    }
    record(tx, AuditKind::PrincipalChanged, &principal, "created", origin)?;
    Ok(principal)
}

/// Gives a principal this contact in the place of those of its kind; true when
/// that changed something.
pub fn set_contact(
    tx: &mut Tx<'_>,
    principal: &Principal,
    contact: &SealedContact,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<bool, Stop<Refusal>> {
    let own = identifiers::list(tx, &principal.id)?;
    let same =
        |row: &identifiers::Identifier| row.lookup == contact.lookup && row.verified_at.is_some() == contact.verified;
    if own.iter().any(same) {
        return Ok(false);
    }
    identifiers::remove(tx, &principal.id, contact.kind)?;
    add_contact(tx, &principal.id, contact, most_per_phone)?;
    record(tx, AuditKind::PrincipalChanged, principal, contact.kind.as_str(), origin)?;
    Ok(true)
}

fn add_contact(
    tx: &mut Tx<'_>,
    principal: &PrincipalId,
    contact: &SealedContact,
    most_per_phone: u32,
) -> Result<(), Stop<Refusal>> {
    let there = identifiers::count(tx, &contact.lookup)?;
    match contact.kind {
        ContactKind::Email if there > 0 => return Err(Refusal::EmailTaken.into()),
        ContactKind::Phone if there >= i64::from(most_per_phone) => {
            return Err(Refusal::PhoneFull { most: most_per_phone }.into());
        }
        ContactKind::Email | ContactKind::Phone => {}
    }
    let verified_at = contact.verified.then(|| tx.now());
    let SealedContact { kind, lookup, sealed, .. } = contact.clone();
    Ok(identifiers::insert(tx, &NewIdentifier { principal, kind, lookup, sealed, verified_at })?)
}

/// Writes what may change of a principal; `what` names it for the audit trail.
pub fn update(tx: &mut Tx<'_>, principal: &Principal, what: &str, origin: &Origin) -> Result<(), Stop<Refusal>> {
    principals::update(tx, principal)?;
    record(tx, AuditKind::PrincipalChanged, principal, what, origin)
}

pub(super) fn record<R>(
    tx: &mut Tx<'_>,
    kind: AuditKind,
    principal: &Principal,
    what: &str,
    origin: &Origin,
) -> Result<(), Stop<R>> {
    let event = AuditEvent::new(kind, Outcome::Success).of_principal(&principal.id);
    Ok(audit::record(tx, &event.of_account(&principal.account.id).because(what), origin)?)
}
