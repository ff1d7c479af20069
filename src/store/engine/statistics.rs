//! Plain counters of the engine; `telemetry` turns them into metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers since the start, but for `queued`, which is of now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Statistics {
    /// Commits that held at least one job.
    pub commits: u64,
    /// Jobs that were committed.
    pub committed: u64,
    /// Jobs that were rolled back, for an error of their own or of the database.
    pub rolled_back: u64,
    /// Jobs that ran again: after a lost batch, a serialization failure or a deadlock.
    pub repeated: u64,
    /// Jobs that only read.
    pub reads: u64,
    /// Connections that had to be made anew.
    pub reconnects: u64,
    /// Jobs waiting now.
    pub queued: u64,
}

/// The counters behind [`Statistics`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) commits: AtomicU64,
    pub(super) committed: AtomicU64,
    pub(super) rolled_back: AtomicU64,
    pub(super) repeated: AtomicU64,
    pub(super) reads: AtomicU64,
    pub(super) reconnects: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, queued: usize) -> Statistics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            commits: load(&self.commits),
            committed: load(&self.committed),
            rolled_back: load(&self.rolled_back),
            repeated: load(&self.repeated),
            reads: load(&self.reads),
            reconnects: load(&self.reconnects),
            queued: u64::try_from(queued).unwrap_or(u64::MAX),
        }
    }
}

/// Adds to a counter nobody synchronises with.
pub(super) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(u64::try_from(by).unwrap_or(0), Ordering::Relaxed);
}
