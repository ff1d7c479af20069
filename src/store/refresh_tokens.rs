//! Refresh tokens: one chain for each grant, of which only the last link is
//! unspent. `token` alone calls this.

use diesel::prelude::*;

use super::codes::WAITED;
use super::dialect::on;
use super::grants::{SWEPT_AT_ONCE, Swept};
use super::live::{self, LiveRow, live, live_columns};
use super::schema::{grants, refresh_tokens};
use super::{StoreResult, Tx};
use crate::base::id::GrantId;
use crate::base::{Presented, Timestamp, TokenHash};
use crate::domain::grant::{LiveGrant, Spend};

/// A stored refresh token with its live grant.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshToken {
    /// Its row.
    pub id: i64,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Unused until then, it is over.
    pub expires_at: Timestamp,
    /// When it was traded for the next.
    pub spent_at: Option<Timestamp>,
    /// The family's grant.
    pub live: LiveGrant,
}

impl RefreshToken {
    /// Whether it could be traded at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.spent_at.is_none() && self.expires_at > now && self.live.end(now).is_none()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
struct RefreshRow {
    id: i64,
    hash: Vec<u8>,
    issued_at: i64,
    expires_at: i64,
    spent_at: Option<i64>,
}

/// Stores the next link of a grant's chain; its row number becomes its handle.
pub fn insert(tx: &mut Tx<'_>, hash: TokenHash, grant: GrantId, expires_at: Timestamp) -> StoreResult<i64> {
    let now = tx.now().micros();
    Ok(on!(tx, |conn| diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash.as_bytes().as_slice()),
            refresh_tokens::grant_id.eq(grant.row()),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(expires_at.micros()),
        ))
        .returning(refresh_tokens::id)
        .get_result::<i64>(conn))?)
}

/// The presented token with its live grant, spent or not.
pub fn find(tx: &mut Tx<'_>, presented: Presented) -> StoreResult<Option<RefreshToken>> {
    let row = on!(tx, |conn| live!(
        refresh_tokens::table.inner_join(grants::table.on(grants::id.eq(refresh_tokens::grant_id)))
    )
    .filter(refresh_tokens::id.eq(presented.row))
    .select((RefreshRow::as_select(), live_columns!()))
    .get_result::<(RefreshRow, LiveRow)>(conn))
    .optional()?;
    let Some((row, live)) = row else { return Ok(None) };
    if !presented.hash.matches(&row.hash) {
        return Ok(None);
    }
    Ok(Some(RefreshToken {
        id: row.id,
        issued_at: Timestamp::from_micros(row.issued_at),
        expires_at: Timestamp::from_micros(row.expires_at),
        spent_at: row.spent_at.map(Timestamp::from_micros),
        live: live::read_live(live)?,
    }))
}

/// Spends a refresh token that [`find`] gave, or tells why not. The conditional
/// update is the gate; what [`find`] saw decides nothing.
pub fn spend(tx: &mut Tx<'_>, id: i64, arrived_at: Timestamp) -> StoreResult<Spend<()>> {
    let now = tx.now();
    let unspent = refresh_tokens::id
        .eq(id)
        .and(refresh_tokens::spent_at.is_null())
        .and(refresh_tokens::expires_at.gt(now.micros()));
    let spent = on!(tx, |conn| diesel::update(refresh_tokens::table.filter(unspent))
        .set(refresh_tokens::spent_at.eq(now.micros()))
        .execute(conn))?;
    if spent == 0 {
        return lost(tx, id, arrived_at);
    }
    // As in `codes::spend`: after a wait for a lock the later moment counts.
    let held = tx.now();
    if held.since(now) > WAITED {
        on!(tx, |conn| diesel::update(refresh_tokens::table.find(id))
            .set(refresh_tokens::spent_at.eq(held.micros()))
            .execute(conn))?;
    }
    Ok(Spend::Fresh(()))
}

fn lost(tx: &mut Tx<'_>, id: i64, arrived_at: Timestamp) -> StoreResult<Spend<()>> {
    let spent_at = refresh_tokens::table
        .find(id)
        .select(refresh_tokens::spent_at)
        .get_result::<Option<i64>>(tx.conn())
        .optional()?;
    Ok(match spent_at {
        Some(Some(spent_at)) if arrived_at > Timestamp::from_micros(spent_at) => Spend::Replayed(()),
        Some(Some(_)) => Spend::Concurrent,
        Some(None) => Spend::Expired,
        None => Spend::Unknown,
    })
}

/// Deletes refresh tokens that were over at `before` and whose grant is gone,
/// among the rows after `after`; spent ones stay while their family lives.
pub fn sweep(tx: &mut Tx<'_>, after: i64, before: Timestamp) -> StoreResult<Swept> {
    let ids = refresh_tokens::table
        .filter(refresh_tokens::id.gt(after))
        .order(refresh_tokens::id)
        .limit(SWEPT_AT_ONCE)
        .select(refresh_tokens::id)
        .load::<i64>(tx.conn())?;
    let Some(&last) = ids.last() else { return Ok(Swept { deleted: 0, next: None }) };
    let over = refresh_tokens::id
        .gt(after)
        .and(refresh_tokens::id.le(last))
        .and(refresh_tokens::expires_at.le(before.micros()))
        .and(diesel::dsl::not(diesel::dsl::exists(grants::table.filter(grants::id.eq(refresh_tokens::grant_id)))));
    let deleted = diesel::delete(refresh_tokens::table.filter(over)).execute(tx.conn())?;
    Ok(Swept { deleted, next: Some(last) })
}
