//! The one writer of SQLite, and what a file can do to it.

use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use menshen::store::{Store, StoreError, StoreOptions, StoreResult, Trouble};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::engine::{insert, notes, texts};
use crate::support::database::{Backend, TestDatabase};

fn quick() -> StoreOptions {
    StoreOptions { busy_timeout: Duration::from_millis(50), probe_holds: Duration::ZERO, ..TestDatabase::options() }
}

fn opened() -> (TestDatabase, Store) {
    let database = TestDatabase::new(Backend::Sqlite);
    let store = database.open_with(quick(), Arc::new(TestDatabase::clock()));
    notes(&database, Backend::Sqlite);
    (database, store)
}

/// Keeps the writer inside a job until the sender is used, so that what is
/// written meanwhile ends up in one batch behind it.
async fn hold(store: &Store, jobs: &mut JoinSet<StoreResult<()>>) -> Sender<()> {
    let (sender, receiver) = channel();
    let (begun, receiver) = (Arc::new(Notify::new()), Mutex::new(receiver));
    let (store, signal) = (store.clone(), Arc::clone(&begun));
    jobs.spawn(async move {
        let held = store.write(move |_| {
            signal.notify_one();
            // The second run of a lost batch finds the sender gone.
            let _released = receiver.lock().unwrap().recv();
            Ok(())
        });
        held.await
    });
    begun.notified().await;
    sender
}

async fn run(store: &Store, sql: &'static str) -> StoreResult<()> {
    store.write(move |tx| Ok(tx.conn().batch_execute(sql)?)).await
}

#[tokio::test]
async fn waiting_jobs_share_one_commit() {
    let (_database, store) = opened();
    let before = store.statistics().commits;
    let mut jobs = JoinSet::new();
    let held = hold(&store, &mut jobs).await;
    for number in 0..50 {
        let store = store.clone();
        jobs.spawn(async move { store.write(move |tx| insert(tx, &number.to_string()).map(drop)).await });
    }
    // All of them are on their way once this one is: a task runs until it waits.
    tokio::task::yield_now().await;
    assert_eq!(store.statistics().queued, 50);
    drop(held);
    assert!(jobs.join_all().await.iter().all(Result::is_ok));
    // The held job outlasted the time of its batch; the fifty follow together.
    assert!(store.statistics().commits - before <= 10);
}

#[tokio::test]
async fn a_batch_that_sqlite_rolls_back_runs_again_without_the_one_to_blame() {
    let (_database, store) = opened();
    run(&store, "PRAGMA max_page_count = 1").await.unwrap();
    let mut jobs = JoinSet::new();
    let held = hold(&store, &mut jobs).await;
    for number in 0..9 {
        let store = store.clone();
        jobs.spawn(async move {
            let size = if number == 5 { 1 << 20 } else { 1 };
            let outcome = store.write(move |tx| insert(tx, &number.to_string().repeat(size)).map(drop)).await;
            match number {
                5 => assert!(matches!(outcome, Err(StoreError::Unavailable(Trouble::Refused(_))))),
                _ => assert!(outcome.is_ok()),
            }
            Ok(())
        });
    }
    tokio::task::yield_now().await;
    drop(held);
    jobs.join_all().await;
    assert_eq!(texts(&store).await, ["0", "1", "2", "3", "4", "6", "7", "8"]);
    run(&store, "PRAGMA max_page_count = 1000000").await.unwrap();
    store.write(|tx| insert(tx, &"5".repeat(1 << 20))).await.unwrap();
}

#[tokio::test]
async fn a_lock_held_elsewhere_is_unavailable_and_passes() {
    let (database, store) = opened();
    let mut other = database.connect();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let refused = store.write(|tx| insert(tx, "refused")).await;
    assert!(refused.is_err_and(|error| error.is_unavailable()));
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(store.health().await.is_err_and(|error| error.is_unavailable()));
    assert!(texts(&store).await.is_empty(), "reads go on");
    other.batch_execute("ROLLBACK").unwrap();
    store.health().await.unwrap();
    store.write(|tx| insert(tx, "stored")).await.unwrap();
    assert_eq!(texts(&store).await, ["stored"]);
}

#[tokio::test]
async fn a_read_only_database_is_unavailable_and_passes() {
    let (_database, store) = opened();
    run(&store, "PRAGMA query_only = ON").await.unwrap();
    let refused = store.write(|tx| insert(tx, "refused")).await.err();
    assert!(refused.is_some_and(|error| error.to_string().contains("readonly")));
    // The file itself is fine, so the connection made anew writes.
    store.write(|tx| insert(tx, "stored")).await.unwrap();
    assert_eq!(texts(&store).await, ["stored"]);
}

#[test]
fn a_file_that_cannot_be_a_database_is_refused_with_its_name() {
    let database = TestDatabase::empty(Backend::Sqlite);
    let open = || Store::open(database.url(), quick(), Arc::new(TestDatabase::clock())).err().expect("refused");
    std::fs::create_dir(database.file()).unwrap();
    assert!(open().to_string().contains("menshen.db"));
    std::fs::remove_dir(database.file()).unwrap();
    std::fs::write(database.file(), "not a database, but long enough to be looked at ".repeat(100)).unwrap();
    assert!(open().to_string().contains("file is not a database"));
}

#[test]
fn the_files_are_for_their_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/menshen.db");
    let url = format!("sqlite:{}", path.display());
    let _store = Store::open(&url, quick(), Arc::new(TestDatabase::clock())).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory.path().join("data")), 0o700);
    for file in ["menshen.db", "menshen.db-wal", "menshen.db-shm"] {
        assert_eq!(mode(&directory.path().join("data").join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn closing_copies_the_log_into_the_database() {
    let (database, store) = opened();
    store.write(|tx| insert(tx, "stored")).await.unwrap();
    store.close();
    assert!(!database.file().with_extension("db-wal").exists());
    assert_eq!(texts(&database.open()).await, ["stored"]);
}

#[tokio::test]
async fn what_is_acknowledged_is_synced_and_checked() {
    let (_database, store) = opened();
    let settings = store.write(|tx| {
        use diesel::dsl::sql;
        use diesel::prelude::*;
        use diesel::sql_types::{BigInt, Text};
        let synchronous = diesel::select(sql::<BigInt>("(SELECT synchronous FROM pragma_synchronous)"));
        let foreign_keys = diesel::select(sql::<BigInt>("(SELECT foreign_keys FROM pragma_foreign_keys)"));
        let journal = diesel::select(sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)"));
        Ok((
            synchronous.get_result::<i64>(tx.conn())?,
            foreign_keys.get_result::<i64>(tx.conn())?,
            journal.get_result::<String>(tx.conn())?,
        ))
    });
    assert_eq!(settings.await.unwrap(), (2, 1, "wal".to_owned()));
}
