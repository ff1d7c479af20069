//! What can go wrong with the database, sorted by what the caller does about it.

use std::fmt;

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What a store function answers.
pub type StoreResult<T> = Result<T, StoreError>;

/// An error of the database. Its text is for our log: it names kinds and
/// constraints, never a bound value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Locked, full, read-only, gone or overloaded: try again later (503).
    #[error("the database is unavailable: {0}")]
    Unavailable(Trouble),
    /// A unique value exists already; names the constraint or the columns.
    #[error("a unique value exists already: {0}")]
    Conflict(String),
    /// A row holds what this program would never have written.
    #[error("{table} {row}: {what}")]
    Inconsistent {
        /// The table of the row.
        table: &'static str,
        /// The key of the row, never a secret.
        row: String,
        /// What is wrong with it.
        what: String,
    },
    /// The schema is not one this program can work on.
    #[error("the schema of the database: {0}")]
    Schema(String),
    /// The address of the database cannot be used.
    #[error("the address of the database: {0}")]
    Address(String),
    /// The job panicked; what it had done is undone.
    #[error("a job on the database panicked")]
    Panicked,
    /// A statement failed for a reason nobody expects.
    #[error("a statement failed: {}", describe(.0))]
    Query(DieselError),
}

/// Why the database is unavailable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Too many jobs wait already; this one never ran.
    QueueFull,
    /// The deadline passed before the job could be committed; nothing was stored.
    Deadline,
    /// The answer to the commit never came: what the job did may be stored or not.
    OutcomeUnknown,
    /// Another transaction stood in the way, again and again; nothing was stored.
    Contended(String),
    /// The connection is broken or cannot be made.
    Disconnected(String),
    /// The clock of the database differs from ours by so many microseconds.
    ClockSkew(i64),
    /// The database refuses, in its own words (locked, full, read-only, …).
    Refused(String),
    /// The store is closed.
    Closed,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => f.write_str("too many jobs wait"),
            Self::Deadline => f.write_str("the deadline passed"),
            Self::OutcomeUnknown => f.write_str("the commit was not answered, its outcome is unknown"),
            Self::Contended(text) => write!(f, "contended: {text}"),
            Self::Disconnected(text) => write!(f, "disconnected: {text}"),
            Self::ClockSkew(micros) => write!(f, "its clock differs from ours by {micros} µs"),
            Self::Refused(text) => f.write_str(text),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl StoreError {
    /// A row that contradicts what this program writes.
    pub fn inconsistent(table: &'static str, row: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self::Inconsistent { table, row: row.to_string(), what: what.to_string() }
    }

    /// Whether the caller should answer "try again later" (503).
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether a unique value exists already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether the same job may succeed at once on a new transaction.
    pub(super) fn is_contention(&self) -> bool {
        matches!(self, Self::Unavailable(Trouble::Contended(_)))
    }

    /// Whether the connection is of no more use.
    pub(super) fn is_disconnection(&self) -> bool {
        matches!(self, Self::Unavailable(Trouble::Disconnected(_)))
    }

    /// Whether SQLite met an error of the disk itself.
    pub(super) fn is_disk_error(&self) -> bool {
        matches!(self, Self::Unavailable(Trouble::Refused(text)) if text == DISK_ERROR)
    }

    /// Whether another process held SQLite's lock for longer than we wait.
    pub(super) fn is_lock(&self) -> bool {
        matches!(self, Self::Unavailable(Trouble::Refused(text)) if text == LOCKED)
    }

    /// The same trouble for everybody else who waits.
    pub(super) fn trouble(&self) -> Trouble {
        if let Self::Unavailable(trouble) = self { trouble.clone() } else { Trouble::Refused(self.to_string()) }
    }

    /// The words for a transaction that the database ended under a job.
    pub(in crate::store) fn transaction_lost() -> Self {
        Self::Unavailable(Trouble::Refused("the transaction was lost".into()))
    }
}

impl From<DieselError> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "diesel's enums are open; what is not named is a fault of ours")]
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return match error {
                DieselError::BrokenTransactionManager => {
                    Self::Unavailable(Trouble::Disconnected("the state of the transaction is unknown".into()))
                }
                DieselError::NotInTransaction | DieselError::AlreadyInTransaction => Self::transaction_lost(),
                DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
                other => Self::Query(other),
            };
        };
        let text = information.message();
        match kind {
            DatabaseErrorKind::UniqueViolation => {
                Self::Conflict(information.constraint_name().unwrap_or(text).to_owned())
            }
            DatabaseErrorKind::SerializationFailure => Self::Unavailable(Trouble::Contended(text.to_owned())),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(Trouble::Disconnected(text.trim().to_owned()))
            }
            DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable(Trouble::Disconnected(text.to_owned())),
            _ => Trouble::by_text(text).map_or(Self::Query(error), Self::Unavailable),
        }
    }
}

impl From<ConnectionError> for StoreError {
    /// libpq's text names host and user, never the password.
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(Trouble::Disconnected(error.to_string().trim().to_owned()))
    }
}

/// SQLite's words for any `SQLITE_IOERR`.
const DISK_ERROR: &str = "disk I/O error";

/// SQLite's words for `SQLITE_BUSY`.
const LOCKED: &str = "database is locked";

/// SQLite's words for what passes or what an operator can mend. Diesel gives the
/// result code as text alone; SQLite's texts are never translated.
const SQLITE_REFUSALS: &[&str] = &[
    DISK_ERROR,
    LOCKED,
    "database table is locked",
    "database schema is locked",
    "database or disk is full",
    "attempt to write a readonly database",
    "unable to open database file",
    "database disk image is malformed",
    "file is not a database",
    "locking protocol",
    "out of memory",
    "interrupted",
];

/// PostgreSQL's words for 40P01 and 55P03, which diesel does not tell apart. The
/// link asks for untranslated messages; see `link`.
const POSTGRES_CONTENTION: &[&str] =
    &["deadlock detected", "canceling statement due to lock timeout", "could not obtain lock"];

/// PostgreSQL's words for 57014, 53100, 53200 and 53300.
const POSTGRES_REFUSALS: &[&str] = &[
    "canceling statement due to statement timeout",
    "canceling statement due to user request",
    "No space left on device",
    "out of shared memory",
];

/// PostgreSQL's words for 57P01..57P03 and 53300, and libpq's for a lost socket.
const POSTGRES_DISCONNECTIONS: &[&str] = &[
    "terminating connection",
    "server closed the connection unexpectedly",
    "no connection to the server",
    "could not receive data from server",
    "could not send data to server",
    "SSL connection has been closed",
    "the database system is",
    "too many clients already",
    "remaining connection slots",
];

impl Trouble {
    /// What kind of trouble the database's own words mean, if any.
    fn by_text(text: &str) -> Option<Self> {
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        if says(POSTGRES_CONTENTION) {
            Some(Self::Contended(text.to_owned()))
        } else if says(POSTGRES_DISCONNECTIONS) {
            Some(Self::Disconnected(text.trim().to_owned()))
        } else if says(SQLITE_REFUSALS) || says(POSTGRES_REFUSALS) {
            Some(Self::Refused(text.to_owned()))
        } else {
            None
        }
    }
}

/// A statement's failure without a bound value: the words of the database, or
/// the kind of error that diesel met on our side.
#[expect(clippy::wildcard_enum_match_arm, reason = "diesel's enum is open")]
fn describe(error: &DieselError) -> String {
    match error {
        DieselError::DatabaseError(kind, information) => format!("{kind:?}: {}", information.message()),
        DieselError::NotFound => "a row is missing".into(),
        DieselError::DeserializationError(_) => "a value cannot be read as its type".into(),
        DieselError::SerializationError(_) => "a value cannot be written as its type".into(),
        DieselError::QueryBuilderError(_) => "the statement cannot be built".into(),
        _ => "diesel refused it".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: DatabaseErrorKind, text: &str) -> StoreError {
        DieselError::DatabaseError(kind, Box::new(text.to_owned())).into()
    }

    #[test]
    fn errors_are_sorted_by_what_the_caller_does() {
        use DatabaseErrorKind::{ClosedConnection, SerializationFailure, UniqueViolation, Unknown};
        assert!(database(UniqueViolation, "UNIQUE constraint failed: a.b").is_conflict());
        assert!(database(SerializationFailure, "could not serialize access").is_contention());
        assert!(database(Unknown, "deadlock detected").is_contention());
        assert!(database(Unknown, "canceling statement due to lock timeout").is_contention());
        assert!(database(ClosedConnection, "server closed the connection").is_disconnection());
        assert!(database(Unknown, "FATAL:  terminating connection due to administrator command").is_disconnection());
        for text in SQLITE_REFUSALS {
            assert!(database(Unknown, text).is_unavailable(), "{text}");
        }
        assert!(!database(Unknown, "near \"SELEC\": syntax error").is_unavailable());
    }

    #[test]
    fn the_text_of_an_error_shows_no_value() {
        let error = StoreError::Query(DieselError::DeserializationError("secret".into()));
        assert!(!error.to_string().contains("secret"));
    }
}
