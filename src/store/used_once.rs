//! What may be used once, by its keyed hash: states of upstream logins, tokens
//! of carriers and of vendors' apps. The key of the table is the single-use gate,
//! for all nodes and over restarts.

use diesel::prelude::*;

use super::dialect::savepoint;
use super::schema::used_once;
use super::{StoreError, StoreResult, Tx};
use crate::base::{Timestamp, TokenHash};

/// Marks something as used; false when it was used before. It is remembered
/// until `expires_at`: longer than it could be used.
pub fn mark(tx: &mut Tx<'_>, hash: &TokenHash, expires_at: Timestamp) -> StoreResult<bool> {
    let marked = savepoint(tx, |tx| {
        diesel::insert_into(used_once::table)
            .values((used_once::hash.eq(hash.as_bytes().as_slice()), used_once::expires_at.eq(expires_at.micros())))
            .execute(tx.conn())?;
        Ok(())
    });
    match marked {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Forgets what had expired at `before`, at most `limit`; the count.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> StoreResult<usize> {
    let over = used_once::table
        .filter(used_once::expires_at.le(before.micros()))
        .limit(limit)
        .select(used_once::hash)
        .load::<Vec<u8>>(tx.conn())?;
    Ok(diesel::delete(used_once::table.filter(used_once::hash.eq_any(over))).execute(tx.conn())?)
}
