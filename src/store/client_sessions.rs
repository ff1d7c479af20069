//! Client sessions: one sign-in as one client knows it, with its `sid`.

use diesel::prelude::*;

use super::dialect::{on, savepoint};
use super::schema::{client_sessions, sign_ins};
use super::{StoreError, StoreResult, Tx};
use crate::base::id::{BrowserId, ClientId, SessionId, SignInId};

/// The `sid` of this sign-in for this client; `fresh` when it has none yet.
pub fn ensure(tx: &mut Tx<'_>, sign_in: SignInId, client: &ClientId, fresh: &SessionId) -> StoreResult<SessionId> {
    if let Some(sid) = find_sid(tx, sign_in, client)? {
        return Ok(sid);
    }
    let now = tx.now().micros();
    let inserted = savepoint(tx, |tx| {
        diesel::insert_into(client_sessions::table)
            .values((
                client_sessions::sign_in_id.eq(sign_in.row()),
                client_sessions::client_id.eq(client.as_str()),
                client_sessions::sid.eq(fresh.as_str()),
                client_sessions::created_at.eq(now),
            ))
            .execute(tx.conn())?;
        Ok(())
    });
    match inserted {
        Ok(()) => Ok(fresh.clone()),
        // Another tab of this browser was quicker.
        Err(StoreError::Conflict(what)) => find_sid(tx, sign_in, client)?.ok_or(StoreError::Conflict(what)),
        Err(error) => Err(error),
    }
}

/// The `sid` that this sign-in has for this client.
pub fn find_sid(tx: &mut Tx<'_>, sign_in: SignInId, client: &ClientId) -> StoreResult<Option<SessionId>> {
    let own = client_sessions::sign_in_id.eq(sign_in.row()).and(client_sessions::client_id.eq(client.as_str()));
    let sid =
        on!(tx, |conn| client_sessions::table.filter(own).select(client_sessions::sid).get_result::<String>(conn))
            .optional()?;
    Ok(sid.map(SessionId::from_text))
}

/// Every client that knows this sign-in, with its `sid`.
pub fn of_sign_in(tx: &mut Tx<'_>, sign_in: SignInId) -> StoreResult<Vec<(ClientId, SessionId)>> {
    let rows = client_sessions::table
        .filter(client_sessions::sign_in_id.eq(sign_in.row()))
        .order(client_sessions::id)
        .select((client_sessions::client_id, client_sessions::sid))
        .load::<(String, String)>(tx.conn())?;
    Ok(rows.into_iter().map(|(client, sid)| (ClientId::from_text(client), SessionId::from_text(sid))).collect())
}

/// Forgets what one client knows of a sign-in.
pub fn remove(tx: &mut Tx<'_>, sign_in: SignInId, client: &ClientId) -> StoreResult<()> {
    let own = client_sessions::sign_in_id.eq(sign_in.row()).and(client_sessions::client_id.eq(client.as_str()));
    diesel::delete(client_sessions::table.filter(own)).execute(tx.conn())?;
    Ok(())
}

/// Forgets what every client knows of a sign-in.
pub fn remove_of_sign_in(tx: &mut Tx<'_>, sign_in: SignInId) -> StoreResult<()> {
    diesel::delete(client_sessions::table.filter(client_sessions::sign_in_id.eq(sign_in.row()))).execute(tx.conn())?;
    Ok(())
}

/// The sign-in behind a `sid`, when it is one of this browser and this client.
pub fn find(tx: &mut Tx<'_>, browser: BrowserId, client: &ClientId, sid: &SessionId) -> StoreResult<Option<SignInId>> {
    let row = client_sessions::table
        .inner_join(sign_ins::table.on(sign_ins::id.eq(client_sessions::sign_in_id)))
        .filter(sign_ins::browser_id.eq(browser.row()))
        .filter(client_sessions::client_id.eq(client.as_str()).and(client_sessions::sid.eq(sid.as_str())))
        .select(sign_ins::id)
        .get_result::<i64>(tx.conn())
        .optional()?;
    Ok(row.map(SignInId::new))
}
