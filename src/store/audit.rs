//! The audit trail: written in the transaction of what it records.

use diesel::prelude::*;

use super::dialect::on;
use super::rows::named;
use super::schema::audit_events;
use super::{StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::{AccountId, ClientId, PrincipalId};
use crate::domain::AuditEvent;
use crate::domain::audit::Origin;

/// Writes one event down.
pub fn record(tx: &mut Tx<'_>, event: &AuditEvent, origin: &Origin) -> StoreResult<()> {
    let now = tx.now().micros();
    on!(tx, |conn| diesel::insert_into(audit_events::table)
        .values((
            audit_events::at.eq(now),
            audit_events::kind.eq(event.kind.as_str()),
            audit_events::outcome.eq(event.outcome.as_str()),
            audit_events::actor.eq(&origin.actor),
            audit_events::principal_id.eq(event.principal.as_ref().map(PrincipalId::as_str)),
            audit_events::account_id.eq(event.account.as_ref().map(AccountId::as_str)),
            audit_events::client_id.eq(event.client.as_ref().map(ClientId::as_str)),
            audit_events::address.eq(&origin.address),
            audit_events::request_id.eq(&origin.request_id),
            audit_events::detail.eq(&event.detail),
        ))
        .execute(conn))?;
    Ok(())
}

/// Deletes rows that were written before `before`, among the `limit` oldest;
/// how many. The trail is in the order of time, so the first row that is
/// younger ends it.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> StoreResult<usize> {
    let oldest = audit_events::table
        .order(audit_events::id)
        .limit(limit)
        .select((audit_events::id, audit_events::at))
        .load::<(i64, i64)>(tx.conn())?;
    let over = oldest.into_iter().take_while(|(_id, at)| *at <= before.micros());
    let Some((last, _at)) = over.last() else { return Ok(0) };
    Ok(diesel::delete(audit_events::table.filter(audit_events::id.le(last))).execute(tx.conn())?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
struct AuditRow {
    id: i64,
    kind: String,
    outcome: String,
    principal_id: Option<String>,
    account_id: Option<String>,
    client_id: Option<String>,
    detail: String,
}

/// The newest events, newest first.
pub fn latest(tx: &mut Tx<'_>, limit: i64) -> StoreResult<Vec<AuditEvent>> {
    let rows = audit_events::table
        .order(audit_events::id.desc())
        .limit(limit)
        .select(AuditRow::as_select())
        .load(tx.conn())?;
    rows.into_iter()
        .map(|row| {
            Ok(AuditEvent {
                kind: named(&row.kind, "audit_events.kind", row.id)?,
                outcome: named(&row.outcome, "audit_events.outcome", row.id)?,
                principal: row.principal_id.map(PrincipalId::from_text),
                account: row.account_id.map(AccountId::from_text),
                client: row.client_id.map(ClientId::from_text),
                detail: row.detail,
            })
        })
        .collect()
}
