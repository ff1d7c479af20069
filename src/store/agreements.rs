//! Which version of the terms a principal accepted, when and from where.

use diesel::prelude::*;

use super::dialect::{on, upsert};
use super::schema::agreements;
use super::{StoreResult, Tx};
use crate::base::id::PrincipalId;

/// Whether this version was accepted.
pub fn accepted(tx: &mut Tx<'_>, principal: &PrincipalId, version: &str) -> StoreResult<bool> {
    let row = agreements::table.find((principal.as_str(), version)).select(agreements::version);
    Ok(on!(tx, |conn| row.get_result::<String>(conn)).optional()?.is_some())
}

/// Writes an acceptance down; the first one of a version stays.
pub fn accept(tx: &mut Tx<'_>, principal: &PrincipalId, version: &str, address: &str) -> StoreResult<()> {
    let now = tx.now().micros();
    upsert(
        tx,
        |tx| Ok(usize::from(accepted(tx, principal, version)?)),
        |tx| {
            diesel::insert_into(agreements::table)
                .values((
                    agreements::principal_id.eq(principal.as_str()),
                    agreements::version.eq(version),
                    agreements::accepted_at.eq(now),
                    agreements::address.eq(address),
                ))
                .execute(tx.conn())?;
            Ok(())
        },
    )
}
