//! Reading connections to SQLite, used on the thread that asks.
//!
//! In WAL mode a read that begins after a commit was answered sees it, and
//! neither waits for the writer nor holds it up.

use parking_lot::Mutex;

use super::AnyConnection;
use super::error::{StoreError, StoreResult, Trouble};
use super::job::Job;
use super::sqlite::SqliteFile;
use super::transaction::{self, Tx};
use crate::base::SharedClock;
use crate::store::dialect;

/// Connections kept for the next read. More are made while more threads read at
/// the same time; the number of threads bounds them.
const KEPT: usize = 8;

pub(super) struct Readers {
    file: SqliteFile,
    clock: SharedClock,
    /// The last one given back is the first one taken: its caches are warm.
    /// `None` once closed.
    idle: Mutex<Option<Vec<AnyConnection>>>,
}

impl Readers {
    pub(super) fn open(file: SqliteFile, clock: SharedClock) -> StoreResult<Self> {
        let first = file.connect_to_read()?;
        Ok(Self { file, clock, idle: Mutex::new(Some(vec![first])) })
    }

    pub(super) fn run(&self, mut job: Job) {
        let outcome = self.connection().and_then(|mut conn| {
            let outcome = dialect::begin_read(&mut conn).and_then(|()| read(&mut conn, &mut job, &self.clock));
            if matches!(transaction::depth(&mut conn), Ok(0)) {
                self.give_back(conn);
            }
            outcome
        });
        job.answer(outcome);
    }

    pub(super) fn close(&self) {
        *self.idle.lock() = None;
    }

    fn connection(&self) -> StoreResult<AnyConnection> {
        let kept = self.idle.lock().as_mut().ok_or(StoreError::Unavailable(Trouble::Closed))?.pop();
        kept.map_or_else(|| self.file.connect_to_read(), Ok)
    }

    fn give_back(&self, conn: AnyConnection) {
        if let Some(idle) = self.idle.lock().as_mut()
            && idle.len() < KEPT
        {
            idle.push(conn);
        }
    }
}

/// Runs a job in the reading transaction that has begun. Leaves the connection outside of one
/// unless it is broken.
pub(super) fn read(conn: &mut AnyConnection, job: &mut Job, clock: &SharedClock) -> StoreResult<()> {
    match job.run(&mut Tx::new(conn, clock.as_ref())) {
        Ok(()) => dialect::end_read(conn),
        Err(error) => {
            transaction::roll_back_to(conn, 0)?;
            Err(error)
        }
    }
}
