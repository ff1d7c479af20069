//! Signing keys: moved on one node, looked at anew on each.

use std::time::Duration;

use async_trait::async_trait;

use super::{Job, JobError, Reach};
use crate::keys::keeper::KeyKeeper;
use crate::keys::{SigningKeys, Trigger};

/// Moves keys that are due: next → active → retired → gone.
pub struct RotateKeys {
    keeper: KeyKeeper,
}

impl RotateKeys {
    /// Over the stored keys.
    #[must_use]
    pub const fn new(keeper: KeyKeeper) -> Self {
        Self { keeper }
    }
}

#[async_trait]
impl Job for RotateKeys {
    fn name(&self) -> &'static str {
        "rotate_keys"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn reach(&self) -> Reach {
        Reach::OneNode
    }

    async fn step(&self) -> Result<(), JobError> {
        self.keeper.rotate(Trigger::Due).await?;
        Ok(())
    }
}

/// Takes stored keys into this node's ring: what another node or the command
/// line rotated is obeyed within a second.
pub struct ReloadKeys {
    keeper: KeyKeeper,
    ring: SigningKeys,
}

impl ReloadKeys {
    /// Over the stored keys, into `ring`.
    #[must_use]
    pub const fn new(keeper: KeyKeeper, ring: SigningKeys) -> Self {
        Self { keeper, ring }
    }
}

#[async_trait]
impl Job for ReloadKeys {
    fn name(&self) -> &'static str {
        "reload_keys"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(500)
    }

    fn reach(&self) -> Reach {
        Reach::EveryNode
    }

    async fn step(&self) -> Result<(), JobError> {
        if self.keeper.reload(&self.ring).await? {
            tracing::info!("the signing keys were loaded anew");
        }
        Ok(())
    }
}
