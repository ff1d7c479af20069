//! Making an account by oneself: a main account whose root has a phone number
//! that was proved a moment ago. Called by `flow`; nothing of it comes from the
//! form but the password.

use serde_json::Map;

use super::accounts::{Billing, NewAccount, create_main};
use super::credentials::{MustChange, NewPassword};
use super::lock;
use super::people::{NewPerson, SealedContact};
use super::refusal::{Refusal, Stop};
use crate::authn::Contact;
use crate::authn::hashing::StoredPassword;
use crate::base::Entropy;
use crate::base::id::{AccountId, PrincipalId};
use crate::domain::audit::Origin;
use crate::domain::{AccountStatus, AuditEvent, AuditKind, Language, Outcome, Principal, PrincipalStatus};
use crate::keys::{ContactKeys, VaultError};
use crate::store::{Tx, audit, identifiers, principals};

/// Digits of the account's number that a new account is called by, until its
/// holder gives it a name.
const TAIL: usize = 4;

/// A main account to be made, drawn and sealed before the transaction.
#[derive(Clone)]
pub struct NewMember(NewAccount);

impl NewMember {
    /// Draws the numbers of an account and seals the proven phone for it.
    ///
    /// # Errors
    /// The vault's own.
    pub fn draw(
        keys: &ContactKeys,
        phone: &Contact,
        password: StoredPassword,
        language: Language,
        entropy: &dyn Entropy,
    ) -> Result<Self, VaultError> {
        let (id, principal) = (AccountId::random(entropy), PrincipalId::random(entropy));
        let named = (phone.kind(), phone.canonical());
        let contact = SealedContact::seal(keys, &principal, named, true, entropy)?;
        let name = first_name(&id, language);
        let holder = NewPerson {
            id: principal,
            display_name: name.clone(),
            status: PrincipalStatus::Active,
            claims: Map::new(),
            contacts: vec![contact],
            password: Some(NewPassword::hashed(password, MustChange::No)),
        };
        let (status, billing) = (AccountStatus::Active, Billing::Shared);
        Ok(Self(NewAccount { id, alias: None, name, status, billing, holder }))
    }
}

/// Makes the account. Whoever had the number without having proved it loses it
/// here: what was never proved must not stand beside what was (RG-01).
///
/// # Errors
/// The number has as many accounts as it may have; then nothing is made.
pub fn sign_up(
    tx: &mut Tx<'_>,
    new: &NewMember,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<Principal, Stop<Refusal>> {
    lock::hold(tx)?;
    for contact in &new.0.holder.contacts {
        void_unproven(tx, &contact.lookup, origin)?;
    }
    create_main(tx, &new.0, most_per_phone, origin)
}

fn void_unproven(tx: &mut Tx<'_>, lookup: &[u8; 32], origin: &Origin) -> Result<(), Stop<Refusal>> {
    for holder in identifiers::remove_unproven(tx, lookup)? {
        let Some(principal) = principals::find(tx, &holder)? else { continue };
        let event = AuditEvent::new(AuditKind::PrincipalChanged, Outcome::Success).of_principal(&holder);
        let event = event.of_account(&principal.account.id).because("an unproven contact was proved by somebody else");
        audit::record(tx, &event, origin)?;
    }
    Ok(())
}

/// What somebody is called who has not said it yet: nothing of their number.
fn first_name(id: &AccountId, language: Language) -> String {
    let id = id.as_str();
    let tail = id.get(id.len().saturating_sub(TAIL)..).unwrap_or(id);
    match language {
        Language::Chinese => format!("用户{tail}"),
        Language::English => format!("User {tail}"),
    }
}
