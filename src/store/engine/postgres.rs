//! PostgreSQL: a small pool whose threads own a connection each.
//!
//! A server that is gone is refused at once: while no connection stands, jobs do
//! not wait, and every worker keeps trying to connect.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::Mutex;

use super::Engine;
use super::error::{StoreError, StoreResult, Trouble};
use super::job::Job;
use super::link::Server;
use super::queue::Queue;
use super::statistics::{Counters, Statistics};
use super::store::StoreOptions;
use super::worker::{Seat, Worker};
use crate::base::SharedClock;

/// What a job may do.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kind {
    Read,
    Write,
}

/// What the workers share.
pub(super) struct Pool {
    pub(super) server: Server,
    pub(super) options: StoreOptions,
    pub(super) clock: SharedClock,
    pub(super) queue: Queue<(Kind, Job)>,
    pub(super) counters: Counters,
    pub(super) skew: Mutex<Option<Trouble>>,
    linked: AtomicUsize,
    /// Why no connection stands, once connecting has failed.
    down: Mutex<Option<Trouble>>,
}

impl Pool {
    pub(super) fn linked(&self) {
        self.linked.fetch_add(1, Ordering::SeqCst);
        *self.down.lock() = None;
    }

    pub(super) fn unlinked(&self) {
        self.linked.fetch_sub(1, Ordering::SeqCst);
    }

    /// Connecting failed. Without any connection, nobody shall wait.
    pub(super) fn cannot_link(&self, error: &StoreError) {
        let mut down = self.down.lock();
        if self.linked.load(Ordering::SeqCst) > 0 {
            return;
        }
        if down.is_none() {
            tracing::error!(%error, "the database is gone");
        }
        *down = Some(error.trouble());
        drop(down);
        while let Some((_, job)) = self.queue.try_pop() {
            job.answer(Err(StoreError::Unavailable(error.trouble())));
        }
    }

    fn push(&self, kind: Kind, job: Job) -> StoreResult<()> {
        if let Some(trouble) = self.down.lock().clone() {
            return Err(StoreError::Unavailable(trouble));
        }
        self.queue.push((kind, job)).map_err(StoreError::Unavailable)
    }
}

/// PostgreSQL behind [`super::Store`].
pub(super) struct Postgres {
    pool: Arc<Pool>,
    seats: Mutex<Vec<(Arc<Seat>, JoinHandle<()>)>>,
}

impl Postgres {
    pub(super) fn start(server: Server, options: StoreOptions, clock: SharedClock) -> StoreResult<Self> {
        let connections = options.connections.max(1);
        let pool = Arc::new(Pool {
            server,
            clock,
            queue: Queue::new(options.queue),
            options,
            counters: Counters::default(),
            skew: Mutex::default(),
            linked: AtomicUsize::new(0),
            down: Mutex::default(),
        });
        let seats = (0..connections).map(|_| seat(&pool)).collect::<StoreResult<_>>()?;
        Ok(Self { pool, seats: Mutex::new(seats) })
    }
}

/// Starts a worker on a thread of its own.
fn seat(pool: &Arc<Pool>) -> StoreResult<(Arc<Seat>, JoinHandle<()>)> {
    let seat = Arc::new(Seat::default());
    let worker = Worker::new(Arc::clone(pool), Arc::clone(&seat));
    let thread = std::thread::Builder::new().name("store-worker".into()).spawn(move || worker.run());
    let thread = thread.map_err(|error| StoreError::Unavailable(Trouble::Refused(error.to_string())))?;
    Ok((seat, thread))
}

impl Engine for Postgres {
    fn write(&self, job: Job) -> StoreResult<()> {
        self.pool.push(Kind::Write, job)
    }

    fn read(&self, job: Job) -> StoreResult<()> {
        super::statistics::count(&self.pool.counters.reads, 1);
        self.pool.push(Kind::Read, job)
    }

    fn standing_trouble(&self) -> StoreResult<()> {
        self.pool.skew.lock().clone().map_or(Ok(()), |trouble| Err(StoreError::Unavailable(trouble)))
    }

    /// A worker that hangs in a read from a dead network is given up: another
    /// takes its seat, and it ends when its job ends. Only as many are given up
    /// as there are seats, so a network that stalls for long costs a bounded
    /// number of threads.
    fn overdue(&self) {
        let mut seats = self.seats.lock();
        seats.retain(|(_, thread)| !thread.is_finished());
        let connections = self.pool.options.connections.max(1);
        let now = Instant::now();
        let hung: Vec<_> = seats.iter().filter(|(seat, _)| seat.hangs(now, self.pool.options.deadline)).collect();
        let room = connections.saturating_mul(2).saturating_sub(seats.len());
        for (seat, _) in hung.iter().take(room) {
            seat.retire();
        }
        let working = seats.iter().filter(|(seat, _)| !seat.is_retired()).count();
        for _ in working..connections {
            match seat(&self.pool) {
                Ok(fresh) => seats.push(fresh),
                Err(error) => tracing::error!(%error, "a worker cannot be replaced"),
            }
        }
    }

    fn statistics(&self) -> Statistics {
        self.pool.counters.read(self.pool.queue.len())
    }

    fn close(&self) {
        self.pool.queue.close();
        let seats = std::mem::take(&mut *self.seats.lock());
        for (seat, thread) in seats {
            if !seat.is_retired() && thread.thread().id() != std::thread::current().id() {
                // A worker catches the panics of its jobs; were it gone, all is answered.
                let _ended = thread.join();
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.close();
    }
}
