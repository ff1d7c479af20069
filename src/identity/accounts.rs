//! Accounts as they are made and changed: main accounts, sub-accounts, and the
//! IAM users inside an account.
//!
//! Callers hold `lock` and run inside
//! [`all_or_nothing`](super::refusal::all_or_nothing): a refusal undoes what was begun.

use super::people::{self, NewPerson, Place};
use super::refusal::{Refusal, Stop};
use super::status::record_account;
use crate::base::id::AccountId;
use crate::domain::audit::Origin;
use crate::domain::{Account, AccountKind, AccountStatus, Principal, PrincipalKind};
use crate::store::{Tx, accounts, principals};

/// An account to be stored, with who signs in as it.
#[derive(Clone)]
pub struct NewAccount {
    /// A fresh number, or a declared one.
    pub id: AccountId,
    /// Public name for sign-in; main accounts only.
    pub alias: Option<String>,
    /// Display name.
    pub name: String,
    /// Its status.
    pub status: AccountStatus,
    /// Who pays, for a sub-account.
    pub billing: Billing,
    /// Who signs in as the account itself.
    pub holder: NewPerson,
}

/// Who pays for a sub-account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Billing {
    /// Its owner.
    Shared,
    /// It does itself.
    Independent,
}

/// An IAM user to be stored.
#[derive(Clone)]
pub struct NewIamUser {
    /// Name inside the account, as its owner writes it.
    pub username: String,
    /// The name as it is found ([`crate::domain::contact::username_key`]).
    pub key: String,
    /// The person.
    pub person: NewPerson,
}

/// Makes a main account and its root.
pub fn create_main(
    tx: &mut Tx<'_>,
    new: &NewAccount,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<Principal, Stop<Refusal>> {
    let account = account_of(new, AccountKind::Main, &new.id);
    create(tx, &account, &new.holder, most_per_phone, origin)
}

/// Makes a sub-account of `owner` and its holder.
pub fn create_sub(
    tx: &mut Tx<'_>,
    owner: &Account,
    new: &NewAccount,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<Principal, Stop<Refusal>> {
    if owner.kind != AccountKind::Main {
        return Err(Refusal::NotMain.into());
    }
    let account = account_of(new, AccountKind::Sub, &owner.id);
    create(tx, &account, &new.holder, most_per_phone, origin)
}

/// Makes an IAM user of `account`.
pub fn create_iam_user(
    tx: &mut Tx<'_>,
    account: &Account,
    new: &NewIamUser,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<Principal, Stop<Refusal>> {
    if principals::find_iam_user(tx, account.id.as_str(), &new.key)?.is_some() {
        return Err(Refusal::UsernameTaken.into());
    }
    let username = Some((new.username.as_str(), new.key.as_str()));
    let place = Place { kind: PrincipalKind::IamUser, account, username };
    people::insert(tx, &place, &new.person, most_per_phone, origin)
}

fn account_of(new: &NewAccount, kind: AccountKind, owner: &AccountId) -> Account {
    Account {
        id: new.id.clone(),
        kind,
        owner_id: owner.clone(),
        alias: new.alias.clone(),
        name: new.name.clone(),
        status: new.status,
        independent_billing: kind == AccountKind::Sub && new.billing == Billing::Independent,
    }
}

fn create(
    tx: &mut Tx<'_>,
    account: &Account,
    holder: &NewPerson,
    most_per_phone: u32,
    origin: &Origin,
) -> Result<Principal, Stop<Refusal>> {
    if accounts::find(tx, &account.id)?.is_some() {
        return Err(Refusal::IdTaken.into());
    }
    check_alias(tx, account)?;
    accounts::insert(tx, account)?;
    record_account(tx, &account.id, "created", origin)?;
    let kind = match account.kind {
        AccountKind::Main => PrincipalKind::Root,
        AccountKind::Sub => PrincipalKind::SubAccount,
    };
    people::insert(tx, &Place { kind, account, username: None }, holder, most_per_phone, origin)
}

/// Refuses an alias that is none, or another account's.
fn check_alias(tx: &mut Tx<'_>, account: &Account) -> Result<(), Stop<Refusal>> {
    let Some(alias) = &account.alias else { return Ok(()) };
    if !Account::is_alias(alias) {
        return Err(Refusal::NoAlias.into());
    }
    match accounts::find_by_alias(tx, alias)? {
        Some(other) if other.id != account.id => Err(Refusal::AliasTaken.into()),
        Some(_) | None => Ok(()),
    }
}

/// Writes what may change of an account but for its status: alias, name, who
/// pays. `what` names it for the audit trail.
pub fn update(tx: &mut Tx<'_>, account: &Account, what: &str, origin: &Origin) -> Result<(), Stop<Refusal>> {
    if account.kind == AccountKind::Main && account.independent_billing {
        return Err(Refusal::NotSub.into());
    }
    check_alias(tx, account)?;
    accounts::update(tx, account)?;
    record_account(tx, &account.id, what, origin)
}

/// Changes who pays for a sub-account; true when that changed something.
pub fn set_billing(
    tx: &mut Tx<'_>,
    account: &Account,
    billing: Billing,
    origin: &Origin,
) -> Result<bool, Stop<Refusal>> {
    let independent_billing = billing == Billing::Independent;
    if account.independent_billing == independent_billing {
        return Ok(false);
    }
    update(tx, &Account { independent_billing, ..account.clone() }, "independent_billing", origin)?;
    Ok(true)
}
