//! Sign-ins: one row for each principal in each browser.

mod place;

use std::time::Duration;

use diesel::prelude::*;

use super::dialect::{on, upsert};
use super::grants;
use super::principals::{Joined, joined_columns, read as read_principal};
use super::rows::{json, named, to_json};
use super::schema::{accounts, client_sessions, owners, principals, sign_ins};
use super::{StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::{AccountId, BrowserId, PrincipalId, SignInId};
use crate::domain::{Assurance, SignIn, SignInState};

pub use place::{Place, places, places_of};

#[derive(Queryable, Selectable)]
#[diesel(table_name = sign_ins)]
struct SignInRow {
    id: i64,
    browser_id: i64,
    state: String,
    method: String,
    amr: String,
    acr: String,
    remember: bool,
    auth_time: i64,
    last_seen_at: i64,
    idle_expires_at: i64,
    absolute_expires_at: i64,
}

/// What a proof makes of the row of its principal in a browser.
pub struct NewSignIn<'a> {
    /// The browser.
    pub browser: BrowserId,
    /// Who.
    pub principal: &'a PrincipalId,
    /// The method's name.
    pub method: &'a str,
    /// What was proved.
    pub assurance: &'a Assurance,
    /// When.
    pub auth_time: Timestamp,
    /// Locked from here on, unless used.
    pub idle_expires_at: Timestamp,
    /// Locked from here on in any case.
    pub absolute_expires_at: Timestamp,
    /// "Stay signed in" was ticked.
    pub remember: bool,
    /// Address of the browser.
    pub address: &'a str,
    /// What it called itself.
    pub user_agent: &'a str,
}

/// Sign-ins with their principals' live state, in one query, to be filtered further.
macro_rules! joined {
    () => {
        sign_ins::table
            .inner_join(principals::table.on(principals::id.eq(sign_ins::principal_id)))
            .inner_join(accounts::table.on(accounts::id.eq(principals::account_id)))
            .inner_join(owners.on(owners.field(accounts::id).eq(accounts::owner_id)))
            .select((SignInRow::as_select(), joined_columns!()))
    };
}

fn read((row, person): (SignInRow, Joined)) -> StoreResult<SignIn> {
    Ok(SignIn {
        id: SignInId::new(row.id),
        browser: BrowserId::new(row.browser_id),
        principal: read_principal(person)?,
        stored_state: named(&row.state, "sign_ins.state", row.id)?,
        method: row.method,
        assurance: Assurance {
            amr: json(&row.amr, "sign_ins.amr", row.id)?,
            acr: named(&row.acr, "sign_ins.acr", row.id)?,
        },
        auth_time: Timestamp::from_micros(row.auth_time),
        last_seen_at: Timestamp::from_micros(row.last_seen_at),
        idle_expires_at: Timestamp::from_micros(row.idle_expires_at),
        absolute_expires_at: Timestamp::from_micros(row.absolute_expires_at),
        remember: row.remember,
    })
}

/// The sign-in in this row, with its principal's live state.
pub fn find(tx: &mut Tx<'_>, id: SignInId) -> StoreResult<Option<SignIn>> {
    let row = joined!().filter(sign_ins::id.eq(id.row())).get_result(tx.conn()).optional()?;
    row.map(read).transpose()
}

/// Every sign-in of a browser, signed-out ones too, last used first.
pub fn of_browser(tx: &mut Tx<'_>, browser: BrowserId) -> StoreResult<Vec<SignIn>> {
    let rows = on!(tx, |conn| joined!()
        .filter(sign_ins::browser_id.eq(browser.row()))
        .order((sign_ins::last_seen_at.desc(), sign_ins::id.desc()))
        .load::<(SignInRow, Joined)>(conn))?;
    rows.into_iter().map(read).collect()
}

/// The sign-in of one principal in a browser, a signed-out one too.
pub fn of_browser_and_principal(
    tx: &mut Tx<'_>,
    browser: BrowserId,
    principal: &PrincipalId,
) -> StoreResult<Option<SignIn>> {
    let own = sign_ins::browser_id.eq(browser.row()).and(sign_ins::principal_id.eq(principal.as_str()));
    let row = on!(tx, |conn| joined!().filter(own).get_result::<(SignInRow, Joined)>(conn)).optional()?;
    row.map(read).transpose()
}

/// Who ever signed in in this browser and was not removed from it.
pub fn known_principals(tx: &mut Tx<'_>, browser: BrowserId) -> StoreResult<Vec<PrincipalId>> {
    let ids = sign_ins::table.filter(sign_ins::browser_id.eq(browser.row())).select(sign_ins::principal_id);
    Ok(ids.load::<String>(tx.conn())?.into_iter().map(PrincipalId::from_text).collect())
}

/// The browsers in which this principal ever signed in and was not removed from.
pub fn browsers_of(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<BrowserId>> {
    let rows = sign_ins::table.filter(sign_ins::principal_id.eq(principal.as_str())).select(sign_ins::browser_id);
    Ok(rows.load::<i64>(tx.conn())?.into_iter().map(BrowserId::new).collect())
}

/// The row of one principal in one browser.
macro_rules! own_row {
    ($new:expr) => {
        sign_ins::table
            .filter(sign_ins::browser_id.eq($new.browser.row()).and(sign_ins::principal_id.eq($new.principal.as_str())))
    };
}

/// Signs the principal in: the row it has in this browser, or a new one.
pub fn put(tx: &mut Tx<'_>, new: &NewSignIn<'_>) -> StoreResult<SignInId> {
    let content = (
        sign_ins::state.eq(SignInState::Active.as_str()),
        sign_ins::method.eq(new.method),
        sign_ins::amr.eq(to_json(&new.assurance.amr, "sign_ins.amr")?),
        sign_ins::acr.eq(new.assurance.acr.as_str()),
        sign_ins::remember.eq(new.remember),
        sign_ins::address.eq(new.address),
        sign_ins::user_agent.eq(new.user_agent),
        sign_ins::auth_time.eq(new.auth_time.micros()),
        sign_ins::last_seen_at.eq(new.auth_time.micros()),
        sign_ins::idle_expires_at.eq(new.idle_expires_at.micros()),
        sign_ins::absolute_expires_at.eq(new.absolute_expires_at.micros()),
        sign_ins::ended_at.eq(None::<i64>),
    );
    upsert(
        tx,
        |tx| Ok(diesel::update(own_row!(new)).set(content.clone()).execute(tx.conn())?),
        |tx| {
            let key = (
                sign_ins::browser_id.eq(new.browser.row()),
                sign_ins::principal_id.eq(new.principal.as_str()),
                sign_ins::created_at.eq(new.auth_time.micros()),
            );
            diesel::insert_into(sign_ins::table).values((key, content.clone())).execute(tx.conn())?;
            Ok(())
        },
    )?;
    Ok(SignInId::new(own_row!(new).select(sign_ins::id).get_result(tx.conn())?))
}

/// The sign-in was used: its idle limit moves on.
pub fn touch(tx: &mut Tx<'_>, id: SignInId, idle_expires_at: Timestamp) -> StoreResult<()> {
    let now = tx.now().micros();
    on!(tx, |conn| diesel::update(
        sign_ins::table.find(id.row()).filter(sign_ins::state.eq(SignInState::Active.as_str()))
    )
    .set((sign_ins::last_seen_at.eq(now), sign_ins::idle_expires_at.eq(idle_expires_at.micros())))
    .execute(conn))?;
    Ok(())
}

/// Ends a sign-in: it stays remembered by name. Its client sessions go, so
/// that the next sign-in has a `sid` of its own, and the grants that do not
/// outlive it end with it. True when it was not ended.
pub fn end(tx: &mut Tx<'_>, id: SignInId) -> StoreResult<bool> {
    let now = tx.now().micros();
    let alive = sign_ins::state.ne(SignInState::SignedOut.as_str());
    let changed = diesel::update(sign_ins::table.find(id.row()).filter(alive))
        .set((sign_ins::state.eq(SignInState::SignedOut.as_str()), sign_ins::ended_at.eq(now)))
        .execute(tx.conn())?;
    grants::revoke_of_sign_in(tx, id)?;
    diesel::delete(client_sessions::table.filter(client_sessions::sign_in_id.eq(id.row()))).execute(tx.conn())?;
    Ok(changed == 1)
}

/// The sign-ins of a principal, in every browser, that are not ended.
pub fn live_of_principal(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<SignInId>> {
    let ids = sign_ins::table
        .filter(sign_ins::principal_id.eq(principal.as_str()))
        .filter(sign_ins::state.ne(SignInState::SignedOut.as_str()))
        .order(sign_ins::id)
        .select(sign_ins::id)
        .load::<i64>(tx.conn())?;
    Ok(ids.into_iter().map(SignInId::new).collect())
}

/// Cuts the long-lived sign-ins of the IAM users under this owner down to `longest`
/// after their proof; the tokens of each end with it.
pub fn shorten_of_owner(tx: &mut Tx<'_>, owner: &AccountId, longest: Duration) -> StoreResult<()> {
    let longest = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
    let users = principals::table
        .inner_join(accounts::table.on(accounts::id.eq(principals::account_id)))
        .filter(accounts::owner_id.eq(owner.as_str()).and(principals::username_key.is_not_null()))
        .select(principals::id);
    let end = sign_ins::auth_time + longest;
    let longer = sign_ins::remember.eq(true).and(sign_ins::absolute_expires_at.gt(end));
    let cut = sign_ins::table.filter(sign_ins::principal_id.eq_any(users).and(longer));
    diesel::update(cut).set(sign_ins::absolute_expires_at.eq(end)).execute(tx.conn())?;
    Ok(())
}

/// Forgets a sign-in of this browser altogether.
pub fn remove(tx: &mut Tx<'_>, id: SignInId) -> StoreResult<()> {
    diesel::delete(client_sessions::table.filter(client_sessions::sign_in_id.eq(id.row()))).execute(tx.conn())?;
    diesel::delete(sign_ins::table.find(id.row())).execute(tx.conn())?;
    Ok(())
}
