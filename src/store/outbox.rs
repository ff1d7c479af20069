//! The durable outbox: what must leave the house after a commit, once.
//!
//! A row is written in the transaction of what it tells of; `jobs::outbox`
//! claims due rows and hands them to whoever delivers their kind. `once_key`
//! makes a second write of the same thing a no-op.

use diesel::prelude::*;

use super::dialect::savepoint;
use super::schema::outbox;
use super::{StoreError, StoreResult, Tx};
use crate::base::Timestamp;

/// A claimed message.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct OutboxRow {
    /// Its row.
    pub id: i64,
    /// Who delivers it.
    pub kind: String,
    /// What it tells of, once.
    pub once_key: String,
    /// Sealed content.
    pub payload: Vec<u8>,
    /// Deliveries tried before this claim.
    pub attempts: i64,
    /// End of an earlier claim that ran out without a mark: nobody knows what came of it.
    pub claimed_until: Option<i64>,
}

/// Puts a message into the outbox unless `once_key` was there before; true
/// when it was put.
pub fn put(tx: &mut Tx<'_>, kind: &str, once_key: &str, payload: &[u8]) -> StoreResult<bool> {
    let now = tx.now().micros();
    let inserted = savepoint(tx, |tx| {
        diesel::insert_into(outbox::table)
            .values((
                outbox::kind.eq(kind),
                outbox::once_key.eq(once_key),
                outbox::payload.eq(payload),
                outbox::attempts.eq(0),
                outbox::due_at.eq(now),
                outbox::created_at.eq(now),
            ))
            .execute(tx.conn())?;
        Ok(())
    });
    match inserted {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What nobody has delivered, given up or claimed.
macro_rules! open_row {
    ($now:expr) => {
        outbox::done_at
            .is_null()
            .and(outbox::failed_at.is_null())
            .and(outbox::claimed_until.is_null().or(outbox::claimed_until.lt($now)))
    };
}

/// What is claimed until exactly then, and so by the caller.
macro_rules! own_row {
    ($id:expr, $claim:expr) => {
        outbox::table.find($id).filter(
            outbox::claimed_until.eq($claim.micros()).and(outbox::done_at.is_null()).and(outbox::failed_at.is_null()),
        )
    };
}

/// Whether a message of these kinds waits to be claimed.
pub fn is_due(tx: &mut Tx<'_>, kinds: &[&str]) -> StoreResult<bool> {
    let now = tx.now().micros();
    let due = outbox::table
        .filter(outbox::kind.eq_any(kinds).and(outbox::due_at.le(now)))
        .filter(open_row!(now))
        .select(outbox::id)
        .first::<i64>(tx.conn())
        .optional()?;
    Ok(due.is_some())
}

/// Claims up to `limit` due messages of these kinds until `until`; nobody else
/// gets them before.
pub fn claim(tx: &mut Tx<'_>, kinds: &[&str], until: Timestamp, limit: i64) -> StoreResult<Vec<OutboxRow>> {
    let now = tx.now().micros();
    let due = outbox::table
        .filter(outbox::kind.eq_any(kinds).and(outbox::due_at.le(now)))
        .filter(open_row!(now))
        .order(outbox::due_at)
        .limit(limit)
        .select(OutboxRow::as_select())
        .load(tx.conn())?;
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        // The whole condition again: another node may have claimed, and even
        // delivered, the message since it was read.
        let changed = diesel::update(outbox::table.find(row.id).filter(open_row!(now)))
            .set((outbox::claimed_until.eq(until.micros()), outbox::attempts.eq(row.attempts + 1)))
            .execute(tx.conn())?;
        claimed.extend((changed == 1).then_some(row));
    }
    Ok(claimed)
}

/// The message was delivered under this claim; false when the claim was lost.
pub fn done(tx: &mut Tx<'_>, id: i64, claim: Timestamp) -> StoreResult<bool> {
    let now = tx.now().micros();
    Ok(diesel::update(own_row!(id, claim)).set(outbox::done_at.eq(now)).execute(tx.conn())? == 1)
}

/// The message was not delivered: again at `due`; false when the claim was lost.
pub fn postpone(tx: &mut Tx<'_>, id: i64, claim: Timestamp, due: Timestamp) -> StoreResult<bool> {
    let changed = diesel::update(own_row!(id, claim))
        .set((outbox::due_at.eq(due.micros()), outbox::claimed_until.eq(None::<i64>)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// The message will not be delivered any more; false when the claim was lost.
pub fn give_up(tx: &mut Tx<'_>, id: i64, claim: Timestamp) -> StoreResult<bool> {
    let now = tx.now().micros();
    Ok(diesel::update(own_row!(id, claim)).set(outbox::failed_at.eq(now)).execute(tx.conn())? == 1)
}

/// Forgets messages that ended before `before`; at most `limit` at a time.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> StoreResult<usize> {
    let old = outbox::table
        .filter(outbox::done_at.lt(before.micros()).or(outbox::failed_at.lt(before.micros())))
        .limit(limit)
        .select(outbox::id)
        .load::<i64>(tx.conn())?;
    Ok(diesel::delete(outbox::table.filter(outbox::id.eq_any(&old))).execute(tx.conn())?)
}
