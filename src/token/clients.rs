//! Clients and resources as the hot paths see them: read from the store at most
//! every half second, parsed once.
//!
//! Every endpoint of `token` asks here who a client is and whether it may act;
//! `web` asks which origins it registered. Disabling a client, or suspending the
//! account that owns it, reaches every answer within the age of an entry.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use url::Url;

use crate::base::id::{AccountId, ClientId, ResourceId};
use crate::base::{SharedClock, Timestamp};
use crate::domain::client::{Client, ClientStatus};
use crate::domain::resource::Resource;
use crate::domain::{Account, AccountStatus};
use crate::keys::ForeignKeys;
use crate::store::{Store, StoreResult, Tx, accounts, clients, resources};

/// The oldest answer that is still given.
const FRESH: Duration = Duration::from_millis(500);
/// Names that are remembered, unknown ones too; beyond it everything is read anew.
const CAPACITY: usize = 10_000;
/// Clients that are read at once when their origins are gathered.
const PAGE: i64 = 500;

/// A client with what decides whether it may act.
pub struct KnownClient {
    /// Its registration.
    pub client: Client,
    /// The account that owns it, if any.
    pub owner: Option<ClientOwner>,
    /// The keys of its assertions.
    pub keys: ClientKeys,
}

/// Where the keys of a client's assertions are.
pub enum ClientKeys {
    /// Registered themselves.
    ByValue(ForeignKeys),
    /// Registered by their address.
    ByAddress(Url),
}

/// Whose a client is, as its own tokens tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientOwner {
    /// The top-level account.
    pub owner_account_id: AccountId,
    /// Who pays for the client's calls.
    pub billing_account_id: AccountId,
    /// Whether account and owner are active.
    pub active: bool,
}

impl KnownClient {
    /// Whether the client may act now: switched on, and nobody above it stopped (LC-02).
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.client.status == ClientStatus::Active && self.owner.as_ref().is_none_or(|owner| owner.active)
    }
}

/// The directory; cheap to clone, one for the process.
#[derive(Clone)]
pub struct ClientDirectory(Arc<Inner>);

struct Inner {
    store: Store,
    clock: SharedClock,
    clients: RwLock<Remembered<ClientId, KnownClient>>,
    resources: RwLock<Remembered<ResourceId, Resource>>,
    origins: RwLock<Remembered<(), HashSet<String>>>,
}

/// What was read, and when; `None` is remembered too, so that an unknown name
/// costs what a known one costs (CA-01).
type Remembered<K, V> = HashMap<K, Entry<V>>;

struct Entry<V> {
    value: Option<Arc<V>>,
    read_at: Timestamp,
}

impl ClientDirectory {
    /// An empty directory over the store.
    #[must_use]
    pub fn new(store: Store, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            clients: RwLock::default(),
            resources: RwLock::default(),
            origins: RwLock::default(),
        }))
    }

    /// The client of this name, active or not.
    pub async fn find(&self, id: &ClientId) -> StoreResult<Option<Arc<KnownClient>>> {
        let now = self.0.clock.now();
        if let Ok(known) = recall(&self.0.clients, id, now) {
            return Ok(known);
        }
        let wanted = id.clone();
        let read = self.0.store.read(move |tx| load(tx, &wanted)).await?.map(Arc::new);
        remember(&self.0.clients, id.clone(), read.clone(), now);
        Ok(read)
    }

    /// The registered resource of this name.
    pub async fn find_resource(&self, id: &ResourceId) -> StoreResult<Option<Arc<Resource>>> {
        let now = self.0.clock.now();
        if let Ok(known) = recall(&self.0.resources, id, now) {
            return Ok(known);
        }
        let wanted = id.clone();
        let found = self.0.store.read(move |tx| resources::find_all(tx, std::slice::from_ref(&wanted))).await?;
        let read = found.into_iter().next().map(Arc::new);
        remember(&self.0.resources, id.clone(), read.clone(), now);
        Ok(read)
    }

    /// Whether any active client registered this origin: what a preflight, which
    /// names no client, is answered by.
    pub async fn knows_origin(&self, origin: &str) -> StoreResult<bool> {
        let now = self.0.clock.now();
        if let Ok(origins) = recall(&self.0.origins, &(), now) {
            return Ok(origins.is_some_and(|origins| origins.contains(origin)));
        }
        let origins = Arc::new(self.0.store.read(load_origins).await?);
        remember(&self.0.origins, (), Some(Arc::clone(&origins)), now);
        Ok(origins.contains(origin))
    }

    /// Forgets everything: what changed in this process is seen at once.
    pub fn forget(&self) {
        self.0.clients.write().clear();
        self.0.resources.write().clear();
        self.0.origins.write().clear();
    }
}

/// What is remembered and fresh; `Err` says to read it.
fn recall<K: Eq + Hash, V>(map: &RwLock<Remembered<K, V>>, key: &K, now: Timestamp) -> Result<Option<Arc<V>>, Stale> {
    let map = map.read();
    let entry = map.get(key).ok_or(Stale)?;
    // A clock that went back makes every entry old.
    let fresh = now >= entry.read_at && now.since(entry.read_at) < FRESH;
    if fresh { Ok(entry.value.clone()) } else { Err(Stale) }
}

/// Nothing fresh is remembered.
struct Stale;

fn remember<K: Eq + Hash, V>(map: &RwLock<Remembered<K, V>>, key: K, value: Option<Arc<V>>, read_at: Timestamp) {
    let mut map = map.write();
    if map.len() >= CAPACITY {
        map.clear();
    }
    map.insert(key, Entry { value, read_at });
}

fn load(tx: &mut Tx<'_>, id: &ClientId) -> StoreResult<Option<KnownClient>> {
    let Some(client) = clients::find(tx, id)? else { return Ok(None) };
    let account = match &client.owner_account {
        Some(account) => accounts::find(tx, account)?,
        None => None,
    };
    let owner = account.map(|account| owner(tx, &account)).transpose()?;
    let keys = keys(&client);
    Ok(Some(KnownClient { client, owner, keys }))
}

fn load_origins(tx: &mut Tx<'_>) -> StoreResult<HashSet<String>> {
    let (mut origins, mut after) = (HashSet::new(), String::new());
    loop {
        let page = clients::list(tx, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(origins) };
        last.id.as_str().clone_into(&mut after);
        let active = page.into_iter().filter(|client| client.status == ClientStatus::Active);
        origins.extend(active.flat_map(|client| client.metadata.allowed_cors_origins));
    }
}

fn owner(tx: &mut Tx<'_>, account: &Account) -> StoreResult<ClientOwner> {
    let top = if account.owner_id == account.id { None } else { accounts::find(tx, &account.owner_id)? };
    let active = account.status == AccountStatus::Active && top.is_none_or(|top| top.status == AccountStatus::Active);
    Ok(ClientOwner {
        owner_account_id: account.owner_id.clone(),
        billing_account_id: account.billing_account().clone(),
        active,
    })
}

/// What was registered was read once then; what no longer reads verifies nothing.
fn keys(client: &Client) -> ClientKeys {
    let metadata = &client.metadata;
    if let Some(address) = metadata.jwks_uri.as_deref().and_then(|address| Url::parse(address).ok()) {
        return ClientKeys::ByAddress(address);
    }
    let registered = metadata.jwks.as_ref().and_then(|jwks| ForeignKeys::parse(jwks.to_string().as_bytes()).ok());
    ClientKeys::ByValue(registered.unwrap_or_default())
}
