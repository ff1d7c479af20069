//! Accounts.

use diesel::prelude::*;

use super::principals::AccountRow;
use super::schema::accounts;
use super::{StoreResult, Tx};
use crate::base::id::AccountId;
use crate::domain::{Account, AccountStatus};

/// The account with this id.
pub fn find(tx: &mut Tx<'_>, id: &AccountId) -> StoreResult<Option<Account>> {
    let row = accounts::table.find(id.as_str()).select(AccountRow::as_select()).get_result(tx.conn()).optional()?;
    row.map(AccountRow::read).transpose()
}

/// The account with this alias.
pub fn find_by_alias(tx: &mut Tx<'_>, alias: &str) -> StoreResult<Option<Account>> {
    let row = accounts::table
        .filter(accounts::alias.eq(alias))
        .select(AccountRow::as_select())
        .get_result(tx.conn())
        .optional()?;
    row.map(AccountRow::read).transpose()
}

/// Every account, owners before what is under them, at most `limit`, from
/// behind `after`.
pub fn list(tx: &mut Tx<'_>, after: &str, limit: i64) -> StoreResult<Vec<Account>> {
    let rows = accounts::table
        .filter(accounts::id.gt(after))
        .order(accounts::id)
        .limit(limit)
        .select(AccountRow::as_select())
        .load(tx.conn())?;
    rows.into_iter().map(AccountRow::read).collect()
}

/// The account and every sub-account under it.
pub fn family(tx: &mut Tx<'_>, owner: &AccountId) -> StoreResult<Vec<Account>> {
    let rows = accounts::table
        .filter(accounts::owner_id.eq(owner.as_str()))
        .order(accounts::created_at)
        .select(AccountRow::as_select())
        .load(tx.conn())?;
    rows.into_iter().map(AccountRow::read).collect()
}

/// Stores a new account.
pub fn insert(tx: &mut Tx<'_>, account: &Account) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(account.id.as_str()),
            accounts::kind.eq(account.kind.as_str()),
            accounts::owner_id.eq(account.owner_id.as_str()),
            accounts::alias.eq(account.alias.as_deref()),
            accounts::name.eq(&account.name),
            accounts::status.eq(account.status.as_str()),
            accounts::independent_billing.eq(account.independent_billing),
            accounts::created_at.eq(now),
            accounts::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes what may change of an account.
pub fn update(tx: &mut Tx<'_>, account: &Account) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::update(accounts::table.find(account.id.as_str()))
        .set((
            accounts::alias.eq(account.alias.as_deref()),
            accounts::name.eq(&account.name),
            accounts::status.eq(account.status.as_str()),
            accounts::independent_billing.eq(account.independent_billing),
            accounts::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Changes the status; true when that changed something.
pub fn set_status(tx: &mut Tx<'_>, id: &AccountId, status: AccountStatus) -> StoreResult<bool> {
    let now = tx.now().micros();
    let changed = diesel::update(accounts::table.find(id.as_str()).filter(accounts::status.ne(status.as_str())))
        .set((accounts::status.eq(status.as_str()), accounts::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}
