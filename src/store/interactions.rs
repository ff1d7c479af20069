//! Interactions: authorization requests that wait for the person.
//!
//! What they hold is JSON of `flow`; here are the rows. Every change is a
//! conditional update on `version`, so of two tabs one is told to look again.

use diesel::prelude::*;

use super::schema::interactions;
use super::{StoreResult, Tx};
use crate::base::id::{BrowserId, InteractionId};
use crate::base::{Timestamp, TokenHash};

/// An interaction as stored.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = interactions)]
pub struct InteractionRow {
    /// Its row.
    pub id: i64,
    /// Keyed hash of the random part of its name.
    pub hash: Vec<u8>,
    /// The browser that it is bound to.
    pub browser_id: i64,
    /// The stored request.
    pub request: String,
    /// How far the person got.
    pub progress: String,
    /// Counts changes of `progress`.
    pub version: i64,
    /// When it began (µs).
    pub created_at: i64,
    /// When it ends by itself (µs).
    pub expires_at: i64,
    /// When it was finished (µs).
    pub ended_at: Option<i64>,
}

/// An interaction to store.
pub struct NewInteraction<'a> {
    /// Keyed hash of the random part of its name.
    pub hash: &'a TokenHash,
    /// The browser that it is bound to.
    pub browser: BrowserId,
    /// The stored request.
    pub request: &'a str,
    /// Where it begins.
    pub progress: &'a str,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The interaction in this row.
pub fn find(tx: &mut Tx<'_>, row: i64) -> StoreResult<Option<InteractionRow>> {
    Ok(interactions::table.find(row).select(InteractionRow::as_select()).get_result(tx.conn()).optional()?)
}

/// Opens an interaction.
pub fn insert(tx: &mut Tx<'_>, new: &NewInteraction<'_>) -> StoreResult<InteractionId> {
    let now = tx.now().micros();
    let row = diesel::insert_into(interactions::table)
        .values((
            interactions::hash.eq(new.hash.as_bytes().as_slice()),
            interactions::browser_id.eq(new.browser.row()),
            interactions::request.eq(new.request),
            interactions::progress.eq(new.progress),
            interactions::version.eq(0),
            interactions::created_at.eq(now),
            interactions::expires_at.eq(new.expires_at.micros()),
        ))
        .returning(interactions::id)
        .get_result(tx.conn())?;
    Ok(InteractionId::new(row))
}

/// Writes progress, if nobody did since `version`; true when this call did.
pub fn advance(tx: &mut Tx<'_>, id: InteractionId, version: i64, progress: &str) -> StoreResult<bool> {
    let same = interactions::version.eq(version).and(interactions::ended_at.is_null());
    let changed = diesel::update(interactions::table.find(id.row()).filter(same))
        .set((interactions::progress.eq(progress), interactions::version.eq(version + 1)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// Finishes an interaction; true when this call did.
pub fn end(tx: &mut Tx<'_>, id: InteractionId) -> StoreResult<bool> {
    let now = tx.now().micros();
    let changed = diesel::update(interactions::table.find(id.row()).filter(interactions::ended_at.is_null()))
        .set(interactions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// Forgets interactions that ended by themselves before `before`; at most
/// `limit` at a time; how many it was.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> StoreResult<usize> {
    let old = interactions::table
        .filter(interactions::expires_at.lt(before.micros()))
        .order(interactions::expires_at)
        .limit(limit)
        .select(interactions::id)
        .load::<i64>(tx.conn())?;
    Ok(diesel::delete(interactions::table.filter(interactions::id.eq_any(&old))).execute(tx.conn())?)
}
