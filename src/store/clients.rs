//! Clients.

use diesel::prelude::*;

use super::dialect::upsert;
use super::rows::{json, named, to_json};
use super::schema::clients;
use super::{StoreResult, Tx};
use crate::base::Timestamp;
use crate::base::id::{AccountId, ClientId};
use crate::domain::client::{Client, ClientStatus};

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct ClientRow {
    id: String,
    status: String,
    secret_hash: Option<Vec<u8>>,
    previous_secret_hash: Option<Vec<u8>>,
    previous_secret_until: Option<i64>,
    metadata: String,
    owner_account_id: Option<String>,
}

fn read(row: ClientRow) -> StoreResult<Client> {
    let until = row.previous_secret_until.map(Timestamp::from_micros);
    Ok(Client {
        status: named(&row.status, "clients.status", &row.id)?,
        metadata: json(&row.metadata, "clients.metadata", &row.id)?,
        id: ClientId::from_text(row.id),
        secret_hash: row.secret_hash,
        previous_secret_hash: row.previous_secret_hash.zip(until),
        owner_account: row.owner_account_id.map(AccountId::from_text),
    })
}

/// The client with this `client_id`, whatever its status.
pub fn find(tx: &mut Tx<'_>, id: &ClientId) -> StoreResult<Option<Client>> {
    let row = clients::table.find(id.as_str()).select(ClientRow::as_select()).get_result(tx.conn()).optional()?;
    row.map(read).transpose()
}

/// Every client by name, at most `limit`, from behind `after`.
pub fn list(tx: &mut Tx<'_>, after: &str, limit: i64) -> StoreResult<Vec<Client>> {
    let rows = clients::table
        .filter(clients::id.gt(after))
        .order(clients::id)
        .limit(limit)
        .select(ClientRow::as_select())
        .load(tx.conn())?;
    rows.into_iter().map(read).collect()
}

/// Stores a client: a new row, or everything anew of the one that is there.
pub fn put(tx: &mut Tx<'_>, client: &Client) -> StoreResult<()> {
    let now = tx.now().micros();
    let content = (
        clients::status.eq(client.status.as_str()),
        clients::secret_hash.eq(client.secret_hash.as_deref()),
        clients::previous_secret_hash.eq(client.previous_secret_hash.as_ref().map(|(hash, _until)| hash.as_slice())),
        clients::previous_secret_until.eq(client.previous_secret_hash.as_ref().map(|(_hash, until)| until.micros())),
        clients::metadata.eq(to_json(&client.metadata, "clients.metadata")?),
        clients::owner_account_id.eq(client.owner_account.as_ref().map(AccountId::as_str)),
        clients::updated_at.eq(now),
    );
    upsert(
        tx,
        |tx| Ok(diesel::update(clients::table.find(client.id.as_str())).set(content.clone()).execute(tx.conn())?),
        |tx| {
            diesel::insert_into(clients::table)
                .values((clients::id.eq(client.id.as_str()), clients::created_at.eq(now), content.clone()))
                .execute(tx.conn())?;
            Ok(())
        },
    )
}

/// Switches a client on or off; true when that changed something.
pub fn set_status(tx: &mut Tx<'_>, id: &ClientId, status: ClientStatus) -> StoreResult<bool> {
    let now = tx.now().micros();
    let changed = diesel::update(clients::table.find(id.as_str()).filter(clients::status.ne(status.as_str())))
        .set((clients::status.eq(status.as_str()), clients::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}
