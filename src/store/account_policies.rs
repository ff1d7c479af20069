//! What an owner allows its own people, one row an account; no row is the
//! default.

use diesel::prelude::*;

use super::dialect::upsert;
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
    let now = tx.now().micros();
    let content = (account_policies::iam_long_lived_days.eq(i64::from(days)), account_policies::updated_at.eq(now));
    upsert(
        tx,
        |tx| Ok(diesel::update(account_policies::table.find(account.as_str())).set(content).execute(tx.conn())?),
        |tx| {
            let row = (account_policies::account_id.eq(account.as_str()), content);
            diesel::insert_into(account_policies::table).values(row).execute(tx.conn())?;
            Ok(())
        },
    )?;
    Ok(true)
}
