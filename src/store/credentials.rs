//! Credentials: the enrolled row of a login method. What `data` holds is the
//! method's own business, so a new method needs no migration.

use diesel::prelude::*;

use super::dialect::upsert;
use super::schema::credentials;
use super::{StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::PrincipalId;

/// One enrolled credential.
#[derive(Clone)]
pub struct Credential {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub principal: PrincipalId,
    /// The method's own JSON; a hash or a reference, never a secret in clear.
    pub data: String,
    /// Last change.
    pub updated_at: Timestamp,
}

/// The credential of this principal for a method.
pub fn find(tx: &mut Tx<'_>, principal: &PrincipalId, method: &str) -> StoreResult<Option<Credential>> {
    let row = credentials::table
        .filter(credentials::principal_id.eq(principal.as_str()).and(credentials::method.eq(method)))
        .select((credentials::id, credentials::data, credentials::updated_at))
        .get_result::<(i64, String, i64)>(tx.conn())
        .optional()?;
    Ok(row.map(|(id, data, updated_at)| Credential {
        id,
        principal: principal.clone(),
        data,
        updated_at: Timestamp::from_micros(updated_at),
    }))
}

/// Enrols a credential, or replaces the one that is there. `subject` is what
/// nobody else may bind (an upstream identity).
pub fn put(
    tx: &mut Tx<'_>,
    principal: &PrincipalId,
    method: &str,
    subject: Option<&[u8]>,
    data: &str,
) -> StoreResult<()> {
    let now = tx.now().micros();
    upsert(
        tx,
        |tx| {
            let own = credentials::principal_id.eq(principal.as_str()).and(credentials::method.eq(method));
            Ok(diesel::update(credentials::table.filter(own))
                .set((credentials::data.eq(data), credentials::subject.eq(subject), credentials::updated_at.eq(now)))
                .execute(tx.conn())?)
        },
        |tx| {
            diesel::insert_into(credentials::table)
                .values((
                    credentials::principal_id.eq(principal.as_str()),
                    credentials::method.eq(method),
                    credentials::subject.eq(subject),
                    credentials::data.eq(data),
                    credentials::created_at.eq(now),
                    credentials::updated_at.eq(now),
                ))
                .execute(tx.conn())?;
            Ok(())
        },
    )
}

/// Replaces the data of a credential that still reads `old`: a re-hash never
/// overwrites a password that was changed meanwhile.
pub fn replace(tx: &mut Tx<'_>, id: i64, old: &str, new: &str) -> StoreResult<bool> {
    let now = tx.now().micros();
    let changed = diesel::update(credentials::table.find(id).filter(credentials::data.eq(old)))
        .set((credentials::data.eq(new), credentials::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// Whether any credential of this principal was changed after `at`.
pub fn changed_since(tx: &mut Tx<'_>, principal: &PrincipalId, at: Timestamp) -> StoreResult<bool> {
    let own = credentials::principal_id.eq(principal.as_str()).and(credentials::updated_at.gt(at.micros()));
    Ok(diesel::select(diesel::dsl::exists(credentials::table.filter(own))).get_result(tx.conn())?)
}

/// Forgets the credential of this principal for a method; true when there was one.
pub fn remove(tx: &mut Tx<'_>, principal: &PrincipalId, method: &str) -> StoreResult<bool> {
    let own = credentials::principal_id.eq(principal.as_str()).and(credentials::method.eq(method));
    Ok(diesel::delete(credentials::table.filter(own)).execute(tx.conn())? > 0)
}
