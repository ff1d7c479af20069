//! What decides whether a grant counts, as columns that every query over grants
//! and tokens joins: holder, account, owner and sign-in. Shared by the aggregates
//! of this floor; nobody above sees it.

use diesel::prelude::*;

use super::rows::named;
use super::schema::{accounts, grants, principals, sign_ins};
use super::{StoreError, StoreResult};
use crate::base::Timestamp;
use crate::base::id::{AccountId, ClientId, GrantId, PrincipalId, ResourceId, SessionId, SignInId};
use crate::domain::grant::{AccountClaims, Grant, Holder, LiveGrant, SignInGlance};
use crate::domain::{Assurance, principal};
use crate::protocol::scope::Scope;

pub(super) use alias::owners;

mod alias {
    //! The account that owns an account, as a second table of one query.
    use super::accounts;
    diesel::alias!(accounts as owners: Owners);
}

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
                crate::store::live::owners.on(crate::store::live::owners
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
            crate::store::live::GrantRow::as_select(),
            crate::store::live::PrincipalGlance::as_select(),
            crate::store::live::AccountGlance::as_select(),
            (
                crate::store::live::owners.field(crate::store::schema::accounts::status),
                crate::store::live::owners.field(crate::store::schema::accounts::alias),
            ),
            Option::<crate::store::live::SignInRow>::as_select(),
        )
    };
}

pub(super) use {live, live_columns};

/// Reads a joined row.
pub(super) fn read_live((row, person, account, owner, sign_in): LiveRow) -> StoreResult<LiveGrant> {
    Ok(LiveGrant {
        grant: read_grant(row)?,
        holder: holder(person, account, &owner)?,
        sign_in: sign_in.as_ref().map(read_sign_in).transpose()?,
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

pub(super) fn read_grant(row: GrantRow) -> StoreResult<Grant> {
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
        None => account.alias.as_ref().unwrap_or(&account.id).clone(),
    };
    let account_kind = named(&account.kind, "accounts.kind", &account.id)?;
    let claims = AccountClaims::new(
        kind,
        AccountId::from_text(account.id),
        account_kind,
        AccountId::from_text(account.owner_id),
        account.independent_billing,
    );
    Ok(Holder {
        kind,
        standing,
        login_name,
        alias: account.alias,
        updated_at: Timestamp::from_micros(person.updated_at),
        account: claims,
    })
}

fn read_sign_in(row: &SignInRow) -> StoreResult<SignInGlance> {
    Ok(SignInGlance {
        state: named(&row.state, "sign_ins.state", row.id)?,
        absolute_expires_at: Timestamp::from_micros(row.absolute_expires_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
    })
}
