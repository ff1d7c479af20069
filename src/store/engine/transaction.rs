//! One transaction, as the aggregates see it.

use diesel::connection::TransactionManager;
use diesel::{PgConnection, SqliteConnection};

use super::error::{StoreError, StoreResult};
use crate::base::{Clock, Timestamp};

pub use connection::{AnyConnection, MultiBackend};

mod connection {
    //! The connection that is either database; diesel's derive writes the rest.
    #![expect(missing_docs, reason = "what the derive generates is not documented")]

    use super::{PgConnection, SqliteConnection};

    /// A connection to either database; queries are written once, against this.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        Sqlite(SqliteConnection),
        Postgres(PgConnection),
    }
}

/// One transaction. What a job does through it is stored as a whole or not at all.
pub struct Tx<'c> {
    conn: &'c mut AnyConnection,
    clock: &'c dyn Clock,
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: &'c mut AnyConnection, clock: &'c dyn Clock) -> Self {
        Self { conn, clock }
    }

    /// The connection, for diesel's `load`, `execute` and the like.
    pub fn conn(&mut self) -> &mut AnyConnection {
        self.conn
    }

    /// Reads the clock at this very moment: after a row is held, this is the
    /// moment that decides a race.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// How many transactions and savepoints are open: 0 outside, 1 in a transaction.
pub(crate) fn depth(conn: &mut AnyConnection) -> StoreResult<u32> {
    let status = <AnyConnection as TransactionManager<AnyConnection>>::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.map_or(0, std::num::NonZeroU32::get))
}

/// Opens a savepoint.
///
/// # Errors
/// [`StoreError::Unavailable`] when the transaction around it is lost: SQLite
/// would take the savepoint for a transaction of its own.
pub(crate) fn open_savepoint(conn: &mut AnyConnection) -> StoreResult<()> {
    if depth(conn)? == 0 {
        return Err(StoreError::transaction_lost());
    }
    Ok(<AnyConnection as TransactionManager<AnyConnection>>::begin_transaction(conn)?)
}

/// Commits the transaction, or releases the innermost savepoint.
pub(crate) fn commit(conn: &mut AnyConnection) -> StoreResult<()> {
    Ok(<AnyConnection as TransactionManager<AnyConnection>>::commit_transaction(conn)?)
}

/// Rolls back until `wanted` levels are left; savepoints that a panic left open too.
pub(crate) fn roll_back_to(conn: &mut AnyConnection, wanted: u32) -> StoreResult<()> {
    while depth(conn)? > wanted {
        <AnyConnection as TransactionManager<AnyConnection>>::rollback_transaction(conn)?;
    }
    if depth(conn)? == wanted { Ok(()) } else { Err(StoreError::transaction_lost()) }
}
