//! The keeper of the signing keys: makes, seals, stores, rotates and reloads.
//!
//! `app` starts it, `jobs` ask it to reload twice a second and to rotate what is
//! due every minute, the command line rotates at once. The planning is pure and
//! stands in `rotation`; keys are made before the transaction that stores them.

use std::sync::Arc;

use thiserror::Error;

use super::purpose::Purpose;
use super::ring::{RingError, SigningKeys, place};
use super::rotation::{Change, RotationPolicy, Trigger, plan};
use super::signing::{SignError, SigningKey};
use super::vault::{Vault, VaultError};
use crate::base::{SharedEntropy, Timestamp};
use crate::domain::{KeyState, SigningKeyRecord};
use crate::protocol::client_metadata::SigningAlg;
use crate::store::{Store, StoreError, StoreResult, Tx, signing_keys};

/// How often a plan is made anew when another node was quicker.
const ATTEMPTS: usize = 3;

/// Why keys could not be loaded or moved.
#[derive(Debug, Error)]
pub enum KeeperError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stored keys that cannot be used.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// A key could not be made.
    #[error("a signing key cannot be made: {0}")]
    Make(#[from] SignError),
    /// A key could not be sealed.
    #[error(transparent)]
    Seal(#[from] VaultError),
    /// The runtime ended while a key was made.
    #[error("making a signing key was interrupted")]
    Interrupted,
}

/// Keeps `signing_keys` in order. Cheap to clone.
#[derive(Clone)]
pub struct KeyKeeper {
    store: Store,
    vault: Arc<Vault>,
    entropy: SharedEntropy,
    policy: RotationPolicy,
}

impl KeyKeeper {
    /// A keeper over `store`; does nothing yet.
    #[must_use]
    pub fn new(store: Store, vault: Arc<Vault>, entropy: SharedEntropy, policy: RotationPolicy) -> Self {
        Self { store, vault, entropy, policy }
    }

    /// Makes the keys that are missing, moves what is due, and opens the ring.
    pub async fn open(&self) -> Result<SigningKeys, KeeperError> {
        self.rotate(Trigger::Due).await?;
        let (now, records) = self.records().await?;
        Ok(SigningKeys::open(&records, &self.vault, now)?)
    }

    /// Takes over what any node or the command line has changed; says whether
    /// anything had.
    pub async fn reload(&self, ring: &SigningKeys) -> Result<bool, KeeperError> {
        let (now, records) = self.records().await?;
        Ok(ring.replace(&records, &self.vault, now)?)
    }

    /// Carries out what is due, or moves every next key up at once; tells what
    /// changed. Of several nodes that do it at once, one does it and the others
    /// find it done.
    pub async fn rotate(&self, trigger: Trigger) -> Result<Vec<Change>, KeeperError> {
        let mut trigger = trigger;
        for _attempt in 0..ATTEMPTS {
            let (now, records) = self.records().await?;
            let changes = plan(&records, &self.policy, trigger, now);
            if changes.is_empty() {
                return Ok(changes);
            }
            let steps = Arc::new(self.prepare(&changes, now).await?);
            match self.store.write(move |tx| steps.iter().try_for_each(|step| step.apply(tx))).await {
                Ok(()) => return Ok(changes),
                // Somebody was quicker; to rotate once more would be one time too many.
                Err(StoreError::Conflict(_)) => trigger = Trigger::Due,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Vec::new())
    }

    async fn records(&self) -> StoreResult<(Timestamp, Vec<SigningKeyRecord>)> {
        self.store.read(|tx| Ok((tx.now(), signing_keys::list(tx)?))).await
    }

    /// Turns a plan into rows and moves; the keys are made side by side.
    async fn prepare(&self, changes: &[Change], now: Timestamp) -> Result<Vec<Step>, KeeperError> {
        let begun: Vec<_> = changes
            .iter()
            .map(|change| match change {
                Change::Make(algorithm, state) => {
                    let (keeper, algorithm, state) = (self.clone(), *algorithm, *state);
                    Begun::Making(tokio::task::spawn_blocking(move || keeper.make(algorithm, state, now)))
                }
                Change::Retire(kid, until) => Begun::Done(Step::Retire(kid.clone(), *until)),
                Change::Activate(kid) => Begun::Done(Step::Activate(kid.clone())),
                Change::Drop(kid) => Begun::Done(Step::Remove(kid.clone())),
            })
            .collect();
        let mut steps = Vec::with_capacity(begun.len());
        for step in begun {
            steps.push(match step {
                Begun::Done(step) => step,
                Begun::Making(made) => Step::Insert(made.await.map_err(|_ended| KeeperError::Interrupted)??),
            });
        }
        Ok(steps)
    }

    fn make(&self, algorithm: SigningAlg, state: KeyState, now: Timestamp) -> Result<SigningKeyRecord, KeeperError> {
        let key = SigningKey::generate(algorithm)?;
        let kid = key.public().kid.clone();
        let private_sealed =
            self.vault.seal(Purpose::SigningKeySeal, &place(&kid), key.to_pkcs8()?.expose(), &*self.entropy)?;
        Ok(SigningKeyRecord {
            public_jwk: serde_json::to_string(key.public()).map_err(SignError::Claims)?,
            kid,
            algorithm,
            state,
            private_sealed,
            created_at: now,
            activated_at: (state == KeyState::Active).then_some(now),
            retired_at: None,
            expires_at: None,
        })
    }
}

enum Begun {
    Done(Step),
    Making(tokio::task::JoinHandle<Result<SigningKeyRecord, KeeperError>>),
}

enum Step {
    Insert(SigningKeyRecord),
    Retire(String, Timestamp),
    Activate(String),
    Remove(String),
}

impl Step {
    /// One move; when the row has moved already, the whole plan is undone.
    fn apply(&self, tx: &mut Tx<'_>) -> StoreResult<()> {
        let (kid, moved) = match self {
            Self::Insert(record) => return signing_keys::insert(tx, record),
            Self::Retire(kid, until) => (kid, signing_keys::retire(tx, kid, *until)?),
            Self::Activate(kid) => (kid, signing_keys::activate(tx, kid)?),
            Self::Remove(kid) => (kid, signing_keys::remove(tx, kid)?),
        };
        if moved { Ok(()) } else { Err(StoreError::Conflict(format!("signing key {kid} has moved"))) }
    }
}
