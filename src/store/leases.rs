//! Leases: work that one node at a time does.

use diesel::prelude::*;

use super::schema::leases;
use super::{StoreError, StoreResult, Tx, dialect};
use crate::base::Timestamp;

/// Takes the lease `name` until `until`, if it is free or ours; true when
/// `holder` has it now.
pub fn take(tx: &mut Tx<'_>, name: &str, holder: &str, until: Timestamp) -> StoreResult<bool> {
    let now = tx.now().micros();
    let free = leases::held_until.lt(now).or(leases::holder.eq(holder));
    let changed = diesel::update(leases::table.find(name).filter(free))
        .set((leases::holder.eq(holder), leases::held_until.eq(until.micros())))
        .execute(tx.conn())?;
    if changed == 1 {
        return Ok(true);
    }
    let known = leases::table.find(name).select(leases::name).get_result::<String>(tx.conn()).optional()?;
    if known.is_some() {
        return Ok(false);
    }
    let inserted = dialect::savepoint(tx, |tx| {
        diesel::insert_into(leases::table)
            .values((leases::name.eq(name), leases::holder.eq(holder), leases::held_until.eq(until.micros())))
            .execute(tx.conn())?;
        Ok(())
    });
    match inserted {
        Ok(()) => Ok(true),
        // Another node was first.
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives the lease up, if `holder` has it.
pub fn release(tx: &mut Tx<'_>, name: &str, holder: &str) -> StoreResult<()> {
    let own = leases::table.find(name).filter(leases::holder.eq(holder));
    diesel::delete(own).execute(tx.conn())?;
    Ok(())
}
