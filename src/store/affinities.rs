//! Affinity: the principal that a client last got in a browser.

use diesel::prelude::*;

use super::dialect::{on, upsert};
use super::schema::affinities;
use super::{StoreResult, Tx};
use crate::base::id::{BrowserId, ClientId, PrincipalId};

/// Whom this client got last here.
pub fn find(tx: &mut Tx<'_>, browser: BrowserId, client: &ClientId) -> StoreResult<Option<PrincipalId>> {
    let row = affinities::table.find((browser.row(), client.as_str())).select(affinities::principal_id);
    Ok(on!(tx, |conn| row.get_result::<String>(conn)).optional()?.map(PrincipalId::from_text))
}

/// Remembers whom this client got.
pub fn put(tx: &mut Tx<'_>, browser: BrowserId, client: &ClientId, principal: &PrincipalId) -> StoreResult<()> {
    let now = tx.now().micros();
    let content = (affinities::principal_id.eq(principal.as_str()), affinities::updated_at.eq(now));
    upsert(
        tx,
        |tx| {
            let own = affinities::table.find((browser.row(), client.as_str()));
            Ok(on!(tx, |conn| diesel::update(own).set(content).execute(conn))?)
        },
        |tx| {
            let key = (affinities::browser_id.eq(browser.row()), affinities::client_id.eq(client.as_str()));
            on!(tx, |conn| diesel::insert_into(affinities::table).values((key, content)).execute(conn))?;
            Ok(())
        },
    )
}

/// Forgets a principal in a browser, for every client.
pub fn forget(tx: &mut Tx<'_>, browser: BrowserId, principal: &PrincipalId) -> StoreResult<()> {
    let own = affinities::browser_id.eq(browser.row()).and(affinities::principal_id.eq(principal.as_str()));
    diesel::delete(affinities::table.filter(own)).execute(tx.conn())?;
    Ok(())
}
