//! What the operator's commands work on: the configured database and keys,
//! opened beside a server that may be running.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::args::Common;
use super::{CliError, config};
use crate::base::{SharedClock, SharedEntropy, SystemClock, SystemEntropy};
use crate::config::Config;
use crate::identity::Identity;
use crate::keys::Vault;
use crate::store::{Store, StoreOptions};

/// An operator waits longer than a request does.
const PATIENCE: Duration = Duration::from_secs(30);

/// Configuration, keys and database of one command.
pub(super) struct House {
    pub(super) config: Config,
    pub(super) vault: Arc<Vault>,
    pub(super) store: Store,
    pub(super) entropy: SharedEntropy,
    runtime: Runtime,
}

impl House {
    /// Opens everything; an absent database and an absent key are made, as the
    /// server's first start makes them.
    pub(super) fn open(common: &Common) -> Result<Self, CliError> {
        let config = config::load(common)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::new("runtime", error.kind()))?;
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let vault = Vault::open(&config.keys, entropy.as_ref());
        let vault = Arc::new(vault.map_err(|error| CliError::new("keys.kek_file", error))?);
        let clock: SharedClock = Arc::new(SystemClock);
        let options = StoreOptions { connections: 1, deadline: PATIENCE, ..StoreOptions::default() };
        let store = Store::open(config.database.url.expose().expose(), options, clock)?;
        Ok(Self { config, vault, store, entropy, runtime })
    }

    /// What makes and changes people, accounts and clients.
    pub(super) fn identity(&self) -> Result<Identity, CliError> {
        let made = Identity::new(&self.config, &self.vault, self.store.clone(), Arc::clone(&self.entropy));
        made.map_err(|error| CliError::new("hashing", error))
    }

    /// Waits for `work`.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}
