//! A thread of the PostgreSQL pool: one connection, one job at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use parking_lot::Mutex;

use super::error::{StoreError, StoreResult, Trouble};
use super::job::Job;
use super::link::Link;
use super::postgres::{Kind, Pool};
use super::queue::Popped;
use super::readers;
use super::statistics::count;
use super::transaction::{self, Tx};
use crate::base::SharedClock;
use crate::store::dialect;

/// How often a job runs again after a serialization failure, a deadlock or a lock
/// it could not get.
const REPEATS: u32 = 3;
/// Between two attempts to connect.
const RECONNECT: Duration = Duration::from_millis(500);
/// Between two comparisons of the clocks.
const COMPARE_CLOCKS: Duration = Duration::from_secs(60);

/// What others may know of a worker.
#[derive(Default)]
pub(super) struct Seat {
    busy_since: Mutex<Option<Instant>>,
    retired: AtomicBool,
}

impl Seat {
    /// Whether its job has run for much longer than any statement may.
    pub(super) fn hangs(&self, now: Instant, deadline: Duration) -> bool {
        let limit = deadline.saturating_mul(2);
        !self.is_retired() && self.busy_since.lock().is_some_and(|since| now.saturating_duration_since(since) > limit)
    }

    /// Another has taken this seat.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }
}

pub(super) struct Worker {
    pool: Arc<Pool>,
    seat: Arc<Seat>,
    link: Option<Link>,
    compared_at: Option<Instant>,
}

impl Worker {
    pub(super) fn new(pool: Arc<Pool>, seat: Arc<Seat>) -> Self {
        Self { pool, seat, link: None, compared_at: None }
    }

    /// Serves until the queue is closed and empty, or another took the seat.
    pub(super) fn run(mut self) {
        while !self.seat.is_retired() {
            if self.ensure_link().is_err() {
                if self.pool.queue.closed_within(RECONNECT) {
                    break;
                }
                continue;
            }
            match self.pool.queue.pop_within(COMPARE_CLOCKS) {
                Popped::Item((kind, job)) => self.serve(kind, job),
                Popped::Quiet => {}
                Popped::Closed => break,
            }
            self.compare_clocks();
        }
        self.drop_link();
    }

    fn serve(&mut self, kind: Kind, mut job: Job) {
        if job.is_taken_back() {
            return;
        }
        *self.seat.busy_since.lock() = Some(Instant::now());
        let outcome = self.carry_out(kind, &mut job);
        *self.seat.busy_since.lock() = None;
        if kind == Kind::Write {
            let counters = &self.pool.counters;
            count(&counters.commits, usize::from(outcome.is_ok()));
            count(&counters.committed, usize::from(outcome.is_ok()));
            count(&counters.rolled_back, usize::from(outcome.is_err()));
        }
        job.answer(outcome);
    }

    /// Runs a job, again when another transaction stood in its way. A connection
    /// lost under a job is not tried again: who asked decides that.
    fn carry_out(&mut self, kind: Kind, job: &mut Job) -> StoreResult<()> {
        let mut repeats = 0;
        loop {
            let Err(error) = self.attempt(kind, job) else { return Ok(()) };
            if !error.is_contention() || kind == Kind::Read || repeats == REPEATS || job.is_taken_back() {
                return Err(error);
            }
            repeats += 1;
            count(&self.pool.counters.repeated, 1);
            std::thread::sleep(Duration::from_millis(1 << repeats));
        }
    }

    fn attempt(&mut self, kind: Kind, job: &mut Job) -> StoreResult<()> {
        let clock = Arc::clone(&self.pool.clock);
        let link = self.begin(kind)?;
        let outcome = match kind {
            Kind::Read => readers::read(&mut link.conn, job, &clock),
            Kind::Write => write(link, job, &clock),
        };
        let usable = matches!(transaction::depth(&mut link.conn), Ok(0));
        if !usable || outcome.as_ref().is_err_and(StoreError::is_disconnection) {
            self.drop_link();
        }
        outcome
    }

    /// Begins a transaction. A connection that broke while it was idle is made
    /// anew once: nothing was asked of it yet.
    fn begin(&mut self, kind: Kind) -> StoreResult<&mut Link> {
        let begin = match kind {
            Kind::Read => dialect::begin_read,
            Kind::Write => dialect::begin_write,
        };
        if let Some(link) = self.link.as_mut()
            && let Err(error) = begin(&mut link.conn)
        {
            self.drop_link();
            if !error.is_disconnection() {
                return Err(error);
            }
        } else if self.link.is_some() {
            return self.ensure_link();
        }
        begin(&mut self.ensure_link()?.conn)?;
        self.ensure_link()
    }

    fn ensure_link(&mut self) -> StoreResult<&mut Link> {
        if self.link.is_none() {
            match Link::connect(&self.pool.server) {
                Ok(link) => self.link = Some(link),
                Err(error) => {
                    self.pool.cannot_link(&error);
                    return Err(error);
                }
            }
            count(&self.pool.counters.reconnects, 1);
            self.pool.linked();
            self.compared_at = None;
            self.compare_clocks();
        }
        self.link.as_mut().ok_or_else(StoreError::transaction_lost)
    }

    fn drop_link(&mut self) {
        if self.link.take().is_some() {
            self.pool.unlinked();
        }
    }

    /// Compares the clocks when it is time; trouble with the comparison itself
    /// shows with the next job.
    fn compare_clocks(&mut self) {
        let due = self.compared_at.is_none_or(|at| at.elapsed() >= COMPARE_CLOCKS);
        let (true, Some(limit), Some(link)) = (due, self.pool.options.clock_skew, self.link.as_mut()) else {
            return;
        };
        self.compared_at = Some(Instant::now());
        match link.compare_clocks(self.pool.clock.as_ref(), limit) {
            Ok(()) => *self.pool.skew.lock() = None,
            Err(StoreError::Unavailable(Trouble::ClockSkew(micros))) => {
                tracing::error!(micros, "the clock of the database differs from ours");
                *self.pool.skew.lock() = Some(Trouble::ClockSkew(micros));
            }
            Err(error) => tracing::warn!(%error, "the clocks could not be compared"),
        }
    }
}

/// Runs a job in the transaction that has begun, and commits it.
fn write(link: &mut Link, job: &mut Job, clock: &SharedClock) -> StoreResult<()> {
    let ran = job.run(&mut Tx::new(&mut link.conn, clock.as_ref())).and_then(|()| may_commit(link, job));
    if let Err(error) = ran {
        // A rollback that fails leaves an open transaction, which ends the link.
        let _ended_with_the_link = transaction::roll_back_to(&mut link.conn, 0);
        return Err(error);
    }
    transaction::commit(&mut link.conn).map_err(|error| {
        if error.is_disconnection() { StoreError::Unavailable(Trouble::OutcomeUnknown) } else { error }
    })
}

fn may_commit(link: &mut Link, job: &Job) -> StoreResult<()> {
    if transaction::depth(&mut link.conn)? != 1 {
        return Err(StoreError::transaction_lost());
    }
    if link.would_not_commit() {
        let text = "the job went on after a statement had failed".to_owned();
        return Err(StoreError::Query(DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text))));
    }
    if job.seal() { Ok(()) } else { Err(StoreError::Unavailable(Trouble::Deadline)) }
}
