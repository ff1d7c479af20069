//! Clients and resources as the hot paths see them: read from the store at most
//! every half second, parsed once.
//!
//! Every endpoint of `token` asks here who a client is and whether it may act;
//! `web` asks which origins it registered. Disabling a client, or suspending the
//! account that owns it, reaches every answer within the age of an entry.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;

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

/// A client with what decides whether it may act.
pub struct KnownClient {
    /// Its registration.
    pub client: Client,
    /// The account that owns it, if any.
    pub owner: Option<ClientOwner>,
    /// The keys it registered by value, for its assertions.
    pub keys: ForeignKeys,
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
}

/// What was read, and when; `None` is remembered too, so that an unknown name
/// costs what a known one costs (CA-01).
type Remembered<K, V> = HashMap<K, (Option<Arc<V>>, Timestamp)>;

impl ClientDirectory {
    /// An empty directory over the store.
    #[must_use]
    pub fn new(store: Store, clock: SharedClock) -> Self {
        Self(Arc::new(Inner { store, clock, clients: RwLock::default(), resources: RwLock::default() }))
    }

    /// The client of this name, active or not.
    pub async fn find(&self, id: &ClientId) -> StoreResult<Option<Arc<KnownClient>>> {
        let now = self.0.clock.now();
        if let Some(known) = recall(&self.0.clients, id, now) {
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
        if let Some(known) = recall(&self.0.resources, id, now) {
            return Ok(known);
        }
        let wanted = id.clone();
        let found = self.0.store.read(move |tx| resources::find_all(tx, std::slice::from_ref(&wanted))).await?;
        let read = found.into_iter().next().map(Arc::new);
        remember(&self.0.resources, id.clone(), read.clone(), now);
        Ok(read)
    }

    /// Forgets everything: what changed in this process is seen at once.
    pub fn forget(&self) {
        self.0.clients.write().clear();
        self.0.resources.write().clear();
    }
}

fn recall<K: Eq + Hash, V>(map: &RwLock<Remembered<K, V>>, key: &K, now: Timestamp) -> Option<Option<Arc<V>>> {
    let map = map.read();
    let (value, read_at) = map.get(key)?;
    // A clock that went back makes every entry old.
    (now >= *read_at && now.since(*read_at) < FRESH).then(|| value.clone())
}

fn remember<K: Eq + Hash, V>(map: &RwLock<Remembered<K, V>>, key: K, value: Option<Arc<V>>, now: Timestamp) {
    let mut map = map.write();
    if map.len() >= CAPACITY {
        map.clear();
    }
    map.insert(key, (value, now));
}

fn load(tx: &mut Tx<'_>, id: &ClientId) -> StoreResult<Option<KnownClient>> {
    let Some(client) = clients::find(tx, id)? else { return Ok(None) };
    let account = match &client.owner_account {
        Some(account) => accounts::find(tx, account)?,
        None => None,
    };
    let owner = account.map(|account| owner(tx, &account)).transpose()?;
    let keys = client.metadata.jwks.as_ref().map_or_else(ForeignKeys::default, |jwks| {
        // What was registered was read once then; a set that no longer reads verifies nothing.
        ForeignKeys::parse(jwks.to_string().as_bytes()).unwrap_or_default()
    });
    Ok(Some(KnownClient { client, owner, keys }))
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
