//! A fresh database for one test, of either kind, gone when the test ends.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use menshen::base::{SharedClock, TestClock, Timestamp};
use menshen::store::{AnyConnection, Store, StoreOptions, migrate};
use tempfile::TempDir;

/// Which database a test runs on; most run on both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database of its own for one test.
pub struct TestDatabase {
    url: String,
    home: Home,
}

enum Home {
    Directory(TempDir),
    /// The name of the database on the server.
    Server(String),
}

impl TestDatabase {
    /// A database with the newest schema.
    pub fn new(backend: Backend) -> Self {
        match backend {
            // Quicker migrated than copied: the file is a few pages.
            Backend::Sqlite => Self::empty(backend),
            Backend::Postgres => Self::on_server(Some(template())),
        }
    }

    /// A database without a schema.
    pub fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let url = format!("sqlite:{}", directory.path().join("menshen.db").display());
                Self { url, home: Home::Directory(directory) }
            }
            Backend::Postgres => Self::on_server(None),
        }
    }

    fn on_server(template: Option<&str>) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("menshen_test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        let mut admin = admin();
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).expect("dropping a leftover");
        admin.batch_execute(&format!("CREATE DATABASE {name}{template}")).expect("creating a test database");
        Self { url: url_of(&name), home: Home::Server(name) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> PathBuf {
        let Home::Directory(directory) = &self.home else { panic!("only SQLite has a file") };
        directory.path().join("menshen.db")
    }

    /// What a test wants from a store: a clock that stands still is not compared
    /// with the server's, and a few connections are enough.
    pub fn options() -> StoreOptions {
        StoreOptions { connections: 4, clock_skew: None, ..StoreOptions::default() }
    }

    /// A clock that stands at the beginning of 2026.
    pub fn clock() -> TestClock {
        TestClock::at(Timestamp::parse("2026-01-01T00:00:00Z").expect("a date"))
    }

    pub fn open(&self) -> Store {
        self.open_with(Self::options(), Arc::new(Self::clock()))
    }

    pub fn open_with(&self, options: StoreOptions, clock: SharedClock) -> Store {
        Store::open(&self.url, options, clock).expect("opening the store")
    }

    /// A connection beside the store, to meddle or to look.
    pub fn connect(&self) -> AnyConnection {
        match &self.home {
            Home::Directory(_) => {
                let file = self.file();
                let path = file.to_str().expect("a UTF-8 path");
                AnyConnection::Sqlite(SqliteConnection::establish(path).expect("connecting"))
            }
            Home::Server(_) => AnyConnection::Postgres(PgConnection::establish(&self.url).expect("connecting")),
        }
    }

    /// Ends every connection to the database, as a crash of the server would.
    pub fn terminate_connections(&self) {
        let Home::Server(name) = &self.home else { panic!("only PostgreSQL has backends") };
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        );
        admin().batch_execute(&sql).expect("terminating");
    }

    /// Lets nobody in, or lets everybody in again.
    pub fn allow_connections(&self, allowed: &str) {
        let Home::Server(name) = &self.home else { panic!("only PostgreSQL has backends") };
        let sql = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {allowed}");
        admin().batch_execute(&sql).expect("altering the database");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Home::Server(name) = &self.home {
            // A leftover is dropped by the next run that has its name.
            let _dropped = admin().batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// A migrated database that others are copied from, made once per schema.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        migrations(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres")).hash(&mut hasher);
        let name = format!("menshen_template_{:016x}", hasher.finish());
        let mut admin = admin();
        // Another test process may be at the same.
        admin.batch_execute("SELECT pg_advisory_lock(7211)").expect("locking");
        let there = diesel::sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))
            .execute(&mut admin)
            .expect("looking for the template");
        if there == 0 {
            // Renamed when it is whole: a run that dies half way leaves no half template.
            let unfinished = format!("{name}_unfinished");
            admin.batch_execute(&format!("DROP DATABASE IF EXISTS {unfinished}")).expect("dropping a leftover");
            admin.batch_execute(&format!("CREATE DATABASE {unfinished}")).expect("creating the template");
            migrate::run(&url_of(&unfinished)).expect("migrating the template");
            admin.batch_execute(&format!("ALTER DATABASE {unfinished} RENAME TO {name}")).expect("renaming");
        }
        name
    })
}

/// Every migration's path and text, in order.
fn migrations(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut all: Vec<_> = std::fs::read_dir(directory)
        .expect("the migrations")
        .map(|entry| entry.expect("a migration").path().join("up.sql"))
        .map(|path| (path.clone(), std::fs::read_to_string(path).expect("a migration's text")))
        .collect();
    all.sort();
    all
}

#[expect(clippy::disallowed_methods, reason = "where the server is, is said by whoever starts the tests")]
fn admin_url() -> String {
    std::env::var("MENSHEN_TEST_POSTGRES")
        .expect("MENSHEN_TEST_POSTGRES names an admin URL of a PostgreSQL; scripts/test starts one and sets it")
}

fn admin() -> PgConnection {
    PgConnection::establish(&admin_url()).expect("connecting to PostgreSQL")
}

fn url_of(database: &str) -> String {
    let mut url = url::Url::parse(&admin_url()).expect("MENSHEN_TEST_POSTGRES is a URL");
    url.set_path(database);
    url.to_string()
}
