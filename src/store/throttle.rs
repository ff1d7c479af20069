//! Counters of guesses, shared by all nodes.
//!
//! A guess is reserved before it is checked: one conditional UPDATE counts it
//! and tells whether it may be looked at, so parallel guesses never get more
//! than the budget. A right proof gives its reservation back. Buckets are named
//! by keyed hashes; `authn::throttle` knows what they stand for.

use std::time::Duration;

use diesel::prelude::*;

use super::dialect::savepoint;
use super::schema::throttle_counters as counters;
use super::{StoreError, StoreResult, Tx};
use crate::base::Timestamp;

/// What one bucket allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// Guesses that are free within the window.
    pub burst: u32,
    /// How long they count.
    pub window: Window,
    /// Beyond the burst one guess is free every so often.
    pub interval: Duration,
}

/// When counted guesses are forgotten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// So long after the last of them.
    Quiet(Duration),
    /// So long after the first of them.
    Fixed(Duration),
}

/// Whether a guess may be looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reservation {
    /// It may, and is counted.
    Granted,
    /// It may not, and nothing was written.
    Refused {
        /// When the next one may.
        until: Timestamp,
    },
}

/// Counts one guess in `bucket`, if its budget has room.
pub fn reserve(tx: &mut Tx<'_>, bucket: &[u8; 32], budget: &Budget) -> StoreResult<Reservation> {
    // Again when the row appeared, went or was restarted between the statements.
    for _attempt in 0..3 {
        if count_in_window(tx, bucket, budget)? || restart_window(tx, bucket, budget)? {
            return Ok(Reservation::Granted);
        }
        let now = tx.now();
        match find(tx, bucket)? {
            Some(row) if row.refuses(now, budget) => return Ok(Reservation::Refused { until: row.until() }),
            Some(_) => {}
            None => match savepoint(tx, |tx| open_bucket(tx, bucket, budget)) {
                Ok(()) => return Ok(Reservation::Granted),
                Err(StoreError::Conflict(_)) => {}
                Err(other) => return Err(other),
            },
        }
    }
    Ok(Reservation::Refused { until: tx.now() + budget.interval })
}

/// Until when a bucket would refuse a guess now; counts nothing.
pub fn refused_until(tx: &mut Tx<'_>, bucket: &[u8; 32], budget: &Budget) -> StoreResult<Option<Timestamp>> {
    let now = tx.now();
    Ok(find(tx, bucket)?.filter(|row| row.refuses(now, budget)).map(|row| row.until()))
}

/// Takes a guess out of the count again, and the wait that it began.
pub fn give_back(tx: &mut Tx<'_>, bucket: &[u8; 32]) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::update(counters::table.find(bucket.as_slice()).filter(counters::count.gt(0)))
        .set((counters::count.eq(counters::count - 1), counters::next_allowed_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Deletes counters whose window is over, at most `limit`; answers how many.
pub fn sweep(tx: &mut Tx<'_>, limit: i64) -> StoreResult<usize> {
    let now = tx.now().micros();
    let over: Vec<Vec<u8>> =
        counters::table.filter(counters::expires_at.le(now)).limit(limit).select(counters::bucket).load(tx.conn())?;
    // The condition again: a guess may have restarted the window meanwhile.
    let swept =
        diesel::delete(counters::table.filter(counters::bucket.eq_any(over)).filter(counters::expires_at.le(now)))
            .execute(tx.conn())?;
    Ok(swept)
}

fn count_in_window(tx: &mut Tx<'_>, bucket: &[u8; 32], budget: &Budget) -> StoreResult<bool> {
    let now = tx.now();
    let free = counters::count.lt(i64::from(budget.burst)).or(counters::next_allowed_at.le(now.micros()));
    let row = counters::table.find(bucket.as_slice()).filter(counters::expires_at.gt(now.micros())).filter(free);
    let counted = (counters::count.eq(counters::count + 1), counters::next_allowed_at.eq(next_after(now, budget)));
    let met = match budget.window {
        Window::Quiet(_) => {
            diesel::update(row).set((counted, counters::expires_at.eq(end_after(now, budget)))).execute(tx.conn())?
        }
        Window::Fixed(_) => diesel::update(row).set(counted).execute(tx.conn())?,
    };
    Ok(met == 1)
}

fn restart_window(tx: &mut Tx<'_>, bucket: &[u8; 32], budget: &Budget) -> StoreResult<bool> {
    let now = tx.now();
    let met = diesel::update(counters::table.find(bucket.as_slice()).filter(counters::expires_at.le(now.micros())))
        .set((
            counters::count.eq(1),
            counters::window_started_at.eq(now.micros()),
            counters::next_allowed_at.eq(next_after(now, budget)),
            counters::expires_at.eq(end_after(now, budget)),
        ))
        .execute(tx.conn())?;
    Ok(met == 1)
}

struct Counter {
    count: i64,
    next_allowed_at: i64,
    expires_at: i64,
}

impl Counter {
    fn refuses(&self, now: Timestamp, budget: &Budget) -> bool {
        self.count >= i64::from(budget.burst) && self.next_allowed_at > now.micros() && self.expires_at > now.micros()
    }

    fn until(&self) -> Timestamp {
        Timestamp::from_micros(self.next_allowed_at.min(self.expires_at))
    }
}

fn find(tx: &mut Tx<'_>, bucket: &[u8; 32]) -> StoreResult<Option<Counter>> {
    let row = counters::table
        .find(bucket.as_slice())
        .select((counters::count, counters::next_allowed_at, counters::expires_at))
        .get_result(tx.conn())
        .optional()?;
    Ok(row.map(|(count, next_allowed_at, expires_at)| Counter { count, next_allowed_at, expires_at }))
}

fn open_bucket(tx: &mut Tx<'_>, bucket: &[u8; 32], budget: &Budget) -> StoreResult<()> {
    let now = tx.now();
    diesel::insert_into(counters::table)
        .values((
            counters::bucket.eq(bucket.as_slice()),
            counters::count.eq(1),
            counters::window_started_at.eq(now.micros()),
            counters::next_allowed_at.eq(next_after(now, budget)),
            counters::expires_at.eq(end_after(now, budget)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

fn next_after(now: Timestamp, budget: &Budget) -> i64 {
    (now + budget.interval).micros()
}

fn end_after(now: Timestamp, budget: &Budget) -> i64 {
    let (Window::Quiet(length) | Window::Fixed(length)) = budget.window;
    (now + length).micros()
}
