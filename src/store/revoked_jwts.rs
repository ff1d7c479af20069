//! Access tokens in JWT form that were revoked by themselves. They have no row
//! of their own; their `jti` stands here until they would have expired.

use diesel::prelude::*;

use super::schema::revoked_jwts;
use super::{StoreResult, Tx};
use crate::base::Timestamp;

/// Remembers a revoked `jti` until `expires_at`; once is enough.
pub fn insert(tx: &mut Tx<'_>, jti: &str, expires_at: Timestamp) -> StoreResult<()> {
    // Of two who revoke at once on PostgreSQL one meets the unique key and is
    // run again by its caller; then the row is there.
    if contains(tx, jti)? {
        return Ok(());
    }
    diesel::insert_into(revoked_jwts::table)
        .values((revoked_jwts::jti.eq(jti), revoked_jwts::expires_at.eq(expires_at.micros())))
        .execute(tx.conn())?;
    Ok(())
}

/// Whether this `jti` was revoked.
pub fn contains(tx: &mut Tx<'_>, jti: &str) -> StoreResult<bool> {
    let found =
        revoked_jwts::table.find(jti).select(revoked_jwts::expires_at).get_result::<i64>(tx.conn()).optional()?;
    Ok(found.is_some())
}

/// Forgets those that had expired at `before`; the count.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> StoreResult<usize> {
    Ok(diesel::delete(revoked_jwts::table.filter(revoked_jwts::expires_at.le(before.micros()))).execute(tx.conn())?)
}
