//! Signing keys for tests. Making an RSA key takes a fifth of a second, so all
//! tests that do not ask for fresh ones share one set.

use std::sync::Arc;

use menshen::base::SeededEntropy;
use menshen::domain::SigningKeyRecord;
use menshen::keys::{KeyKeeper, RotationPolicy, Vault};
use menshen::store::{Store, signing_keys};
use tokio::sync::OnceCell;

use super::database::{Backend, TestDatabase};

/// The key-encryption key under which the shared set is sealed.
pub fn vault() -> Arc<Vault> {
    Arc::new(Vault::from_bytes(&[5; 32]))
}

/// A keeper over `store` with that key.
pub fn keeper(store: Store, policy: RotationPolicy) -> KeyKeeper {
    KeyKeeper::new(store, vault(), Arc::new(SeededEntropy::new(1)), policy)
}

/// Puts the shared set into a database that has no keys yet.
pub async fn seed(store: &Store, policy: RotationPolicy) {
    static SHARED: OnceCell<Vec<SigningKeyRecord>> = OnceCell::const_new();
    let rows = SHARED.get_or_init(|| async move {
        let database = TestDatabase::new(Backend::Sqlite);
        let store = database.open();
        keeper(store.clone(), policy).open().await.expect("the shared keys");
        store.read(signing_keys::list).await.expect("the shared rows")
    });
    let rows = rows.await.clone();
    store.write(move |tx| rows.iter().try_for_each(|row| signing_keys::insert(tx, row))).await.expect("seeding");
}
