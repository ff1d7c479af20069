//! The database of countries: read again on each node when its file has changed.

use std::time::Duration;

use async_trait::async_trait;

use super::{Job, JobError, Reach};
use crate::base::file_mark::LOOK_AFTER;
use crate::geo::Countries;

/// Reads the file of countries again after it was replaced.
pub struct RereadCountries {
    countries: Countries,
}

impl RereadCountries {
    /// Over what this node looks countries up in.
    #[must_use]
    pub const fn new(countries: Countries) -> Self {
        Self { countries }
    }
}

#[async_trait]
impl Job for RereadCountries {
    fn name(&self) -> &'static str {
        "reread_countries"
    }

    fn every(&self) -> Duration {
        LOOK_AFTER
    }

    fn reach(&self) -> Reach {
        Reach::EveryNode
    }

    async fn step(&self) -> Result<(), JobError> {
        let countries = self.countries.clone();
        // A file of cities is tens of megabytes: nobody waits for it. Should the thread
        // be lost, the next look reads it.
        let _lost = tokio::task::spawn_blocking(move || countries.refresh()).await;
        Ok(())
    }
}
