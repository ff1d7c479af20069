//! Opaque access tokens. One read tells everything about one: what it is, and
//! whether its grant, holder, account, owner and sign-in still stand. `token`
//! alone calls this.

use diesel::prelude::*;

use super::dialect::on;
use super::grants::{SWEPT_AT_ONCE, Swept};
use super::live::{self, AccountGlance, GrantRow, PrincipalGlance, SignInRow, owners};
use super::schema::{access_tokens, accounts, grants, principals, sign_ins};
use super::{StoreError, StoreResult, Tx};
use crate::base::id::{ClientId, GrantId, ResourceId};
use crate::base::{Presented, Timestamp, TokenHash};
use crate::domain::grant::LiveGrant;
use crate::protocol::scope::Scope;

/// What is stored of a new access token.
pub struct NewAccessToken<'a> {
    /// Keyed hash of its random part.
    pub hash: TokenHash,
    /// The grant it comes from; none for a client's own (RFC 6749 §4.4).
    pub grant: Option<GrantId>,
    /// Who holds it.
    pub client: &'a ClientId,
    /// What it is good for.
    pub scope: &'a Scope,
    /// Where (RFC 8707).
    pub audience: &'a [ResourceId],
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A stored access token with its live grant.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessToken {
    /// Its row.
    pub id: i64,
    /// Who holds it.
    pub client: ClientId,
    /// What it is good for.
    pub scope: Scope,
    /// Where.
    pub audience: Vec<ResourceId>,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was revoked by itself.
    pub revoked_at: Option<Timestamp>,
    /// The grant it comes from; none for a client's own token.
    pub live: Option<LiveGrant>,
}

impl AccessToken {
    /// Whether it counts at `now`; of its client the caller asks.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        let ended = self.live.as_ref().and_then(|live| live.end(now));
        self.revoked_at.is_none() && self.expires_at > now && ended.is_none()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_tokens)]
struct AccessRow {
    id: i64,
    hash: Vec<u8>,
    grant_id: Option<i64>,
    client_id: String,
    scope: String,
    audience: String,
    issued_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

/// A joined row: everything beyond the token is absent for a client's own.
type Joined = (
    AccessRow,
    Option<GrantRow>,
    Option<PrincipalGlance>,
    Option<AccountGlance>,
    (Option<String>, Option<String>),
    Option<SignInRow>,
);

/// Stores an access token; its row number becomes the handle in its text.
pub fn insert(tx: &mut Tx<'_>, new: &NewAccessToken<'_>) -> StoreResult<i64> {
    Ok(on!(tx, |conn| diesel::insert_into(access_tokens::table)
        .values((
            access_tokens::hash.eq(new.hash.as_bytes().as_slice()),
            access_tokens::grant_id.eq(new.grant.map(GrantId::row)),
            access_tokens::client_id.eq(new.client.as_str()),
            access_tokens::scope.eq(new.scope.to_string()),
            access_tokens::audience.eq(live::join(new.audience.iter().map(ResourceId::as_str))),
            access_tokens::issued_at.eq(new.issued_at.micros()),
            access_tokens::expires_at.eq(new.expires_at.micros()),
        ))
        .returning(access_tokens::id)
        .get_result::<i64>(conn))?)
}

/// The presented token with its live grant, in one read.
pub fn find(tx: &mut Tx<'_>, presented: Presented) -> StoreResult<Option<AccessToken>> {
    let row = on!(tx, |conn| access_tokens::table
        .left_join(grants::table.on(access_tokens::grant_id.eq(grants::id.nullable())))
        .left_join(principals::table.on(principals::id.eq(grants::principal_id)))
        .left_join(accounts::table.on(accounts::id.eq(principals::account_id)))
        .left_join(owners.on(owners.field(accounts::id).eq(accounts::owner_id)))
        .left_join(sign_ins::table.on(sign_ins::id.eq(grants::sign_in_id)))
        .filter(access_tokens::id.eq(presented.row))
        .select((
            AccessRow::as_select(),
            Option::<GrantRow>::as_select(),
            Option::<PrincipalGlance>::as_select(),
            Option::<AccountGlance>::as_select(),
            (owners.field(accounts::status).nullable(), owners.field(accounts::alias).nullable()),
            Option::<SignInRow>::as_select(),
        ))
        .get_result::<Joined>(conn))
    .optional()?;
    match row {
        Some(row) if presented.hash.matches(&row.0.hash) => read(row).map(Some),
        Some(_) | None => Ok(None),
    }
}

/// Revokes one token; true when it was not revoked yet.
pub fn revoke(tx: &mut Tx<'_>, id: i64) -> StoreResult<bool> {
    let now = tx.now().micros();
    let standing = access_tokens::table.find(id).filter(access_tokens::revoked_at.is_null());
    Ok(diesel::update(standing).set(access_tokens::revoked_at.eq(now)).execute(tx.conn())? == 1)
}

/// Deletes tokens that were over at `before`, among the rows after `after`.
pub fn sweep(tx: &mut Tx<'_>, after: i64, before: Timestamp) -> StoreResult<Swept> {
    let ids = access_tokens::table
        .filter(access_tokens::id.gt(after))
        .order(access_tokens::id)
        .limit(SWEPT_AT_ONCE)
        .select(access_tokens::id)
        .load::<i64>(tx.conn())?;
    let Some(&last) = ids.last() else { return Ok(Swept { deleted: 0, next: None }) };
    let over =
        access_tokens::id.gt(after).and(access_tokens::id.le(last)).and(access_tokens::expires_at.le(before.micros()));
    let deleted = diesel::delete(access_tokens::table.filter(over)).execute(tx.conn())?;
    Ok(Swept { deleted, next: Some(last) })
}

fn read((row, grant, person, account, owner, sign_in): Joined) -> StoreResult<AccessToken> {
    let live = match (row.grant_id, grant, person, account, owner) {
        (None, ..) => None,
        (Some(_), Some(grant), Some(person), Some(account), (Some(status), alias)) => {
            Some(live::read_live((grant, person, account, (status, alias), sign_in))?)
        }
        (Some(grant), ..) => return Err(StoreError::inconsistent("access_tokens", row.id, format!("grant {grant}"))),
    };
    Ok(AccessToken {
        id: row.id,
        client: ClientId::from_text(row.client_id),
        scope: live::read_scope(&row.scope, "access_tokens.scope", row.id)?,
        audience: live::read_resources(&row.audience),
        issued_at: Timestamp::from_micros(row.issued_at),
        expires_at: Timestamp::from_micros(row.expires_at),
        revoked_at: row.revoked_at.map(Timestamp::from_micros),
        live,
    })
}
