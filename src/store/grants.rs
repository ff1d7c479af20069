//! Grants, read with everything that decides whether they count: the holder,
//! its account, the owner and the sign-in. `token` and `flow` write them;
//! `session`, `identity` and consent revocation take them back.

use diesel::prelude::*;

use super::dialect::on;
use super::live::{self, GrantRow, LiveRow, live, live_columns};
use super::schema::grants;
use super::{StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::{ClientId, GrantId, PrincipalId, ResourceId, SessionId, SignInId};
use crate::domain::Assurance;
use crate::domain::grant::{Grant, LiveGrant, RevokedWhy};
use crate::protocol::scope::Scope;

/// Rows that one call of a sweep looks at.
pub const SWEPT_AT_ONCE: i64 = 1_000;

/// What is stored of a new grant.
#[derive(Debug)]
pub struct NewGrant<'a> {
    /// Who holds the tokens.
    pub client: &'a ClientId,
    /// Who gave it.
    pub principal: &'a PrincipalId,
    /// The sign-in it comes from.
    pub sign_in: SignInId,
    /// That sign-in as this client knows it.
    pub sid: &'a SessionId,
    /// What was granted.
    pub scope: &'a Scope,
    /// The resources that the request named.
    pub resources: &'a [ResourceId],
    /// The `claims` parameter as JSON, empty when there was none.
    pub claims: &'a str,
    /// For the ID token.
    pub nonce: Option<&'a str>,
    /// Whether the family outlives the sign-in.
    pub offline: bool,
    /// When and how surely the person proved who they are.
    pub auth_time: Timestamp,
    /// How surely.
    pub assurance: &'a Assurance,
    /// No token of it lives longer.
    pub expires_at: Timestamp,
}

/// Stores a grant.
pub fn insert(tx: &mut Tx<'_>, new: &NewGrant<'_>) -> StoreResult<GrantId> {
    let now = tx.now().micros();
    let row = on!(tx, |conn| diesel::insert_into(grants::table)
        .values((
            grants::client_id.eq(new.client.as_str()),
            grants::principal_id.eq(new.principal.as_str()),
            grants::sign_in_id.eq(new.sign_in.row()),
            grants::sid.eq(new.sid.as_str()),
            grants::scope.eq(new.scope.to_string()),
            grants::resources.eq(live::join(new.resources.iter().map(ResourceId::as_str))),
            grants::claims.eq(new.claims),
            grants::nonce.eq(new.nonce),
            grants::offline.eq(new.offline),
            grants::auth_time.eq(new.auth_time.micros()),
            grants::amr.eq(live::join(new.assurance.amr_names().into_iter())),
            grants::acr.eq(new.assurance.acr.as_str()),
            grants::created_at.eq(now),
            grants::expires_at.eq(new.expires_at.micros()),
        ))
        .returning(grants::id)
        .get_result::<i64>(conn))?;
    Ok(GrantId::new(row))
}

/// The grant with its live state.
pub fn find_live(tx: &mut Tx<'_>, id: GrantId) -> StoreResult<Option<LiveGrant>> {
    let row = on!(tx, |conn| live!(grants::table)
        .filter(grants::id.eq(id.row()))
        .select(live_columns!())
        .get_result::<LiveRow>(conn))
    .optional()?;
    row.map(live::read_live).transpose()
}

/// The grants of a principal that are not revoked and not over, newest first.
pub fn list(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<Grant>> {
    let now = tx.now().micros();
    let rows = grants::table
        .filter(grants::principal_id.eq(principal.as_str()))
        .filter(grants::revoked_at.is_null().and(grants::expires_at.gt(now)))
        .order(grants::id.desc())
        .select(GrantRow::as_select())
        .load(tx.conn())?;
    rows.into_iter().map(live::read_grant).collect()
}

/// Takes one grant back, and with it its whole family; true when it still stood.
pub fn revoke(tx: &mut Tx<'_>, id: GrantId, why: RevokedWhy) -> StoreResult<bool> {
    let now = tx.now().micros();
    let changed = diesel::update(grants::table.find(id.row()).filter(grants::revoked_at.is_null()))
        .set((grants::revoked_at.eq(now), grants::revoked_why.eq(why.as_str())))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// Takes back what came from one sign-in and does not outlive it; the count.
/// Called when the sign-in ends: its row may be used by a later sign-in.
pub fn revoke_of_sign_in(tx: &mut Tx<'_>, sign_in: SignInId) -> StoreResult<usize> {
    let now = tx.now().micros();
    let mine = grants::sign_in_id.eq(sign_in.row()).and(grants::offline.eq(false)).and(grants::revoked_at.is_null());
    Ok(diesel::update(grants::table.filter(mine))
        .set((grants::revoked_at.eq(now), grants::revoked_why.eq(RevokedWhy::SignedOut.as_str())))
        .execute(tx.conn())?)
}

/// Takes back what one client got from one sign-in and does not outlive it; the count.
pub fn revoke_of_client_session(tx: &mut Tx<'_>, sign_in: SignInId, client: &ClientId) -> StoreResult<usize> {
    let now = tx.now().micros();
    let mine = grants::sign_in_id
        .eq(sign_in.row())
        .and(grants::client_id.eq(client.as_str()))
        .and(grants::offline.eq(false))
        .and(grants::revoked_at.is_null());
    Ok(diesel::update(grants::table.filter(mine))
        .set((grants::revoked_at.eq(now), grants::revoked_why.eq(RevokedWhy::SignedOut.as_str())))
        .execute(tx.conn())?)
}

/// Takes back all that a principal gave a client; the count. Called with the consent.
pub fn revoke_of_client(tx: &mut Tx<'_>, principal: &PrincipalId, client: &ClientId) -> StoreResult<usize> {
    let now = tx.now().micros();
    let mine = grants::principal_id
        .eq(principal.as_str())
        .and(grants::client_id.eq(client.as_str()))
        .and(grants::revoked_at.is_null());
    Ok(diesel::update(grants::table.filter(mine))
        .set((grants::revoked_at.eq(now), grants::revoked_why.eq(RevokedWhy::ConsentRevoked.as_str())))
        .execute(tx.conn())?)
}

/// Takes back all that a principal gave anybody; the count.
pub fn revoke_of_principal(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<usize> {
    let now = tx.now().micros();
    let mine = grants::principal_id.eq(principal.as_str()).and(grants::revoked_at.is_null());
    Ok(diesel::update(grants::table.filter(mine))
        .set((grants::revoked_at.eq(now), grants::revoked_why.eq(RevokedWhy::PrincipalStopped.as_str())))
        .execute(tx.conn())?)
}

/// How far one call of a sweep came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Swept {
    /// Rows that are gone.
    pub deleted: usize,
    /// Where the next call goes on; `None` at the end of the table.
    pub next: Option<i64>,
}

/// Deletes grants that were over at `before`, among the [`SWEPT_AT_ONCE`] rows
/// after row `after`. The table is walked along its key: no other index is kept
/// for this, so issuing stays an append.
pub fn sweep(tx: &mut Tx<'_>, after: i64, before: Timestamp) -> StoreResult<Swept> {
    let ids = grants::table
        .filter(grants::id.gt(after))
        .order(grants::id)
        .limit(SWEPT_AT_ONCE)
        .select(grants::id)
        .load::<i64>(tx.conn())?;
    let Some(&last) = ids.last() else { return Ok(Swept { deleted: 0, next: None }) };
    let over = grants::id.gt(after).and(grants::id.le(last)).and(grants::expires_at.le(before.micros()));
    let deleted = diesel::delete(grants::table.filter(over)).execute(tx.conn())?;
    Ok(Swept { deleted, next: Some(last) })
}
