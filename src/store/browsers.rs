//! Browsers: one row a cookie. What a presented secret is worth is decided by
//! `session`; here are the rows and their conditional updates.

use diesel::prelude::*;

use super::dialect::on;
use super::schema::browsers;
use super::{StoreResult, Tx};
use crate::base::id::BrowserId;
use crate::base::{Timestamp, TokenHash};

/// A browser as stored.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = browsers)]
pub struct BrowserRow {
    /// Its row.
    pub id: i64,
    /// Keyed hash of the present secret.
    pub hash: Vec<u8>,
    /// Keyed hash of the secret before it.
    pub previous_hash: Option<Vec<u8>>,
    /// When the present secret was made (µs).
    pub rotated_at: i64,
    /// When the present secret was first presented (µs).
    pub confirmed_at: Option<i64>,
    /// Last use, to the minute or so (µs).
    pub last_seen_at: i64,
}

/// The browser in this row.
pub fn find(tx: &mut Tx<'_>, id: BrowserId) -> StoreResult<Option<BrowserRow>> {
    Ok(on!(tx, |conn| browsers::table.find(id.row()).select(BrowserRow::as_select()).get_result(conn)).optional()?)
}

/// A new browser with its first secret.
pub fn insert(tx: &mut Tx<'_>, hash: &TokenHash) -> StoreResult<BrowserId> {
    let now = tx.now().micros();
    let row = diesel::insert_into(browsers::table)
        .values((
            browsers::hash.eq(hash.as_bytes().as_slice()),
            browsers::rotated_at.eq(now),
            browsers::created_at.eq(now),
            browsers::last_seen_at.eq(now),
        ))
        .returning(browsers::id)
        .get_result(tx.conn())?;
    Ok(BrowserId::new(row))
}

/// Gives the browser a new secret, if its present one is still `from`; the old
/// one moves aside. `at` is the moment that parts what each may see. True when
/// this call did it.
pub fn rotate(tx: &mut Tx<'_>, id: BrowserId, from: &[u8], to: &TokenHash, at: Timestamp) -> StoreResult<bool> {
    let now = at.micros();
    let changed = diesel::update(browsers::table.find(id.row()).filter(browsers::hash.eq(from)))
        .set((
            browsers::hash.eq(to.as_bytes().as_slice()),
            browsers::previous_hash.eq(from),
            browsers::rotated_at.eq(now),
            browsers::confirmed_at.eq(None::<i64>),
            browsers::last_seen_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// The present secret was seen for the first time.
pub fn confirm(tx: &mut Tx<'_>, id: BrowserId) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::update(browsers::table.find(id.row()).filter(browsers::confirmed_at.is_null()))
        .set((browsers::confirmed_at.eq(now), browsers::last_seen_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// The browser was used.
pub fn touch(tx: &mut Tx<'_>, id: BrowserId) -> StoreResult<()> {
    let now = tx.now().micros();
    on!(tx, |conn| diesel::update(browsers::table.find(id.row())).set(browsers::last_seen_at.eq(now)).execute(conn))?;
    Ok(())
}

/// Forgets browsers that nobody used since `before` and nobody signed in to.
/// At most `limit` at a time; how many it was.
pub fn sweep_unused(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> StoreResult<usize> {
    use super::schema::{affinities, sign_ins};
    let known = sign_ins::table.filter(sign_ins::browser_id.eq(browsers::id));
    let ids = browsers::table
        .filter(browsers::last_seen_at.lt(before.micros()).and(diesel::dsl::not(diesel::dsl::exists(known))))
        .limit(limit)
        .select(browsers::id)
        .load::<i64>(tx.conn())?;
    diesel::delete(affinities::table.filter(affinities::browser_id.eq_any(&ids))).execute(tx.conn())?;
    Ok(diesel::delete(browsers::table.filter(browsers::id.eq_any(&ids))).execute(tx.conn())?)
}
