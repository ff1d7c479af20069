//! Writes down the tokens that were only counted.

use std::time::Duration;

use async_trait::async_trait;

use super::{Job, JobError, Reach};
use crate::token::Tokens;

/// Once a second, and once more at the end.
pub struct WriteTally(Tokens);

impl WriteTally {
    /// Of this node's service.
    #[must_use]
    pub const fn new(tokens: Tokens) -> Self {
        Self(tokens)
    }
}

#[async_trait]
impl Job for WriteTally {
    fn name(&self) -> &'static str {
        "write_tally"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn reach(&self) -> Reach {
        Reach::EveryNode
    }

    async fn step(&self) -> Result<(), JobError> {
        self.0.write_tally().await?;
        Ok(())
    }

    async fn last(&self) -> Result<(), JobError> {
        self.step().await
    }
}
