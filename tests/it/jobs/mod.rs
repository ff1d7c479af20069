//! What runs beside requests: leases, sweeping, the outbox.

mod countries;
mod leases;
mod letters;
mod outbox;
mod sweep;

use std::sync::Arc;

use menshen::base::{SeededEntropy, TestClock};
use menshen::jobs::{Job, Runner};
use menshen::store::Store;

use crate::support::database::{Backend, TestDatabase};

/// A database and the clock of its nodes.
struct Cluster {
    database: TestDatabase,
    clock: TestClock,
}

impl Cluster {
    fn new(backend: Backend) -> Self {
        Self { database: TestDatabase::new(backend), clock: TestDatabase::clock() }
    }

    fn store(&self) -> Store {
        self.database.open_with(TestDatabase::options(), Arc::new(self.clock.clone()))
    }

    /// The runner of another node.
    fn node(&self, number: u64, jobs: Vec<Arc<dyn Job>>) -> Runner {
        Runner::new(self.store(), Arc::new(self.clock.clone()), &SeededEntropy::new(number), jobs)
    }
}
