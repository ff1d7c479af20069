//! Client assertions that were used (RFC 7523 §3): the key of the table is the
//! single-use gate, for all nodes and over restarts.

use diesel::prelude::*;

use super::schema::used_assertions;
use super::{StoreError, StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::ClientId;

/// Marks an assertion as used. A second use is [`StoreError::Conflict`], from
/// the database's unique key: nothing is read before.
pub fn insert(tx: &mut Tx<'_>, client: &ClientId, jti: &[u8], expires_at: Timestamp) -> StoreResult<()> {
    diesel::insert_into(used_assertions::table)
        .values((
            used_assertions::client_id.eq(client.as_str()),
            used_assertions::jti.eq(jti),
            used_assertions::expires_at.eq(expires_at.micros()),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    Ok(())
}

/// Forgets those that had expired at `before`; the count.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> StoreResult<usize> {
    let over = used_assertions::table.filter(used_assertions::expires_at.le(before.micros()));
    Ok(diesel::delete(over).execute(tx.conn())?)
}
