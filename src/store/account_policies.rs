//! What an owner allows its own people, one row an account; no row is the
//! default.

use diesel::prelude::*;

use super::dialect::upsert;
use super::rows::{json, to_json};
use super::schema::account_policies;
use super::{StoreResult, Tx};
use crate::base::id::AccountId;

/// Days that IAM users of this account may stay signed in; 0 when they may not.
pub fn iam_long_lived_days(tx: &mut Tx<'_>, account: &AccountId) -> StoreResult<u16> {
    let row = account_policies::table.find(account.as_str()).select(account_policies::iam_long_lived_days);
    let days = row.get_result::<i64>(tx.conn()).optional()?.unwrap_or_default();
    Ok(u16::try_from(days).unwrap_or_default())
}

/// Allows so many days; true when that changed something.
pub fn allow_iam_long_lived(tx: &mut Tx<'_>, account: &AccountId, days: u16) -> StoreResult<bool> {
    if iam_long_lived_days(tx, account)? == days {
        return Ok(false);
    }
    let methods = login_methods(tx, account)?;
    put(tx, account, days, &methods)?;
    Ok(true)
}

/// The login methods that people of this account may use; empty: all.
pub fn login_methods(tx: &mut Tx<'_>, account: &AccountId) -> StoreResult<Vec<String>> {
    let row = account_policies::table.find(account.as_str()).select(account_policies::login_methods);
    let stored = row.get_result::<String>(tx.conn()).optional()?;
    stored.map_or_else(|| Ok(Vec::new()), |text| json(&text, "account_policies.login_methods", account))
}

/// Leaves people of this account these methods; true when that changed something.
pub fn narrow_login_methods(tx: &mut Tx<'_>, account: &AccountId, methods: &[String]) -> StoreResult<bool> {
    if login_methods(tx, account)? == methods {
        return Ok(false);
    }
    let days = iam_long_lived_days(tx, account)?;
    put(tx, account, days, methods)?;
    Ok(true)
}

fn put(tx: &mut Tx<'_>, account: &AccountId, days: u16, methods: &[String]) -> StoreResult<()> {
    let now = tx.now().micros();
    let methods = to_json(&methods, "account_policies.login_methods")?;
    let content = (
        account_policies::iam_long_lived_days.eq(i64::from(days)),
        account_policies::login_methods.eq(methods.as_str()),
        account_policies::updated_at.eq(now),
    );
    upsert(
        tx,
        |tx| Ok(diesel::update(account_policies::table.find(account.as_str())).set(content).execute(tx.conn())?),
        |tx| {
            let row = (account_policies::account_id.eq(account.as_str()), content);
            diesel::insert_into(account_policies::table).values(row).execute(tx.conn())?;
            Ok(())
        },
    )
}
