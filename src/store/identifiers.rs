//! Contacts at rest: a blind index to find them, a sealed value to show them.

use diesel::prelude::*;

use super::dialect::on;
use super::rows::named;
use super::schema::identifiers;
use super::{StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::PrincipalId;
use crate::domain::ContactKind;

/// One stored contact; `keys::contacts` opens it.
#[derive(Clone, Debug)]
pub struct Identifier {
    /// E-mail or phone.
    pub kind: ContactKind,
    /// Blind index.
    pub lookup: Vec<u8>,
    /// Sealed canonical value.
    pub sealed: Vec<u8>,
    /// When it was proved, if it was.
    pub verified_at: Option<Timestamp>,
}

/// A contact to store.
pub struct NewIdentifier<'a> {
    /// Whose.
    pub principal: &'a PrincipalId,
    /// E-mail or phone.
    pub kind: ContactKind,
    /// Blind index.
    pub lookup: [u8; 32],
    /// Sealed canonical value.
    pub sealed: Vec<u8>,
    /// When it was proved, if it was.
    pub verified_at: Option<Timestamp>,
}

/// Every contact of a principal, oldest first.
pub fn list(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<Identifier>> {
    let own =
        identifiers::table.filter(identifiers::principal_id.eq(principal.as_str())).order(identifiers::id).select((
            identifiers::id,
            identifiers::kind,
            identifiers::lookup,
            identifiers::sealed,
            identifiers::verified_at,
        ));
    let rows = on!(tx, |conn| own.load::<(i64, String, Vec<u8>, Vec<u8>, Option<i64>)>(conn))?;
    rows.into_iter()
        .map(|(id, kind, lookup, sealed, verified_at)| {
            let kind = named(&kind, "identifiers.kind", id)?;
            Ok(Identifier { kind, lookup, sealed, verified_at: verified_at.map(Timestamp::from_micros) })
        })
        .collect()
}

/// How many principals have this contact.
pub fn count(tx: &mut Tx<'_>, lookup: &[u8; 32]) -> StoreResult<i64> {
    Ok(identifiers::table.filter(identifiers::lookup.eq(lookup.as_slice())).count().get_result(tx.conn())?)
}

/// Takes a contact away from those who never proved it; who they were.
pub fn remove_unproven(tx: &mut Tx<'_>, lookup: &[u8; 32]) -> StoreResult<Vec<PrincipalId>> {
    let unproven = identifiers::lookup.eq(lookup.as_slice()).and(identifiers::verified_at.is_null());
    let holders = identifiers::table.filter(unproven).order(identifiers::id).select(identifiers::principal_id);
    let holders = holders.load::<String>(tx.conn())?;
    if !holders.is_empty() {
        diesel::delete(identifiers::table.filter(unproven)).execute(tx.conn())?;
    }
    Ok(holders.into_iter().map(PrincipalId::from_text).collect())
}

/// Whether this principal has proved this contact.
pub fn is_proven(tx: &mut Tx<'_>, principal: &PrincipalId, lookup: &[u8; 32]) -> StoreResult<bool> {
    let own = identifiers::principal_id.eq(principal.as_str()).and(identifiers::lookup.eq(lookup.as_slice()));
    let found = identifiers::table.filter(own.and(identifiers::verified_at.is_not_null())).select(identifiers::id);
    Ok(found.first::<i64>(tx.conn()).optional()?.is_some())
}

/// Whether this principal has proved anything.
pub fn any_proven(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<bool> {
    Ok(list(tx, principal)?.iter().any(|contact| contact.verified_at.is_some()))
}

/// Takes every contact from a principal that it never proved.
pub fn remove_unproven_of(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<()> {
    let unproven = identifiers::principal_id.eq(principal.as_str()).and(identifiers::verified_at.is_null());
    diesel::delete(identifiers::table.filter(unproven)).execute(tx.conn())?;
    Ok(())
}

/// Marks a principal's contacts of one kind as proved; true when one was not before.
pub fn prove(tx: &mut Tx<'_>, principal: &PrincipalId, kind: ContactKind) -> StoreResult<bool> {
    let of_kind = identifiers::principal_id.eq(principal.as_str()).and(identifiers::kind.eq(kind.as_str()));
    let now = tx.now().micros();
    let proved = diesel::update(identifiers::table.filter(of_kind.and(identifiers::verified_at.is_null())))
        .set(identifiers::verified_at.eq(now))
        .execute(tx.conn())?;
    Ok(proved > 0)
}

/// Stores a contact. An e-mail that somebody has is a conflict.
pub fn insert(tx: &mut Tx<'_>, new: &NewIdentifier<'_>) -> StoreResult<()> {
    let exclusive = match new.kind {
        ContactKind::Email => Some(new.lookup.as_slice()),
        ContactKind::Phone => None,
    };
    let now = tx.now().micros();
    diesel::insert_into(identifiers::table)
        .values((
            identifiers::principal_id.eq(new.principal.as_str()),
            identifiers::kind.eq(new.kind.as_str()),
            identifiers::lookup.eq(new.lookup.as_slice()),
            identifiers::sealed.eq(&new.sealed),
            identifiers::exclusive.eq(exclusive),
            identifiers::verified_at.eq(new.verified_at.map(Timestamp::micros)),
            identifiers::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Forgets a principal's contacts of one kind.
pub fn remove(tx: &mut Tx<'_>, principal: &PrincipalId, kind: ContactKind) -> StoreResult<()> {
    let of_kind = identifiers::principal_id.eq(principal.as_str()).and(identifiers::kind.eq(kind.as_str()));
    diesel::delete(identifiers::table.filter(of_kind)).execute(tx.conn())?;
    Ok(())
}
