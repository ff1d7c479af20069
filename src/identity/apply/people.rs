//! Accounts, sub-accounts and IAM users: brought to what is declared.
//!
//! What a file does not say of somebody who is there stays as it is.

use super::change::{Change, Subject};
use super::declaration::{Declaration, PersonEntry, Role};
use super::prepare::{Prepared, look_at};
use super::{Step, Undone, Wrong};
use crate::base::id::AccountId;
use crate::domain::audit::Origin;
use crate::domain::browser::LifetimePolicy;
use crate::domain::{Account, AccountStatus, Principal, PrincipalStatus};
use crate::identity::accounts::{self, Billing, NewAccount, NewIamUser};
use crate::identity::people::{self, NewPerson};
use crate::identity::refusal::{Refusal, Stop};
use crate::identity::{Makings, credentials, owner_policy, status};
use crate::store::{self, StoreError, Tx};

/// What every step of one run needs.
struct Run<'a> {
    most_per_phone: u32,
    lifetimes: &'a LifetimePolicy,
    origin: &'a Origin,
}

impl Makings {
    /// Brings people to what is declared.
    pub(super) fn write_people(
        &self,
        tx: &mut Tx<'_>,
        declaration: &Declaration,
        prepared: &[Prepared],
        origin: &Origin,
    ) -> Step<Vec<Change>> {
        let run = Run { most_per_phone: self.most_per_phone, lifetimes: &self.lifetimes, origin };
        let mut changes = Vec::new();
        for (entry, ready) in declaration.people.iter().zip(prepared) {
            let owner = match entry.role {
                Role::Main => None,
                Role::Sub { owner } | Role::Iam { owner, .. } => prepared.get(owner),
            };
            // When we looked, a new owner was not there yet.
            let seen_owner = owner.filter(|owner| owner.seen.principal.is_some()).map(|owner| &owner.account);
            if look_at(tx, &self.contacts, entry, seen_owner)? != ready.seen {
                return Err(Stop::Refused(Undone::Stale));
            }
            let told = |stop: Stop<Refusal>| stop.map(|refusal| tell(entry, refusal));
            let change = match &ready.seen.principal {
                None => Some(create(tx, &run, (entry, ready), owner.map(|owner| &owner.account)).map_err(told)?),
                Some((id, _account)) => {
                    let missing = || StoreError::inconsistent("principals", id, "is gone");
                    let there = store::principals::find(tx, id)?.ok_or_else(missing)?;
                    update(tx, &run, (entry, ready), &there).map_err(told)?
                }
            };
            changes.extend(change);
        }
        Ok(changes)
    }
}

fn tell(entry: &PersonEntry, refusal: Refusal) -> Undone {
    Undone::Wrong(Wrong::new(entry.at(refusal.key()), refusal.to_string()))
}

fn create(
    tx: &mut Tx<'_>,
    run: &Run<'_>,
    (entry, ready): (&PersonEntry, &Prepared),
    owner: Option<&AccountId>,
) -> Result<Change, Stop<Refusal>> {
    let status = entry.status.unwrap_or(AccountStatus::Active);
    let person = NewPerson {
        id: ready.id.clone(),
        display_name: entry.display_name(),
        status: PrincipalStatus::Active,
        claims: entry.claims.clone().unwrap_or_default(),
        contacts: ready.contacts.clone(),
        password: ready.password.clone(),
    };
    let owner = match owner {
        Some(owner) => store::accounts::find(tx, owner)?,
        None => None,
    };
    let account = |holder| NewAccount {
        id: ready.account.clone(),
        alias: entry.alias.clone(),
        name: entry.display_name(),
        status,
        billing: entry.billing.unwrap_or(Billing::Shared),
        holder,
    };
    let made = match (&entry.role, owner) {
        (Role::Iam { username, key, .. }, Some(owner)) => {
            let person = NewPerson { status: person_status(status), ..person };
            let new = NewIamUser { username: username.clone(), key: key.clone(), person };
            accounts::create_iam_user(tx, &owner, &new, run.most_per_phone, run.origin)?
        }
        (Role::Sub { .. }, Some(owner)) => {
            accounts::create_sub(tx, &owner, &account(person), run.most_per_phone, run.origin)?
        }
        (Role::Main | Role::Sub { .. } | Role::Iam { .. }, _) => {
            accounts::create_main(tx, &account(person), run.most_per_phone, run.origin)?
        }
    };
    owner_policy::change(tx, run.lifetimes, &made.account.id, &entry.policy, run.origin)?;
    let (subject, name, id) = named(entry, &made);
    Ok(Change::created(subject, name, id))
}

/// How a change is told: by alias or name and number, or as `alice@acme`.
fn named(entry: &PersonEntry, principal: &Principal) -> (Subject, String, Option<String>) {
    let account = &principal.account;
    let by_account = || account.alias.clone().unwrap_or_else(|| account.name.clone());
    match &entry.role {
        Role::Main => (Subject::Account, by_account(), Some(account.id.to_string())),
        Role::Sub { .. } => (Subject::SubAccount, by_account(), Some(account.id.to_string())),
        Role::Iam { username, .. } => {
            let owner = account.alias.as_deref().unwrap_or(account.id.as_str());
            (Subject::IamUser, format!("{username}@{owner}"), Some(principal.id.to_string()))
        }
    }
}

/// An IAM user is on or off.
const fn person_status(status: AccountStatus) -> PrincipalStatus {
    match status {
        AccountStatus::Active => PrincipalStatus::Active,
        AccountStatus::Disabled | AccountStatus::Suspended => PrincipalStatus::Disabled,
    }
}

fn update(
    tx: &mut Tx<'_>,
    run: &Run<'_>,
    (entry, ready): (&PersonEntry, &Prepared),
    there: &Principal,
) -> Result<Option<Change>, Stop<Refusal>> {
    let mut keys = match entry.role {
        Role::Main | Role::Sub { .. } => update_account(tx, run, entry, &there.account)?,
        Role::Iam { .. } => Vec::new(),
    };
    keys.extend(update_principal(tx, run, entry, there)?);
    for contact in &ready.contacts {
        if people::set_contact(tx, there, contact, run.most_per_phone, run.origin)? {
            keys.push(contact.kind.as_str());
        }
    }
    if let Some(password) = &ready.password {
        // Read again: what was written above must not be written back.
        let missing = || StoreError::inconsistent("principals", &there.id, "is gone");
        let now = store::principals::find(tx, &there.id)?.ok_or_else(missing)?;
        credentials::set_password(tx, &now, password, run.origin)?;
        keys.push("password");
    }
    keys.extend(owner_policy::change(tx, run.lifetimes, &there.account.id, &entry.policy, run.origin)?);
    if let Some(wanted) = entry.status {
        let changed = match entry.role {
            Role::Main | Role::Sub { .. } => status::set_account_status(tx, &there.account, wanted, run.origin)?,
            Role::Iam { .. } => status::set_principal_status(tx, there, person_status(wanted), run.origin)?,
        };
        keys.extend(changed.then_some("status"));
    }
    keys.sort_unstable();
    keys.dedup();
    let (subject, name, id) = named(entry, there);
    Ok(Change::updated(subject, name, id, keys.into_iter().map(str::to_owned).collect()))
}

fn update_account(
    tx: &mut Tx<'_>,
    run: &Run<'_>,
    entry: &PersonEntry,
    there: &Account,
) -> Result<Vec<&'static str>, Stop<Refusal>> {
    let wanted = Account {
        alias: entry.alias.clone().or_else(|| there.alias.clone()),
        name: entry.name.clone().unwrap_or_else(|| there.name.clone()),
        independent_billing: entry.billing.map_or(there.independent_billing, |who| who == Billing::Independent),
        ..there.clone()
    };
    let mut keys = Vec::new();
    keys.extend((wanted.alias != there.alias).then_some("alias"));
    keys.extend((wanted.name != there.name).then_some("name"));
    keys.extend((wanted.independent_billing != there.independent_billing).then_some("independent_billing"));
    if !keys.is_empty() {
        accounts::update(tx, &wanted, &keys.join(" "), run.origin)?;
    }
    Ok(keys)
}

fn update_principal(
    tx: &mut Tx<'_>,
    run: &Run<'_>,
    entry: &PersonEntry,
    there: &Principal,
) -> Result<Vec<&'static str>, Stop<Refusal>> {
    let wanted = Principal {
        display_name: entry.name.clone().unwrap_or_else(|| there.display_name.clone()),
        claims: entry.claims.clone().unwrap_or_else(|| there.claims.clone()),
        ..there.clone()
    };
    let mut keys = Vec::new();
    keys.extend((wanted.display_name != there.display_name).then_some("name"));
    keys.extend((wanted.claims != there.claims).then_some("claims"));
    if !keys.is_empty() {
        people::update(tx, &wanted, &keys.join(" "), run.origin)?;
    }
    Ok(keys)
}
