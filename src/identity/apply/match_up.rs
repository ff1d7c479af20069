//! Who of those that a file declares is there already.
//!
//! An account is known by its declared number, else by its alias, else by its
//! e-mail address; a sub-account by its e-mail address; an IAM user by its name
//! in its account. Where two of these name different ones the file is wrong.

use super::declaration::{PersonEntry, Role};
use super::{Step, wrong};
use crate::base::id::AccountId;
use crate::domain::{ContactKind, Principal, PrincipalKind};
use crate::keys::ContactKeys;
use crate::store::{StoreResult, Tx, accounts, principals};

const ELSEWHERE: &str = "belongs to another account";

/// The principal that an entry is about. `owner` is the account it stands in,
/// when that is there already.
pub(super) fn find(
    tx: &mut Tx<'_>,
    keys: &ContactKeys,
    entry: &PersonEntry,
    owner: Option<&AccountId>,
) -> Step<Option<Principal>> {
    match &entry.role {
        Role::Main => find_main(tx, keys, entry),
        Role::Sub { .. } => find_sub(tx, keys, entry, owner),
        Role::Iam { key, .. } => match owner {
            Some(owner) => Ok(principals::find_iam_user(tx, owner.as_str(), key)?),
            None => Ok(None),
        },
    }
}

fn find_main(tx: &mut Tx<'_>, keys: &ContactKeys, entry: &PersonEntry) -> Step<Option<Principal>> {
    let by_id = by_id(tx, entry)?;
    let by_alias = match &entry.alias {
        Some(alias) => match accounts::find_by_alias(tx, alias)? {
            Some(account) => principals::find_holder(tx, &account.id)?,
            None => None,
        },
        None => None,
    };
    let by_email = by_email(tx, keys, entry)?;
    let found = by_id.or(by_alias.clone()).or(by_email.clone());
    let Some(principal) = found else { return Ok(None) };
    check_id(entry, &principal)?;
    for (other, key) in [(by_alias, "alias"), (by_email, "email")] {
        if other.is_some_and(|other| other.id != principal.id) {
            return wrong(entry.at(key), ELSEWHERE);
        }
    }
    if principal.kind == PrincipalKind::Root { Ok(Some(principal)) } else { wrong(entry.at("email"), ELSEWHERE) }
}

fn find_sub(
    tx: &mut Tx<'_>,
    keys: &ContactKeys,
    entry: &PersonEntry,
    owner: Option<&AccountId>,
) -> Step<Option<Principal>> {
    let by_email = by_email(tx, keys, entry)?;
    let Some(principal) = by_email else {
        // A declared number that is taken is refused when the account is made.
        return Ok(None);
    };
    if principal.kind != PrincipalKind::SubAccount || Some(&principal.account.owner_id) != owner {
        return wrong(entry.at("email"), ELSEWHERE);
    }
    check_id(entry, &principal)?;
    Ok(Some(principal))
}

fn by_id(tx: &mut Tx<'_>, entry: &PersonEntry) -> StoreResult<Option<Principal>> {
    match &entry.id {
        Some(id) => principals::find_holder(tx, id),
        None => Ok(None),
    }
}

/// Whoever has the declared e-mail address: one at most.
fn by_email(tx: &mut Tx<'_>, keys: &ContactKeys, entry: &PersonEntry) -> StoreResult<Option<Principal>> {
    let Some(email) = entry.contact(ContactKind::Email) else { return Ok(None) };
    let lookup = keys.lookup(ContactKind::Email, &email.canonical);
    Ok(principals::find_by_contact(tx, &lookup)?.into_iter().next())
}

fn check_id(entry: &PersonEntry, principal: &Principal) -> Step<()> {
    match &entry.id {
        Some(id) if *id != principal.account.id => wrong(entry.at("id"), "the account is there with another id"),
        Some(_) | None => Ok(()),
    }
}
