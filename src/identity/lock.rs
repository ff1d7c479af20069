//! One change of contacts at a time, on all nodes.

use crate::store::{StoreError, StoreResult, Tx, leases};

const NAME: &str = "identity";

/// Holds the right to make or rename people and accounts until the transaction
/// ends, so that counting before inserting is safe (a phone's accounts).
///
/// The lease is nobody's beyond the transaction: updating its row is the lock.
///
/// # Errors
/// [`StoreError::Conflict`] when another transaction made the row just now; the
/// caller runs its job again.
pub fn hold(tx: &mut Tx<'_>) -> StoreResult<()> {
    let now = tx.now();
    if leases::take(tx, NAME, NAME, now)? { Ok(()) } else { Err(StoreError::Conflict(NAME.to_owned())) }
}
