//! What an owner allows its own people and asks of them, one row a main account;
//! no row is the default.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::dialect::{on, upsert};
use super::rows::{json, to_json};
use super::schema::account_policies;
use super::{StoreError, StoreResult, Tx};
use crate::base::id::AccountId;
use crate::domain::{OwnerPolicy, ReauthPolicy};

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = account_policies)]
struct PolicyRow {
    account_id: String,
    iam_long_lived_days: i64,
    login_methods: String,
    reauth_idle_minutes: i64,
    reauth_root: bool,
    reauth_on_change: bool,
    updated_at: i64,
}

/// The policy of one owner.
pub fn of(tx: &mut Tx<'_>, owner: &AccountId) -> StoreResult<OwnerPolicy> {
    let row = on!(tx, |conn| account_policies::table
        .find(owner.as_str())
        .select(PolicyRow::as_select())
        .get_result::<PolicyRow>(conn))
    .optional()?;
    row.map_or_else(|| Ok(OwnerPolicy::default()), |row| read(&row))
}

/// The policies of these owners, of every one of them.
pub fn of_all(tx: &mut Tx<'_>, owners: BTreeSet<AccountId>) -> StoreResult<BTreeMap<AccountId, OwnerPolicy>> {
    let mut policies = BTreeMap::new();
    if let Some(only) = owners.first().filter(|_| owners.len() == 1) {
        policies.insert(only.clone(), of(tx, only)?);
        return Ok(policies);
    }
    let names: Vec<&str> = owners.iter().map(AccountId::as_str).collect();
    let rows = account_policies::table.filter(account_policies::account_id.eq_any(names));
    for row in rows.select(PolicyRow::as_select()).load::<PolicyRow>(tx.conn())? {
        policies.insert(AccountId::from_text(row.account_id.as_str()), read(&row)?);
    }
    for owner in owners {
        policies.entry(owner).or_default();
    }
    Ok(policies)
}

/// Writes the policy of an owner, whole.
pub fn put(tx: &mut Tx<'_>, owner: &AccountId, policy: &OwnerPolicy) -> StoreResult<()> {
    let row = PolicyRow {
        account_id: owner.as_str().to_owned(),
        iam_long_lived_days: policy.iam_long_lived_days.into(),
        login_methods: to_json(&policy.login_methods, "account_policies.login_methods")?,
        reauth_idle_minutes: policy.reauth.idle_minutes.into(),
        reauth_root: policy.reauth.root,
        reauth_on_change: policy.reauth.on_change,
        updated_at: tx.now().micros(),
    };
    upsert(
        tx,
        |tx| Ok(diesel::update(account_policies::table.find(owner.as_str())).set(&row).execute(tx.conn())?),
        |tx| {
            diesel::insert_into(account_policies::table).values(&row).execute(tx.conn())?;
            Ok(())
        },
    )
}

fn read(row: &PolicyRow) -> StoreResult<OwnerPolicy> {
    Ok(OwnerPolicy {
        iam_long_lived_days: u16::try_from(row.iam_long_lived_days).unwrap_or_default(),
        login_methods: json(&row.login_methods, "account_policies.login_methods", &row.account_id)?,
        reauth: ReauthPolicy {
            // Guessed at, it would let somebody in.
            idle_minutes: u16::try_from(row.reauth_idle_minutes).map_err(|_out_of_range| {
                StoreError::inconsistent("account_policies.reauth_idle_minutes", &row.account_id, "does not read")
            })?,
            root: row.reauth_root,
            on_change: row.reauth_on_change,
        },
    })
}
