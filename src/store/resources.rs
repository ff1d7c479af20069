//! Resources: the APIs that tokens are for.

use diesel::prelude::*;

use super::dialect::upsert;
use super::rows::scope;
use super::schema::resources;
use super::{StoreResult, Tx};
use crate::base::id::{ClientId, ResourceId};
use crate::domain::resource::Resource;

type Row = (String, String, Option<String>);

fn read((id, scopes, introspection_client): Row) -> StoreResult<Resource> {
    Ok(Resource {
        scopes: scope(&scopes, "resources.scopes", &id)?,
        id: ResourceId::from_text(id),
        introspection_client: introspection_client.map(ClientId::from_text),
    })
}

/// Those of `ids` that are registered.
pub fn find_all(tx: &mut Tx<'_>, ids: &[ResourceId]) -> StoreResult<Vec<Resource>> {
    let names: Vec<&str> = ids.iter().map(ResourceId::as_str).collect();
    let rows = resources::table
        .filter(resources::id.eq_any(names))
        .select((resources::id, resources::scopes, resources::introspection_client))
        .load::<Row>(tx.conn())?;
    rows.into_iter().map(read).collect()
}

/// Every registered resource.
pub fn list(tx: &mut Tx<'_>) -> StoreResult<Vec<Resource>> {
    let rows = resources::table
        .order(resources::id)
        .select((resources::id, resources::scopes, resources::introspection_client))
        .load::<Row>(tx.conn())?;
    rows.into_iter().map(read).collect()
}

/// Stores a resource: a new row, or everything anew of the one that is there.
pub fn put(tx: &mut Tx<'_>, resource: &Resource) -> StoreResult<()> {
    let now = tx.now().micros();
    let content = (
        resources::scopes.eq(resource.scopes.to_string()),
        resources::introspection_client.eq(resource.introspection_client.as_ref().map(ClientId::as_str)),
        resources::updated_at.eq(now),
    );
    upsert(
        tx,
        |tx| Ok(diesel::update(resources::table.find(resource.id.as_str())).set(content.clone()).execute(tx.conn())?),
        |tx| {
            diesel::insert_into(resources::table)
                .values((resources::id.eq(resource.id.as_str()), resources::created_at.eq(now), content.clone()))
                .execute(tx.conn())?;
            Ok(())
        },
    )
}
