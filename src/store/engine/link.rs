//! One connection to PostgreSQL with the settings the house relies on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{Connection, PgConnection, RunQueryDsl};

use super::AnyConnection;
use super::error::{StoreError, StoreResult, Trouble};
use crate::base::Clock;

/// The oldest PostgreSQL that is tested, as `server_version_num` writes it.
const OLDEST_SERVER: i32 = 150_000;

/// What is added to the address unless it says otherwise: a server that is gone
/// is noticed within seconds, by connecting (2 s is libpq's least) and by talking.
const PARAMETERS: &[(&str, &str)] = &[
    ("application_name", "menshen"),
    ("connect_timeout", "2"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "5000"),
];

/// The settings of every session. `synchronous_commit` is raised where the server
/// would acknowledge what a crash may lose, and left where it promises more.
const SETTINGS: &str = "
    SET statement_timeout = '2s';
    SET lock_timeout = '500ms';
    SET idle_in_transaction_session_timeout = '10s';
    SET default_transaction_isolation = 'read committed';
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');
";

/// Errors are told apart by their words (diesel hides most of the codes), so the
/// words must not be translated. Only a privileged role may ask for that.
const PLAIN_MESSAGES: &str = "SET lc_messages = 'C'";

/// The address of a server. Has no `Debug`: it holds the password.
#[derive(Clone)]
pub(in crate::store) struct Server {
    url: String,
}

impl Server {
    pub(in crate::store) fn new(url: &str) -> Self {
        let mut url = url.to_owned();
        for (name, value) in PARAMETERS {
            if !url.contains(&format!("{name}=")) {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.extend([name, "=", value]);
            }
        }
        Self { url }
    }

    /// A connection as the server makes it, with our session settings.
    pub(in crate::store) fn connect(&self) -> StoreResult<PgConnection> {
        let mut conn = PgConnection::establish(&self.url)?;
        conn.batch_execute(SETTINGS)?;
        let version = diesel::select(sql::<Integer>("current_setting('server_version_num')::int"));
        let version: i32 = version.get_result(&mut conn)?;
        if version < OLDEST_SERVER {
            return Err(StoreError::Address(format!("PostgreSQL 15 or newer is needed, this is {version}")));
        }
        let language = diesel::select(sql::<Text>("current_setting('lc_messages')"));
        let language: String = language.get_result(&mut conn)?;
        if !["C", "POSIX"].contains(&language.as_str()) && !language.starts_with("en") && !language.is_empty() {
            // Refused to most roles; then a lock that is waited for in vain in another
            // language is an error instead of a retry.
            if conn.batch_execute(PLAIN_MESSAGES).is_err() {
                tracing::warn!(language, "the database translates its messages; grant SET ON PARAMETER lc_messages");
            }
        }
        Ok(conn)
    }
}

/// A connection, and whether a statement on it failed since its last rollback.
pub(super) struct Link {
    pub(super) conn: AnyConnection,
    failed: Arc<AtomicBool>,
}

impl Link {
    pub(super) fn connect(server: &Server) -> StoreResult<Self> {
        let mut conn = server.connect()?;
        let failed = Arc::new(AtomicBool::new(false));
        conn.set_instrumentation(FailureWatch(Arc::clone(&failed)));
        Ok(Self { conn: AnyConnection::Postgres(conn), failed })
    }

    /// Whether COMMIT would silently roll back: PostgreSQL answers "ROLLBACK", with
    /// success, when a statement of the transaction has failed.
    pub(super) fn would_not_commit(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Compares the server's clock with ours; an error when they are more than
    /// `limit` apart, whatever the way there and back may hide.
    pub(super) fn compare_clocks(&mut self, clock: &dyn Clock, limit: Duration) -> StoreResult<()> {
        let before = clock.now();
        let theirs = diesel::select(sql::<BigInt>("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"));
        let theirs: i64 = theirs.get_result(&mut self.conn)?;
        let after = clock.now();
        let ahead = theirs.saturating_sub(after.micros());
        let behind = before.micros().saturating_sub(theirs);
        let apart = ahead.max(behind);
        if apart > i64::try_from(limit.as_micros()).unwrap_or(i64::MAX) {
            let skew = if ahead > behind { ahead } else { behind.saturating_neg() };
            return Err(StoreError::Unavailable(Trouble::ClockSkew(skew)));
        }
        Ok(())
    }
}

/// Notes that a statement failed; a rollback (to a savepoint too) mends it.
struct FailureWatch(Arc<AtomicBool>);

impl Instrumentation for FailureWatch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::FinishQuery { error: Some(_), .. } = event {
            self.0.store(true, Ordering::Relaxed);
        } else if let InstrumentationEvent::RollbackTransaction { .. } | InstrumentationEvent::BeginTransaction { .. } =
            event
        {
            self.0.store(false, Ordering::Relaxed);
        }
    }
}
