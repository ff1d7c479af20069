//! The storage engine: takes jobs, runs each on a transaction, answers after the
//! commit. Used through [`Store`] alone; knows no table.
//!
//! - `sqlite`, `writer`, `readers`: one writer thread with group commit, reads on
//!   the calling thread;
//! - `postgres`, `worker`, `link`: a pool on threads of its own;
//! - `job`, `queue`: what travels between the caller and those threads.

mod error;
mod job;
mod link;
mod postgres;
mod queue;
mod readers;
mod sqlite;
mod statistics;
mod store;
pub(super) mod transaction;
mod worker;
mod writer;

pub(super) use link::Server;
pub(super) use sqlite::SqliteFile;

pub use error::{StoreError, StoreResult, Trouble};
pub use statistics::Statistics;
pub use store::{Schema, Store, StoreOptions};
pub use transaction::{AnyConnection, MultiBackend, Tx};

use job::Job;

/// What a database must offer to stand behind [`Store`].
trait Engine: Send + Sync {
    /// Takes a job that may write; it is answered after its commit.
    fn write(&self, job: Job) -> StoreResult<()>;

    /// Takes a job that only reads, in a transaction with one snapshot.
    fn read(&self, job: Job) -> StoreResult<()>;

    /// Why the database should not get traffic, when a probe would not show it.
    fn standing_trouble(&self) -> StoreResult<()>;

    /// A caller gave up on a job that had begun.
    fn overdue(&self);

    /// Numbers since the start.
    fn statistics(&self) -> Statistics;

    /// Takes no more jobs, finishes those it has, and ends its threads.
    fn close(&self);
}
