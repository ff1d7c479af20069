//! One-time codes, by keyed hash. A try is counted by a conditional UPDATE before
//! the code is looked at, and a right code is spent by another: of many at once
//! one wins. `authn::codes` knows what a hash is made of.

use std::time::Duration;

use diesel::prelude::*;

use super::schema::one_time_codes as codes;
use super::{StoreResult, Tx};
use crate::base::id::InteractionId;
use crate::base::{Timestamp, TokenHash};
use crate::domain::CodePurpose;

/// Tries that one code allows.
pub const MAX_TRIES: i64 = 5;

/// A code to store.
pub struct NewCode<'a> {
    /// The interaction that it is good for.
    pub interaction: InteractionId,
    /// What it is good for.
    pub purpose: CodePurpose,
    /// Keyed hash over all that it is bound to.
    pub hash: &'a TokenHash,
    /// How long it may be typed.
    pub lifetime: Duration,
}

/// Stores a code; its row.
pub fn insert(tx: &mut Tx<'_>, new: &NewCode<'_>) -> StoreResult<i64> {
    let now = tx.now();
    Ok(diesel::insert_into(codes::table)
        .values((
            codes::interaction_id.eq(new.interaction.row()),
            codes::purpose.eq(new.purpose.as_str()),
            codes::hash.eq(new.hash.as_bytes().as_slice()),
            codes::tries.eq(0),
            codes::created_at.eq(now.micros()),
            codes::expires_at.eq((now + new.lifetime).micros()),
        ))
        .returning(codes::id)
        .get_result(tx.conn())?)
}

/// Counts one try at a live code of this interaction and purpose; its hash, or
/// nothing when it has no try left, is late, spent, or another's.
pub fn try_once(
    tx: &mut Tx<'_>,
    row: i64,
    interaction: InteractionId,
    purpose: CodePurpose,
) -> StoreResult<Option<Vec<u8>>> {
    let now = tx.now().micros();
    let live = codes::spent_at.is_null().and(codes::expires_at.gt(now)).and(codes::tries.lt(MAX_TRIES));
    let own = codes::interaction_id.eq(interaction.row()).and(codes::purpose.eq(purpose.as_str()));
    Ok(diesel::update(codes::table.find(row).filter(live.and(own)))
        .set(codes::tries.eq(codes::tries + 1))
        .returning(codes::hash)
        .get_result(tx.conn())
        .optional()?)
}

/// Spends a code; true when this call did.
pub fn spend(tx: &mut Tx<'_>, row: i64) -> StoreResult<bool> {
    let now = tx.now().micros();
    let unspent = codes::table.find(row).filter(codes::spent_at.is_null());
    Ok(diesel::update(unspent).set(codes::spent_at.eq(now)).execute(tx.conn())? == 1)
}

/// Forgets codes that had expired at `before`, at most `limit`; the count.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> StoreResult<usize> {
    let over = codes::table
        .filter(codes::expires_at.le(before.micros()))
        .limit(limit)
        .select(codes::id)
        .load::<i64>(tx.conn())?;
    Ok(diesel::delete(codes::table.filter(codes::id.eq_any(over))).execute(tx.conn())?)
}
