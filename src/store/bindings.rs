//! Bindings: upstream identities attached to principals. Both unique keys are
//! the database's: one identity has one principal, one principal has one
//! identity of each connector; of two binds at once one wins.

use diesel::prelude::*;

use super::schema::{binding_keys, bindings};
use super::{StoreResult, Tx};
use crate::base::id::PrincipalId;
use crate::base::{Timestamp, TokenHash};

/// A binding as stored.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub principal: PrincipalId,
    /// Which connector's.
    pub connector: String,
}

/// A binding as its holder sees it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its row.
    pub id: i64,
    /// Which connector's.
    pub connector: String,
    /// What the person is called at the vendor, sealed.
    pub name: Option<Vec<u8>>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it signed somebody in last, if that is known.
    pub last_used_at: Option<Timestamp>,
}

/// One name of an upstream identity, hashed.
#[derive(Clone)]
pub struct BindingKey {
    /// Keyed hash of provider, app, kind and value.
    pub hash: TokenHash,
    /// Its kind, as `unionid`.
    pub kind: String,
}

/// A binding to store.
pub struct NewBinding<'a> {
    /// To whom.
    pub principal: &'a PrincipalId,
    /// Which connector's.
    pub connector: &'a str,
    /// Sealed display name.
    pub name: Option<&'a [u8]>,
    /// The identity's names, at least one.
    pub keys: &'a [BindingKey],
}

/// Every binding that one of these keys belongs to, without repeats, in the
/// order of the keys.
pub fn find(tx: &mut Tx<'_>, keys: &[BindingKey]) -> StoreResult<Vec<Binding>> {
    let mut found: Vec<Binding> = Vec::new();
    for key in keys {
        let row = binding_keys::table
            .inner_join(bindings::table.on(bindings::id.eq(binding_keys::binding_id)))
            .filter(binding_keys::hash.eq(key.hash.as_bytes().as_slice()))
            .select((bindings::id, bindings::principal_id, bindings::connector))
            .get_result::<(i64, String, String)>(tx.conn())
            .optional()?;
        if let Some((id, principal, connector)) = row
            && found.iter().all(|known| known.id != id)
        {
            found.push(Binding { id, principal: PrincipalId::from_text(principal), connector });
        }
    }
    Ok(found)
}

/// What a principal has bound of one connector.
pub fn of_principal(tx: &mut Tx<'_>, principal: &PrincipalId, connector: &str) -> StoreResult<Option<Binding>> {
    let own = bindings::principal_id.eq(principal.as_str()).and(bindings::connector.eq(connector));
    let id = bindings::table.filter(own).select(bindings::id).get_result::<i64>(tx.conn()).optional()?;
    Ok(id.map(|id| Binding { id, principal: principal.clone(), connector: connector.to_owned() }))
}

/// Every binding of a principal, oldest first.
pub fn list(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<Held>> {
    type Row = (i64, String, Option<Vec<u8>>, i64, Option<i64>);
    let rows = bindings::table
        .filter(bindings::principal_id.eq(principal.as_str()))
        .order(bindings::id)
        .select((
            bindings::id,
            bindings::connector,
            bindings::name_sealed,
            bindings::created_at,
            bindings::last_used_at,
        ))
        .load::<Row>(tx.conn())?;
    let held = |(id, connector, name, created_at, last_used_at): Row| Held {
        id,
        connector,
        name,
        created_at: Timestamp::from_micros(created_at),
        last_used_at: last_used_at.map(Timestamp::from_micros),
    };
    Ok(rows.into_iter().map(held).collect())
}

/// The same, held until the transaction ends: whoever takes one away knows what
/// is left, also where two are taken away at once.
pub fn list_held(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<Held>> {
    let own = bindings::table.filter(bindings::principal_id.eq(principal.as_str()));
    diesel::update(own).set(bindings::created_at.eq(bindings::created_at)).execute(tx.conn())?;
    list(tx, principal)
}

/// Holds a binding until the transaction ends; false when it was taken away.
pub fn hold(tx: &mut Tx<'_>, binding: i64) -> StoreResult<bool> {
    let row = bindings::table.find(binding);
    Ok(diesel::update(row).set(bindings::created_at.eq(bindings::created_at)).execute(tx.conn())? == 1)
}

/// Notes that the binding is used which a principal has of one connector since `made_by`
/// at the latest, and holds it until the transaction ends; false when it was taken away.
/// One that was made later is another one.
pub fn touch(tx: &mut Tx<'_>, principal: &PrincipalId, connector: &str, made_by: Timestamp) -> StoreResult<bool> {
    let now = tx.now().micros();
    let own = bindings::principal_id.eq(principal.as_str()).and(bindings::connector.eq(connector));
    let own = own.and(bindings::created_at.le(made_by.micros()));
    Ok(diesel::update(bindings::table.filter(own)).set(bindings::last_used_at.eq(now)).execute(tx.conn())? == 1)
}

/// Binds an identity. An identity that somebody has, and a principal that has
/// one of this connector, are conflicts: nothing is ever replaced.
pub fn insert(tx: &mut Tx<'_>, new: &NewBinding<'_>) -> StoreResult<i64> {
    let now = tx.now().micros();
    let id = diesel::insert_into(bindings::table)
        .values((
            bindings::principal_id.eq(new.principal.as_str()),
            bindings::connector.eq(new.connector),
            bindings::name_sealed.eq(new.name),
            bindings::created_at.eq(now),
        ))
        .returning(bindings::id)
        .get_result(tx.conn())?;
    for key in new.keys {
        add_key(tx, id, key)?;
    }
    Ok(id)
}

/// Adds a name under which a bound identity appears for the first time. One
/// that belongs to another binding is a conflict.
pub fn add_key(tx: &mut Tx<'_>, binding: i64, key: &BindingKey) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::insert_into(binding_keys::table)
        .values((
            binding_keys::hash.eq(key.hash.as_bytes().as_slice()),
            binding_keys::binding_id.eq(binding),
            binding_keys::kind.eq(&key.kind),
            binding_keys::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Takes everything away that a principal has bound; how many there were.
pub fn remove_of_principal(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<usize> {
    let own = bindings::table.filter(bindings::principal_id.eq(principal.as_str())).select(bindings::id);
    let ids = own.load::<i64>(tx.conn())?;
    ids.iter().try_for_each(|id| remove(tx, principal, *id).map(drop))?;
    Ok(ids.len())
}

/// Takes a binding away from a principal; false when it has no such (any more).
/// Of two at once one does it.
pub fn remove(tx: &mut Tx<'_>, principal: &PrincipalId, binding: i64) -> StoreResult<bool> {
    // Held first: a name that a sign-in adds at this moment is there when it is
    // over, and no other is added after.
    let own = bindings::table.filter(bindings::id.eq(binding).and(bindings::principal_id.eq(principal.as_str())));
    if diesel::update(own).set(bindings::created_at.eq(bindings::created_at)).execute(tx.conn())? == 0 {
        return Ok(false);
    }
    diesel::delete(binding_keys::table.filter(binding_keys::binding_id.eq(binding))).execute(tx.conn())?;
    Ok(diesel::delete(bindings::table.find(binding)).execute(tx.conn())? == 1)
}
