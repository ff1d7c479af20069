//! The store as the rest of the house sees it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::{StoreError, StoreResult, Trouble};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::statistics::Statistics;
use super::transaction::Tx;
use super::{Engine, job};
use crate::base::SharedClock;
use crate::store::dialect::Location;
use crate::store::{dialect, migrate};

/// What to do with a schema that is older than this program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Schema {
    /// Bring it up to date.
    Migrate,
    /// Refuse to open.
    Require,
}

/// How the store behaves; the defaults are those of a server.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Jobs that may wait; more are refused at once.
    pub queue: usize,
    /// How long a caller waits for an answer, and again for that of a commit.
    pub deadline: Duration,
    /// How long SQLite waits for a lock that another process holds.
    pub busy_timeout: Duration,
    /// Connections to PostgreSQL.
    pub connections: usize,
    /// How far the clock of PostgreSQL may be from ours; none to not look.
    pub clock_skew: Option<Duration>,
    /// For how long [`Store::health`] repeats its last answer.
    pub probe_holds: Duration,
    /// What to do with an older schema.
    pub schema: Schema,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            queue: 1_024,
            deadline: Duration::from_secs(2),
            busy_timeout: Duration::from_secs(2),
            connections: 8,
            clock_skew: Some(Duration::from_secs(2)),
            probe_holds: Duration::from_secs(1),
            schema: Schema::Migrate,
        }
    }
}

/// The database. Cheap to clone; the last clone to go closes it.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    deadline: Duration,
    probe_holds: Duration,
    probed: Arc<tokio::sync::Mutex<Option<Probe>>>,
}

struct Probe {
    at: Instant,
    trouble: Option<Trouble>,
}

impl Store {
    /// Opens the database at `url` (`sqlite:path/to.db` or `postgres://…`), with
    /// its schema as `options` say. Blocks; call it before serving.
    ///
    /// # Errors
    /// [`StoreError::Address`] for a URL of neither kind, [`StoreError::Schema`]
    /// for a schema this program cannot work on, [`StoreError::Unavailable`] when
    /// the database cannot be reached, read or written.
    pub fn open(url: &str, options: StoreOptions, clock: SharedClock) -> StoreResult<Self> {
        let location = Location::parse(url, options.busy_timeout)?;
        migrate::prepare(&location, options.schema)?;
        let (deadline, probe_holds) = (options.deadline, options.probe_holds);
        let engine: Arc<dyn Engine> = match location {
            Location::Sqlite(file) => Arc::new(Sqlite::start(file, &options, clock)?),
            Location::Postgres(server) => Arc::new(Postgres::start(server, options, clock)?),
        };
        Ok(Self { engine, deadline, probe_holds, probed: Arc::default() })
    }

    /// Runs `job` in a transaction and answers after the commit. The job may run
    /// twice. A caller that goes away leaves a job that still runs and commits.
    ///
    /// # Errors
    /// The job's own error, after its rollback. [`StoreError::Unavailable`] means
    /// that nothing was stored, but for [`Trouble::OutcomeUnknown`]: there the
    /// commit had begun and was not answered within the deadline, so the job may
    /// be stored; who asks again gets the answer of one who is second.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (job, ticket) = job::new(job);
        self.engine.write(job)?;
        ticket.outcome(self.deadline, || self.engine.overdue()).await
    }

    /// Runs `job` on one snapshot, which holds everything that was acknowledged
    /// before. It cannot write.
    ///
    /// # Errors
    /// The job's own error; [`StoreError::Unavailable`].
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let mut job = Some(job);
        let (job, ticket) = job::new(move |tx| job.take().map_or(Err(StoreError::Panicked), |job| job(tx)));
        self.engine.read(job)?;
        ticket.outcome(self.deadline, || self.engine.overdue()).await
    }

    /// Whether the database can be read and written now. Really writes a few
    /// bytes, at most once in [`StoreOptions::probe_holds`]; in between it repeats
    /// the last answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason.
    pub async fn health(&self) -> StoreResult<()> {
        self.engine.standing_trouble()?;
        let mut probed = self.probed.lock().await;
        let fresh = probed.as_ref().filter(|probe| probe.at.elapsed() < self.probe_holds);
        if let Some(probe) = fresh {
            return probe.trouble.clone().map_or(Ok(()), |trouble| Err(StoreError::Unavailable(trouble)));
        }
        let outcome = match self.write(dialect::touch).await {
            Ok(()) => self.read(dialect::look).await,
            Err(error) => Err(error),
        };
        let trouble = outcome.as_ref().err().map(StoreError::trouble);
        *probed = Some(Probe { at: Instant::now(), trouble });
        outcome
    }

    /// Numbers for the metrics.
    pub fn statistics(&self) -> Statistics {
        self.engine.statistics()
    }

    /// Takes no more jobs, finishes those that wait, and ends the threads of the
    /// store. Blocks as long as that takes. Later jobs are refused.
    pub fn close(&self) {
        self.engine.close();
    }
}
