//! Consents: what a principal lets a client have, until it is taken back.

use diesel::prelude::*;

use super::dialect::{on, upsert};
use super::rows::scope;
use super::schema::{clients, consents};
use super::{StoreResult, Tx, grants};
use crate::base::Timestamp;
use crate::base::id::{ClientId, PrincipalId};
use crate::protocol::Scope;

/// One remembered consent.
#[derive(Clone, Debug)]
pub struct Consent {
    /// To whom.
    pub client: ClientId,
    /// What the client is called now.
    pub client_metadata: String,
    /// For what.
    pub scope: Scope,
    /// Since when.
    pub created_at: Timestamp,
}

/// The scope that this principal consented to for this client.
pub fn find(tx: &mut Tx<'_>, principal: &PrincipalId, client: &ClientId) -> StoreResult<Option<Scope>> {
    let row = consents::table.find((principal.as_str(), client.as_str())).select(consents::scope);
    on!(tx, |conn| row.get_result::<String>(conn))
        .optional()?
        .map(|text| scope(&text, "consents.scope", principal))
        .transpose()
}

/// Remembers a consent, in the place of an earlier one.
pub fn put(tx: &mut Tx<'_>, principal: &PrincipalId, client: &ClientId, scope: &Scope) -> StoreResult<()> {
    let now = tx.now().micros();
    let content = (consents::scope.eq(scope.to_string()), consents::updated_at.eq(now));
    upsert(
        tx,
        |tx| {
            let own = consents::table.find((principal.as_str(), client.as_str()));
            Ok(diesel::update(own).set(content.clone()).execute(tx.conn())?)
        },
        |tx| {
            let key = (consents::principal_id.eq(principal.as_str()), consents::client_id.eq(client.as_str()));
            diesel::insert_into(consents::table)
                .values((key, consents::created_at.eq(now), content.clone()))
                .execute(tx.conn())?;
            Ok(())
        },
    )
}

/// Takes a consent back, and with it every grant that rests on it; true when there was one.
pub fn remove(tx: &mut Tx<'_>, principal: &PrincipalId, client: &ClientId) -> StoreResult<bool> {
    grants::revoke_of_client(tx, principal, client)?;
    let own = consents::table.find((principal.as_str(), client.as_str()));
    Ok(diesel::delete(own).execute(tx.conn())? == 1)
}

/// Everything a principal consented to, newest first.
pub fn list(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<Consent>> {
    let rows = consents::table
        .inner_join(clients::table.on(clients::id.eq(consents::client_id)))
        .filter(consents::principal_id.eq(principal.as_str()))
        .order(consents::updated_at.desc())
        .select((consents::client_id, clients::metadata, consents::scope, consents::created_at))
        .load::<(String, String, String, i64)>(tx.conn())?;
    rows.into_iter()
        .map(|(client, client_metadata, text, created_at)| {
            Ok(Consent {
                scope: scope(&text, "consents.scope", &client)?,
                client: ClientId::from_text(client),
                client_metadata,
                created_at: Timestamp::from_micros(created_at),
            })
        })
        .collect()
}
