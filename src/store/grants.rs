//! Grants, read with everything that decides whether they count: the holder,
//! its account, the owner and the sign-in. `token` and `flow` write them;
//! `session`, `identity` and consent revocation take them back.

use diesel::prelude::*;

use super::rows::named;
use super::schema::{accounts, grants, principals, sign_ins};
use super::{StoreError, StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::{AccountId, ClientId, GrantId, PrincipalId, ResourceId, SessionId, SignInId};
use crate::domain::grant::{AccountClaims, Grant, Holder, LiveGrant, RevokedWhy, SignInGlance};
use crate::domain::{Assurance, principal};
use crate::protocol::scope::Scope;

pub(super) use alias::owners;

mod alias {
    //! The account that owns an account, as a second table of one query.
    use super::accounts;
    diesel::alias!(accounts as owners: Owners);
}

/// Rows that one call of a sweep looks at.
pub const SWEPT_AT_ONCE: i64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = grants)]
pub(super) struct GrantRow {
    id: i64,
    client_id: String,
    principal_id: String,
    sign_in_id: i64,
    sid: String,
    scope: String,
    resources: String,
    claims: String,
    nonce: Option<String>,
    offline: bool,
    auth_time: i64,
    amr: String,
    acr: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = principals)]
pub(super) struct PrincipalGlance {
    id: String,
    kind: String,
    username: Option<String>,
    status: String,
    updated_at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct AccountGlance {
    id: String,
    kind: String,
    owner_id: String,
    alias: Option<String>,
    status: String,
    independent_billing: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sign_ins)]
pub(super) struct SignInRow {
    id: i64,
    state: String,
    absolute_expires_at: i64,
    ended_at: Option<i64>,
}

/// Status and alias of the top-level account.
pub(super) type OwnerGlance = (String, Option<String>);

/// One joined row.
pub(super) type LiveRow = (GrantRow, PrincipalGlance, AccountGlance, OwnerGlance, Option<SignInRow>);

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
    let row = diesel::insert_into(grants::table)
        .values((
            grants::client_id.eq(new.client.as_str()),
            grants::principal_id.eq(new.principal.as_str()),
            grants::sign_in_id.eq(new.sign_in.row()),
            grants::sid.eq(new.sid.as_str()),
            grants::scope.eq(new.scope.to_string()),
            grants::resources.eq(join(new.resources.iter().map(ResourceId::as_str))),
            grants::claims.eq(new.claims),
            grants::nonce.eq(new.nonce),
            grants::offline.eq(new.offline),
            grants::auth_time.eq(new.auth_time.micros()),
            grants::amr.eq(join(new.assurance.amr_names().into_iter())),
            grants::acr.eq(new.assurance.acr.as_str()),
            grants::created_at.eq(now),
            grants::expires_at.eq(new.expires_at.micros()),
        ))
        .returning(grants::id)
        .get_result::<i64>(tx.conn())?;
    Ok(GrantId::new(row))
}

/// Joins to a query over `grants` what decides whether a grant counts.
macro_rules! live {
    ($query:expr) => {
        $query
            .inner_join(
                crate::store::schema::principals::table
                    .on(crate::store::schema::principals::id.eq(crate::store::schema::grants::principal_id)),
            )
            .inner_join(
                crate::store::schema::accounts::table
                    .on(crate::store::schema::accounts::id.eq(crate::store::schema::principals::account_id)),
            )
            .inner_join(
                crate::store::grants::owners.on(crate::store::grants::owners
                    .field(crate::store::schema::accounts::id)
                    .eq(crate::store::schema::accounts::owner_id)),
            )
            .left_join(
                crate::store::schema::sign_ins::table
                    .on(crate::store::schema::sign_ins::id.eq(crate::store::schema::grants::sign_in_id)),
            )
    };
}

/// The columns of a [`LiveRow`].
macro_rules! live_columns {
    () => {
        (
            crate::store::grants::GrantRow::as_select(),
            crate::store::grants::PrincipalGlance::as_select(),
            crate::store::grants::AccountGlance::as_select(),
            (
                crate::store::grants::owners.field(crate::store::schema::accounts::status),
                crate::store::grants::owners.field(crate::store::schema::accounts::alias),
            ),
            Option::<crate::store::grants::SignInRow>::as_select(),
        )
    };
}

pub(super) use {live, live_columns};

/// The grant with its live state.
pub fn find_live(tx: &mut Tx<'_>, id: GrantId) -> StoreResult<Option<LiveGrant>> {
    let row = live!(grants::table)
        .filter(grants::id.eq(id.row()))
        .select(live_columns!())
        .first::<LiveRow>(tx.conn())
        .optional()?;
    row.map(read_live).transpose()
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
    rows.into_iter().map(read).collect()
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

/// Reads a joined row.
pub(super) fn read_live((row, person, account, owner, sign_in): LiveRow) -> StoreResult<LiveGrant> {
    Ok(LiveGrant {
        grant: read(row)?,
        holder: holder(person, account, &owner)?,
        sign_in: sign_in.map(read_sign_in).transpose()?,
    })
}

/// Joins texts that hold no space.
pub(super) fn join<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

/// Reads a scope column.
pub(super) fn read_scope(text: &str, column: &'static str, row: i64) -> StoreResult<Scope> {
    Scope::parse(text).map_err(|_malformed| StoreError::inconsistent(column, row, "is no scope"))
}

/// Reads a column of resources.
pub(super) fn read_resources(text: &str) -> Vec<ResourceId> {
    text.split_ascii_whitespace().map(ResourceId::from_text).collect()
}

fn read(row: GrantRow) -> StoreResult<Grant> {
    let amr =
        row.amr.split_ascii_whitespace().map(|name| named(name, "grants.amr", row.id)).collect::<Result<_, _>>()?;
    Ok(Grant {
        id: GrantId::new(row.id),
        scope: read_scope(&row.scope, "grants.scope", row.id)?,
        resources: read_resources(&row.resources),
        assurance: Assurance { amr, acr: named(&row.acr, "grants.acr", row.id)? },
        client: ClientId::from_text(row.client_id),
        principal: PrincipalId::from_text(row.principal_id),
        sign_in: SignInId::new(row.sign_in_id),
        sid: SessionId::from_text(row.sid),
        claims: row.claims,
        nonce: row.nonce,
        offline: row.offline,
        auth_time: Timestamp::from_micros(row.auth_time),
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: Timestamp::from_micros(row.expires_at),
        revoked_at: row.revoked_at.map(Timestamp::from_micros),
    })
}

fn holder(person: PrincipalGlance, account: AccountGlance, owner: &OwnerGlance) -> StoreResult<Holder> {
    let kind = named(&person.kind, "principals.kind", &person.id)?;
    let standing = principal::standing(
        named(&person.status, "principals.status", &person.id)?,
        named(&account.status, "accounts.status", &account.id)?,
        named(&owner.0, "accounts.status", &account.owner_id)?,
    );
    let login_name = match person.username {
        Some(name) => format!("{name}@{}", owner.1.as_deref().unwrap_or(&account.id)),
        None => account.alias.unwrap_or_else(|| account.id.clone()),
    };
    let account_kind = named(&account.kind, "accounts.kind", &account.id)?;
    let claims = AccountClaims::new(
        kind,
        AccountId::from_text(account.id),
        account_kind,
        AccountId::from_text(account.owner_id),
        account.independent_billing,
    );
    Ok(Holder { kind, standing, login_name, updated_at: Timestamp::from_micros(person.updated_at), account: claims })
}

fn read_sign_in(row: SignInRow) -> StoreResult<SignInGlance> {
    Ok(SignInGlance {
        state: named(&row.state, "sign_ins.state", row.id)?,
        absolute_expires_at: Timestamp::from_micros(row.absolute_expires_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
    })
}
