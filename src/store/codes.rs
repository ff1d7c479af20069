//! Authorization codes. A code is spent by a conditional update: of all who
//! present it exactly one wins, on both databases. `token` alone calls this.

use std::time::Duration;

use diesel::prelude::*;

use super::dialect::on;
use super::grants::{SWEPT_AT_ONCE, Swept};
use super::schema::{codes, grants};
use super::{StoreResult, Tx};
use crate::base::id::{ClientId, GrantId};
use crate::base::{Presented, Timestamp, TokenHash};
use crate::domain::grant::Spend;

/// A statement that took longer than this has waited for somebody's lock.
pub(super) const WAITED: Duration = Duration::from_millis(1);

/// What is stored of a new code.
pub struct NewCode<'a> {
    /// Keyed hash of its random part.
    pub hash: TokenHash,
    /// What it buys.
    pub grant: GrantId,
    /// Who may buy.
    pub client: &'a ClientId,
    /// Where it was sent, byte for byte.
    pub redirect_uri: &'a str,
    /// The S256 challenge (RFC 7636 §4.2).
    pub challenge: Option<&'a str>,
    /// Last moment.
    pub expires_at: Timestamp,
}

/// What a spent code is bound to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredCode {
    /// What it buys.
    pub grant: GrantId,
    /// Who may buy.
    pub client: ClientId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The S256 challenge.
    pub challenge: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = codes)]
struct CodeRow {
    hash: Vec<u8>,
    grant_id: i64,
    client_id: String,
    redirect_uri: String,
    challenge: Option<String>,
    spent_at: Option<i64>,
}

/// Stores a code; its row number becomes the handle in its text.
pub fn insert(tx: &mut Tx<'_>, new: &NewCode<'_>) -> StoreResult<i64> {
    let now = tx.now().micros();
    Ok(on!(tx, |conn| diesel::insert_into(codes::table)
        .values((
            codes::hash.eq(new.hash.as_bytes().as_slice()),
            codes::grant_id.eq(new.grant.row()),
            codes::client_id.eq(new.client.as_str()),
            codes::redirect_uri.eq(new.redirect_uri),
            codes::challenge.eq(new.challenge),
            codes::created_at.eq(now),
            codes::expires_at.eq(new.expires_at.micros()),
        ))
        .returning(codes::id)
        .get_result::<i64>(conn))?)
}

/// Spends a code, or tells why not. `arrived_at` is when the presenter's
/// request reached us: later than the spend means a replay (RFC 6749 §4.1.2).
///
/// The hash is compared inside the database: it is a MAC under a key that no
/// presenter has, so its comparison tells nothing about the code.
pub fn spend(tx: &mut Tx<'_>, presented: Presented, arrived_at: Timestamp) -> StoreResult<Spend<StoredCode>> {
    let now = tx.now();
    let unspent = codes::id
        .eq(presented.row)
        .and(codes::hash.eq(presented.hash.as_bytes().as_slice()))
        .and(codes::spent_at.is_null())
        .and(codes::expires_at.gt(now.micros()));
    let won = on!(tx, |conn| diesel::update(codes::table.filter(unspent))
        .set(codes::spent_at.eq(now.micros()))
        .returning((
            codes::hash,
            codes::grant_id,
            codes::client_id,
            codes::redirect_uri,
            codes::challenge,
            codes::spent_at,
        ))
        .get_result::<CodeRow>(conn))
    .optional()?;
    let Some(row) = won else { return lost(tx, presented, arrived_at) };
    // The update may have waited for a lock on PostgreSQL. The moment that
    // decides who was concurrent is the one at which the row was ours.
    let held = tx.now();
    if held.since(now) > WAITED {
        on!(tx, |conn| diesel::update(codes::table.find(presented.row))
            .set(codes::spent_at.eq(held.micros()))
            .execute(conn))?;
    }
    Ok(Spend::Fresh(read(row)))
}

/// Why nothing was spent.
fn lost(tx: &mut Tx<'_>, presented: Presented, arrived_at: Timestamp) -> StoreResult<Spend<StoredCode>> {
    let row = codes::table.find(presented.row).select(CodeRow::as_select()).get_result(tx.conn()).optional()?;
    Ok(match row {
        Some(row) if presented.hash.matches(&row.hash) => match row.spent_at {
            Some(spent_at) if arrived_at > Timestamp::from_micros(spent_at) => Spend::Replayed(read(row)),
            Some(_) => Spend::Concurrent,
            None => Spend::Expired,
        },
        Some(_) | None => Spend::Unknown,
    })
}

/// Deletes codes that were over at `before` and whose grant is gone, among the
/// rows after `after`. A spent code stays while its family lives, so that a
/// replay is known for what it is.
pub fn sweep(tx: &mut Tx<'_>, after: i64, before: Timestamp) -> StoreResult<Swept> {
    let ids = codes::table
        .filter(codes::id.gt(after))
        .order(codes::id)
        .limit(SWEPT_AT_ONCE)
        .select(codes::id)
        .load::<i64>(tx.conn())?;
    let Some(&last) = ids.last() else { return Ok(Swept { deleted: 0, next: None }) };
    let over = codes::id
        .gt(after)
        .and(codes::id.le(last))
        .and(codes::expires_at.le(before.micros()))
        .and(diesel::dsl::not(diesel::dsl::exists(grants::table.filter(grants::id.eq(codes::grant_id)))));
    let deleted = diesel::delete(codes::table.filter(over)).execute(tx.conn())?;
    Ok(Swept { deleted, next: Some(last) })
}

fn read(row: CodeRow) -> StoredCode {
    StoredCode {
        grant: GrantId::new(row.grant_id),
        client: ClientId::from_text(row.client_id),
        redirect_uri: row.redirect_uri,
        challenge: row.challenge,
    }
}
