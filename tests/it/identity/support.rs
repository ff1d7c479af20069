//! A house with an identity service, and the file of contract.md.

use std::sync::Arc;

use menshen::base::{SeededEntropy, TestClock};
use menshen::config::Config;
use menshen::identity::apply::{ApplyError, Change, Format};
use menshen::identity::{Identity, by_operator};
use menshen::keys::{ContactKeys, Vault};
use menshen::store::Store;

use crate::support::database::{Backend, TestDatabase};

/// The declaration that contract.md shows, a little longer.
pub const ACME: &str = include_str!("acme.toml");

pub struct House {
    pub identity: Identity,
    pub store: Store,
    pub contacts: ContactKeys,
    pub clock: TestClock,
    database: TestDatabase,
}

impl House {
    pub fn new(backend: Backend) -> Self {
        let database = TestDatabase::new(backend);
        let clock = TestDatabase::clock();
        let store = database.open_with(TestDatabase::options(), Arc::new(clock.clone()));
        Self::over(database, store, clock, 1)
    }

    fn over(database: TestDatabase, store: Store, clock: TestClock, seed: u64) -> Self {
        let vault = Arc::new(Vault::from_bytes(&[3; 32]));
        let identity = identity(&vault, &store, seed);
        Self { identity, store, contacts: ContactKeys::new(vault), clock, database }
    }

    /// Another process on the same database.
    pub fn neighbour(&self, seed: u64) -> Identity {
        let store = self.database.open_with(TestDatabase::options(), Arc::new(self.clock.clone()));
        identity(&Arc::new(Vault::from_bytes(&[3; 32])), &store, seed)
    }

    pub async fn apply(&self, text: &str) -> Vec<String> {
        let changes = self.try_apply(text).await.expect("applied");
        changes.iter().map(ToString::to_string).collect()
    }

    pub async fn try_apply(&self, text: &str) -> Result<Vec<Change>, ApplyError> {
        apply(&self.identity, text).await
    }
}

/// Cheap hashes: what is tested is not how long they take.
fn identity(vault: &Arc<Vault>, store: &Store, seed: u64) -> Identity {
    let config = "[hashing]\nmemory_kib = 8192\niterations = 1";
    let config = Config::from_parts(config, []).expect("a configuration");
    Identity::new(&config, vault, store.clone(), Arc::new(SeededEntropy::new(seed))).expect("an identity service")
}

pub async fn apply(identity: &Identity, text: &str) -> Result<Vec<Change>, ApplyError> {
    let declaration = identity.read_declaration(text, Format::of("", text))?;
    identity.apply(Arc::new(declaration), &by_operator()).await
}
