//! The one writer of SQLite: group commit.
//!
//! Takes every job that waits, runs each in a savepoint of one transaction,
//! commits once, and only then answers all of them. SQLite itself may roll back
//! the whole transaction under a job (disk full, I/O error); the jobs that had
//! run before it are then run once more.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::AnyConnection;
use super::error::{StoreError, StoreResult, Trouble};
use super::job::Job;
use super::queue::{Popped, Queue};
use super::sqlite::SqliteFile;
use super::statistics::{Counters, count};
use super::transaction::{self, Tx};
use crate::base::SharedClock;
use crate::store::dialect;

/// Jobs in one commit, at most.
const BATCH_JOBS: usize = 256;
/// How long one commit gathers jobs, at most.
const BATCH_TIME: Duration = Duration::from_millis(5);
/// At about so many pages, or when it is quiet, the log is copied into the
/// database. A log that stays small is written over in place; one that grows
/// makes the file system sync its own books with every commit.
const CHECKPOINT_PAGES: usize = 1_000;
/// How long the writer waits for a job before it tidies up.
const QUIET: Duration = Duration::from_millis(500);
/// Why the writer has stopped for good, if it has.
pub(super) type Halted = OnceLock<Trouble>;

pub(super) struct Writer {
    file: SqliteFile,
    clock: SharedClock,
    queue: Arc<Queue<Job>>,
    halted: Arc<Halted>,
    counters: Arc<Counters>,
    /// None after an error that left its state unknown; made anew for the next batch.
    conn: Option<AnyConnection>,
    /// An estimate of what the log holds since it was last copied.
    log_pages: usize,
}

/// A job that ran, and what it will be answered after the commit.
struct Finished {
    job: Job,
    outcome: StoreResult<()>,
}

/// A batch of which nothing was stored.
struct Lost {
    finished: Vec<Finished>,
    /// The job under which the transaction was lost; none when BEGIN or COMMIT failed.
    culprit: Option<Job>,
    error: StoreError,
}

impl Writer {
    pub(super) fn open(
        file: SqliteFile,
        clock: SharedClock,
        queue: Arc<Queue<Job>>,
        halted: Arc<Halted>,
        counters: Arc<Counters>,
    ) -> StoreResult<Self> {
        let conn = Some(file.connect_to_write()?);
        Ok(Self { file, clock, queue, halted, counters, conn, log_pages: 0 })
    }

    /// Serves until the queue is closed and empty.
    pub(super) fn run(mut self) {
        loop {
            match self.queue.pop_within(QUIET) {
                Popped::Item(first) if first.is_taken_back() => {}
                Popped::Item(first) => self.batch(first),
                Popped::Quiet => self.checkpoint(),
                Popped::Closed => break,
            }
            if self.log_pages >= CHECKPOINT_PAGES {
                self.checkpoint();
            }
        }
        self.checkpoint();
    }

    fn batch(&mut self, first: Job) {
        let queue = Arc::clone(&self.queue);
        let started = Instant::now();
        let more = std::iter::from_fn(|| if started.elapsed() < BATCH_TIME { queue.try_pop() } else { None });
        let mut jobs = std::iter::once(first).chain(more.take(BATCH_JOBS - 1));
        match self.attempt(&mut jobs) {
            Ok(finished) => self.answer(finished),
            Err(lost) => self.recover(lost),
        }
    }

    /// Runs the other jobs of a lost batch once more, when one job was to blame.
    fn recover(&mut self, lost: Lost) {
        let Lost { finished, culprit, error } = lost;
        let trouble = error.trouble();
        // A log that is copied gives its space back, which a full disk needs.
        self.log_pages += CHECKPOINT_PAGES;
        let Some(culprit) = culprit else {
            for ran in finished {
                self.refuse(ran.job, StoreError::Unavailable(trouble.clone()));
            }
            return;
        };
        self.refuse(culprit, error);
        if finished.is_empty() {
            return;
        }
        count(&self.counters.repeated, finished.len());
        let mut jobs = finished.into_iter().map(|finished| finished.job);
        match self.attempt(&mut jobs) {
            Ok(finished) => self.answer(finished),
            Err(Lost { finished, culprit, .. }) => {
                let ran = finished.into_iter().map(|finished| finished.job);
                ran.chain(culprit)
                    .chain(jobs)
                    .for_each(|job| self.refuse(job, StoreError::Unavailable(trouble.clone())));
            }
        }
    }

    /// Runs jobs in one transaction and commits it. All of them are returned,
    /// but for those never taken from `jobs` and those that were taken back.
    fn attempt(&mut self, jobs: &mut dyn Iterator<Item = Job>) -> Result<Vec<Finished>, Lost> {
        let mut conn = match self.begin() {
            Ok(conn) => conn,
            Err(error) => return Err(Lost { finished: Vec::new(), culprit: jobs.next(), error }),
        };
        let mut finished = Vec::new();
        let mut lost = None;
        for mut job in jobs.filter(|job| !job.is_taken_back()) {
            match run_one(&mut conn, &mut job, &self.clock) {
                Ok(outcome) => finished.push(Finished { job, outcome }),
                Err(error) => {
                    lost = Some((Some(job), error));
                    break;
                }
            }
        }
        let lost = lost.or_else(|| self.commit(&mut conn).err().map(|error| (None, error)));
        if transaction::roll_back_to(&mut conn, 0).is_ok() {
            self.conn = Some(conn);
        }
        match lost {
            None => Ok(finished),
            Some((culprit, error)) => Err(Lost { finished, culprit, error }),
        }
    }

    fn begin(&mut self) -> StoreResult<AnyConnection> {
        if let Some(trouble) = self.halted.get() {
            return Err(StoreError::Unavailable(trouble.clone()));
        }
        let mut conn = if let Some(conn) = self.conn.take() {
            conn
        } else {
            count(&self.counters.reconnects, 1);
            self.file.connect_to_write()?
        };
        let begun = dialect::begin_write(&mut conn);
        let Err(error) = begun else { return Ok(conn) };
        // A lock passes. Whatever else it was, a file opened anew may do better:
        // SQLite opens a file read-only when it must, and stays with that.
        if error.is_lock() {
            self.conn = Some(conn);
        }
        Err(error)
    }

    /// Commits. After an error of the disk nobody knows what a restart will find.
    fn commit(&mut self, conn: &mut AnyConnection) -> StoreResult<()> {
        transaction::commit(conn).map_err(|error| {
            if self.halt_on(&error) { StoreError::Unavailable(Trouble::OutcomeUnknown) } else { error }
        })
    }

    /// Writes nothing more until a restart when the disk failed to sync: it may
    /// have dropped what it was given, and says so only once. A disk that is
    /// merely full is tried again by the next batch.
    fn halt_on(&self, error: &StoreError) -> bool {
        let halts = error.is_disk_error() && !self.file.disk_is_full();
        if halts {
            tracing::error!("the disk failed to store; nothing is written until a restart");
            let text = "the disk failed; restart after checking it".to_owned();
            let _first = self.halted.set(Trouble::Refused(text));
        }
        halts
    }

    fn answer(&mut self, finished: Vec<Finished>) {
        let stored = finished.iter().filter(|finished| finished.outcome.is_ok()).count();
        count(&self.counters.commits, usize::from(stored > 0));
        count(&self.counters.committed, stored);
        count(&self.counters.rolled_back, finished.len() - stored);
        // A commit of one job logs about four pages; neighbours in a group share most.
        self.log_pages += if stored > 0 { 4 + stored / 8 } else { 0 };
        for Finished { job, outcome } in finished {
            job.answer(outcome);
        }
    }

    fn refuse(&self, job: Job, error: StoreError) {
        count(&self.counters.rolled_back, 1);
        job.answer(Err(error));
    }

    /// Copies the log into the database, while nobody waits for an answer.
    fn checkpoint(&mut self) {
        if self.log_pages == 0 {
            return;
        }
        self.log_pages = 0;
        let Some(conn) = self.conn.as_mut() else { return };
        if let Err(error) = dialect::checkpoint(conn) {
            tracing::warn!(%error, "the log could not be copied into the database");
            self.halt_on(&error);
        }
    }
}

/// Runs a job in a savepoint. `Err` means that the whole transaction is lost.
fn run_one(conn: &mut AnyConnection, job: &mut Job, clock: &SharedClock) -> StoreResult<StoreResult<()>> {
    transaction::open_savepoint(conn)?;
    let inside = transaction::depth(conn)?;
    let mut outcome = job.run(&mut Tx::new(conn, clock.as_ref()));
    if outcome.is_ok() && !job.seal() {
        outcome = Err(StoreError::Unavailable(Trouble::Deadline));
    }
    let settled = match &outcome {
        Ok(()) if matches!(transaction::depth(conn), Ok(depth) if depth == inside) => transaction::commit(conn),
        Ok(()) => Err(StoreError::transaction_lost()),
        Err(_) => transaction::roll_back_to(conn, inside.saturating_sub(1)),
    };
    match settled {
        Ok(()) => Ok(outcome),
        // The job's own error says more than "no such savepoint".
        Err(lost) => Err(outcome.err().unwrap_or(lost)),
    }
}
