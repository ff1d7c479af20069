//! Clients and resources: read from the file, and written to the store.

use serde_json::Value;

use super::change::{Change, Subject};
use super::claims::typed;
use super::declaration::Declaration;
use super::table::Table;
use super::{Step, Wrong, wrong};
use crate::base::Secret;
use crate::base::id::{ClientId, ResourceId};
use crate::domain::audit::Origin;
use crate::domain::client::{Client, ClientStatus};
use crate::domain::resource::Resource;
use crate::identity::Makings;
use crate::identity::clients::{self, MIN_SECRET};
use crate::protocol::{ClientMetadata, Scope, scope};
use crate::store::{self, Tx};

/// One `[[client]]`: its whole registration.
pub(super) struct ClientEntry {
    pub(super) at: String,
    pub(super) id: ClientId,
    pub(super) secret: Option<Secret<String>>,
    pub(super) status: Option<ClientStatus>,
    pub(super) metadata: ClientMetadata,
}

/// One `[[resource]]`.
pub(super) struct ResourceEntry {
    pub(super) at: String,
    pub(super) resource: Resource,
}

/// Reads and checks a registration by its names (RFC 7591); `at` is the path of
/// the table it stands in, empty at the top.
///
/// # Errors
/// The first name that is wrong.
pub fn read_metadata(members: &serde_json::Map<String, Value>, at: &str) -> Result<ClientMetadata, Wrong> {
    let metadata: ClientMetadata = typed(members, at)?;
    let path = |field: &str| if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") };
    let checked = metadata.validate().map_err(|error| Wrong::new(path(error.field), error.reason.clone()))?;
    Ok(checked.into_metadata())
}

pub(super) fn read_client(mut table: Table) -> Result<ClientEntry, Wrong> {
    let at = table.path().to_owned();
    let id = ClientId::from_text(table.required("client_id")?);
    if !clients::is_client_id(id.as_str()) {
        return Err(table.wrong("client_id", "expected 1 to 255 visible ASCII characters"));
    }
    let secret = table.text("client_secret")?.map(Secret::new);
    let status = table.word("status", "active or disabled")?;
    let metadata = read_metadata(&table.into_rest(), &at)?;
    if let Some(secret) = &secret {
        clients::check_secret(&metadata, secret.expose())
            .map_err(|refused| Wrong::new(format!("{at}.client_secret"), refused.to_string()))?;
    }
    Ok(ClientEntry { at, id, secret, status, metadata })
}

pub(super) fn read_resource(mut table: Table) -> Result<ResourceEntry, Wrong> {
    table.only(&["id", "scopes", "introspection_client"])?;
    let at = table.path().to_owned();
    let id = table.required("id")?;
    if id.len() > 2_048 || id.contains('#') || url::Url::parse(&id).is_err() {
        return Err(table.wrong("id", "expected an absolute URI without fragment"));
    }
    let scopes = table.texts("scopes")?.unwrap_or_default();
    for (number, name) in scopes.iter().enumerate() {
        let at = format!("scopes[{number}]");
        if name.contains(' ') || Scope::parse(name).is_ok_and(|scope| scope.is_empty()) || Scope::parse(name).is_err() {
            return Err(table.wrong(&at, "expected one scope token"));
        }
        if scope::STANDARD.contains(&name.as_str()) {
            return Err(table.wrong(&at, "is a scope of OpenID Connect, not of an API"));
        }
    }
    let scopes = Scope::parse(&scopes.join(" ")).map_err(|_long| table.wrong("scopes", "has too many entries"))?;
    let introspection_client = table.text("introspection_client")?.map(ClientId::from_text);
    Ok(ResourceEntry { at, resource: Resource { id: ResourceId::from_text(id), scopes, introspection_client } })
}

impl Makings {
    /// Brings clients and resources to what is declared.
    pub(super) fn write_registrations(
        &self,
        tx: &mut Tx<'_>,
        declaration: &Declaration,
        origin: &Origin,
    ) -> Step<Vec<Change>> {
        let mut changes = Vec::new();
        for entry in &declaration.resources {
            changes.extend(write_resource(tx, entry, declaration, origin)?);
        }
        for entry in &declaration.clients {
            changes.extend(self.write_client(tx, entry, origin)?);
        }
        Ok(changes)
    }

    fn write_client(&self, tx: &mut Tx<'_>, entry: &ClientEntry, origin: &Origin) -> Step<Option<Change>> {
        let before = store::clients::find(tx, &entry.id)?;
        let after = self.declared_client(tx, entry, before.as_ref())?;
        let keys = before.as_ref().map(|before| differences(before, &after));
        if keys.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let name = entry.id.as_str();
        let change = match keys {
            None => Some(Change::created(Subject::Client, name, None)),
            Some(keys) => Change::updated(Subject::Client, name, None, keys),
        };
        let what = change.as_ref().map_or_else(String::new, Change::what);
        clients::store_client(tx, &after, &what, origin)?;
        Ok(change)
    }

    fn declared_client(&self, tx: &mut Tx<'_>, entry: &ClientEntry, before: Option<&Client>) -> Step<Client> {
        let known = store::resources::find_all(tx, &entry.metadata.resources)?;
        let missing = entry.metadata.resources.iter().position(|id| !known.iter().any(|one| one.id == *id));
        if let Some(number) = missing {
            return wrong(
                format!("{}.resources[{number}]", entry.at),
                "names no resource of this file or of the store",
            );
        }
        let owner_account = match &entry.metadata.owner_account {
            None => None,
            Some(name) => match clients::find_owner(tx, name)? {
                Some(account) => Some(account.id),
                None => return wrong(format!("{}.owner_account", entry.at), "names no account"),
            },
        };
        let needs_secret = clients::has_secret(&entry.metadata);
        let declared = entry.secret.as_ref().map(|secret| self.secrets.hash(&entry.id, secret.expose()));
        let kept = before.and_then(|before| before.secret_hash.clone());
        let secret_hash = declared.map(|hash| hash.as_bytes().to_vec()).or(kept).filter(|_hash| needs_secret);
        if needs_secret && secret_hash.is_none() {
            return wrong(
                format!("{}.client_secret", entry.at),
                &format!("is missing: {MIN_SECRET} characters or more for this token_endpoint_auth_method"),
            );
        }
        // A secret that was rotated lives on only beside the one it was replaced by.
        let previous = before.filter(|before| before.secret_hash == secret_hash);
        Ok(Client {
            id: entry.id.clone(),
            status: entry.status.or(before.map(|before| before.status)).unwrap_or(ClientStatus::Active),
            previous_secret_hash: previous.and_then(|before| before.previous_secret_hash.clone()),
            secret_hash,
            metadata: entry.metadata.clone(),
            owner_account,
        })
    }
}

fn write_resource(
    tx: &mut Tx<'_>,
    entry: &ResourceEntry,
    declaration: &Declaration,
    origin: &Origin,
) -> Step<Option<Change>> {
    let resource = &entry.resource;
    if let Some(client) = &resource.introspection_client {
        let declared = declaration.clients.iter().any(|one| one.id == *client);
        if !declared && store::clients::find(tx, client)?.is_none() {
            return wrong(format!("{}.introspection_client", entry.at), "names no client of this file or of the store");
        }
    }
    let before = store::resources::find_all(tx, std::slice::from_ref(&resource.id))?.into_iter().next();
    let name = resource.id.as_str();
    let change = match before {
        None => Some(Change::created(Subject::Resource, name, None)),
        Some(before) => {
            let mut keys = Vec::new();
            keys.extend((before.scopes != resource.scopes).then(|| "scopes".to_owned()));
            let same = before.introspection_client == resource.introspection_client;
            keys.extend((!same).then(|| "introspection_client".to_owned()));
            Change::updated(Subject::Resource, name, None, keys)
        }
    };
    if let Some(change) = &change {
        clients::store_resource(tx, resource, &change.what(), origin)?;
    }
    Ok(change)
}

/// The keys in which two registrations differ.
fn differences(before: &Client, after: &Client) -> Vec<String> {
    let members = |client: &Client| match serde_json::to_value(&client.metadata) {
        Ok(Value::Object(members)) => members,
        // Metadata always serialises to an object.
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let (old, new) = (members(before), members(after));
    let mut keys: Vec<String> =
        old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).cloned().collect();
    if before.owner_account != after.owner_account {
        keys.push("owner_account".to_owned());
    }
    keys.extend((before.secret_hash != after.secret_hash).then(|| "client_secret".to_owned()));
    keys.extend((before.status != after.status).then(|| "status".to_owned()));
    keys.sort();
    keys.dedup();
    keys
}
