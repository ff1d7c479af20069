//! What differs between the databases, and the helpers that hide it: the only
//! place that asks which one a connection speaks to. Used by the engine, the
//! migrations and the aggregates.

use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, Connection, SimpleConnection, TransactionDepthChange, TransactionManager,
    TransactionManagerStatus,
};
use diesel::dsl::sql;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use super::engine::{AnyConnection, Server, SqliteFile, StoreError, StoreResult, Tx, transaction};

/// Where the database is, from its URL.
pub(super) enum Location {
    /// `sqlite:path/to.db`
    Sqlite(SqliteFile),
    /// `postgres://…`
    Postgres(Server),
}

impl Location {
    /// Reads a URL; makes the file of SQLite where it is absent.
    ///
    /// # Errors
    /// [`StoreError::Address`] for a URL of neither kind, without showing it: it
    /// may hold a password.
    pub(super) fn parse(url: &str, busy_timeout: Duration) -> StoreResult<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(Server::new(url)));
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() && !path.contains(":memory:") => {
                SqliteFile::prepare(path, busy_timeout).map(Self::Sqlite)
            }
            _ => Err(StoreError::Address("write sqlite:path/to.db or postgres://…".into())),
        }
    }
}

/// Runs a query on whichever database `tx` speaks to: one text, compiled once for
/// each. Sent through [`AnyConnection`] itself, diesel writes the SQL of a query
/// two or three times at each execution before it finds the statement it has
/// prepared. For what every token and every sign-in asks; elsewhere it would only
/// make the build longer.
macro_rules! on {
    ($tx:expr, |$conn:ident| $query:expr) => {
        match $tx.conn() {
            $crate::store::engine::AnyConnection::Sqlite($conn) => $query,
            $crate::store::engine::AnyConnection::Postgres($conn) => $query,
        }
    };
}

pub(super) use on;

/// How long a node waits for another one that migrates SQLite.
const MIGRATION_WAIT: Duration = Duration::from_secs(10);

/// Begins the transaction around a whole migration, alone: whoever else wants to
/// migrate waits here.
pub(super) fn begin_migration(location: &Location) -> StoreResult<AnyConnection> {
    match location {
        Location::Sqlite(file) => {
            let mut conn = file.patient(MIGRATION_WAIT).connect_to_write()?;
            // Tables are rebuilt by migrations; `foreign_key_check` looks afterwards.
            conn.batch_execute("PRAGMA foreign_keys = OFF")?;
            begin_write(&mut conn)?;
            Ok(conn)
        }
        Location::Postgres(server) => {
            let mut conn = AnyConnection::Postgres(server.connect()?);
            conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = '30s'")?;
            begin_write(&mut conn)?;
            // "menshen" in bytes; held until the transaction ends.
            conn.batch_execute("SELECT pg_advisory_xact_lock(30797962733053294)")?;
            Ok(conn)
        }
    }
}

/// Looks whether a migration left a reference to nothing, where the database does
/// not do so by itself.
pub(super) fn check_references(conn: &mut AnyConnection) -> StoreResult<()> {
    let AnyConnection::Sqlite(conn) = conn else { return Ok(()) };
    let broken = diesel::select(sql::<BigInt>("(SELECT count(*) FROM pragma_foreign_key_check)"));
    let broken: i64 = broken.get_result(conn)?;
    if broken == 0 { Ok(()) } else { Err(StoreError::Schema("a reference points to nothing".into())) }
}

/// Begins a transaction that may write. SQLite takes its write lock at once, so
/// that no statement later finds it taken.
pub(super) fn begin_write(conn: &mut AnyConnection) -> StoreResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
        AnyConnection::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")?;
        }
    }
    Ok(())
}

/// Begins a transaction that reads one snapshot of everything committed so far.
pub(super) fn begin_read(conn: &mut AnyConnection) -> StoreResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            control(conn, &Begin, TransactionDepthChange::IncreaseDepth)?;
        }
        AnyConnection::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
    }
    Ok(())
}

/// Ends a transaction that [`begin_read`] began.
pub(super) fn end_read(conn: &mut AnyConnection) -> StoreResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => control(conn, &Commit, TransactionDepthChange::DecreaseDepth),
        AnyConnection::Postgres(_) => transaction::commit(conn),
    }
}

/// `BEGIN` and `COMMIT` of a read in SQLite, kept prepared like every query: sent
/// as text they would be parsed at each read.
#[derive(QueryId)]
struct Begin;
#[derive(QueryId)]
struct Commit;

impl QueryFragment<Sqlite> for Begin {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql("BEGIN DEFERRED");
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Commit {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql("COMMIT");
        Ok(())
    }
}

/// Runs a statement of transaction control and keeps diesel's account of the depth.
fn control<S>(conn: &mut SqliteConnection, statement: &S, change: TransactionDepthChange) -> StoreResult<()>
where
    S: QueryFragment<Sqlite> + QueryId,
{
    conn.execute_returning_count(statement)?;
    match AnsiTransactionManager::transaction_manager_status_mut(conn) {
        TransactionManagerStatus::Valid(status) => Ok(status.change_transaction_depth(change)?),
        TransactionManagerStatus::InError => Err(StoreError::transaction_lost()),
    }
}

/// Really writes a few bytes, so that the commit shows whether the database can:
/// SQLite's header field for applications, PostgreSQL's next transaction number.
pub(super) fn touch(tx: &mut Tx<'_>) -> StoreResult<()> {
    let beat = tx.now().micros().rem_euclid(1 << 30);
    match tx.conn() {
        AnyConnection::Sqlite(conn) => conn.batch_execute(&format!("PRAGMA user_version = {beat}"))?,
        AnyConnection::Postgres(conn) => conn.batch_execute("SELECT pg_current_xact_id()")?,
    }
    Ok(())
}

/// Copies what stands in the log of SQLite into the database, as far as readers allow.
pub(super) fn checkpoint(conn: &mut AnyConnection) -> StoreResult<()> {
    let AnyConnection::Sqlite(conn) = conn else { return Ok(()) };
    Ok(conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?)
}

/// Reads one value from the file or the server.
pub(super) fn look(tx: &mut Tx<'_>) -> StoreResult<()> {
    let _one: i64 = on!(tx, |conn| diesel::select(sql::<BigInt>("(SELECT count(*) FROM __diesel_schema_migrations)"))
        .get_result(conn))?;
    Ok(())
}

/// Runs `job` in a savepoint: its error undoes what it did and nothing else.
///
/// MultiConnection has no `ON CONFLICT`. The house's upsert is: UPDATE; when it
/// met no row, INSERT in a savepoint; on [`StoreError::Conflict`] somebody was
/// quicker, so UPDATE again. PostgreSQL refuses every statement after a failed
/// one until it is back at a savepoint, so the INSERT must not stand alone.
///
/// # Errors
/// That of `job`; [`StoreError::Unavailable`] when the transaction is lost.
pub fn savepoint<'c, T>(tx: &mut Tx<'c>, job: impl FnOnce(&mut Tx<'c>) -> StoreResult<T>) -> StoreResult<T> {
    transaction::open_savepoint(tx.conn())?;
    let inside = transaction::depth(tx.conn())?;
    let outcome = job(tx);
    match outcome {
        Ok(value) => {
            transaction::commit(tx.conn())?;
            Ok(value)
        }
        Err(error) => {
            transaction::roll_back_to(tx.conn(), inside.saturating_sub(1))?;
            Err(error)
        }
    }
}

/// UPDATE, else INSERT, else UPDATE: the upsert that both databases share.
/// `update` answers how many rows it met.
///
/// # Errors
/// That of a statement; [`StoreError::Conflict`] when another unique value than
/// the one `update` looks for stands in the way.
pub fn upsert<'c>(
    tx: &mut Tx<'c>,
    mut update: impl FnMut(&mut Tx<'c>) -> StoreResult<usize>,
    insert: impl FnOnce(&mut Tx<'c>) -> StoreResult<()>,
) -> StoreResult<()> {
    if update(tx)? > 0 {
        return Ok(());
    }
    match savepoint(tx, insert) {
        Err(StoreError::Conflict(what)) => {
            if update(tx)? > 0 {
                Ok(())
            } else {
                Err(StoreError::Conflict(what))
            }
        }
        other => other,
    }
}
