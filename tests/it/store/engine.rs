//! What the engine promises on either database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use menshen::base::Clock;
use menshen::store::{Store, StoreError, StoreResult, Tx, dialect};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;

diesel::table! {
    notes (id) {
        id -> BigInt,
        text -> Text,
    }
}

/// Makes the table of these tests.
pub fn notes(database: &TestDatabase, backend: Backend) {
    let key = match backend {
        Sqlite => "INTEGER PRIMARY KEY AUTOINCREMENT",
        Postgres => "BIGSERIAL PRIMARY KEY",
    };
    let sql = format!("CREATE TABLE notes (id {key} NOT NULL, text TEXT NOT NULL UNIQUE)");
    database.connect().batch_execute(&sql).expect("the table");
}

pub fn insert(tx: &mut Tx<'_>, text: &str) -> StoreResult<i64> {
    Ok(diesel::insert_into(notes::table).values(notes::text.eq(text)).returning(notes::id).get_result(tx.conn())?)
}

pub async fn texts(store: &Store) -> Vec<String> {
    store.read(|tx| Ok(notes::table.select(notes::text).order(notes::text).load(tx.conn())?)).await.expect("reading")
}

/// How many notes another connection sees.
pub fn seen(database: &TestDatabase) -> i64 {
    notes::table.count().get_result(&mut database.connect()).expect("counting")
}

pub fn opened(backend: Backend) -> (TestDatabase, Store) {
    let database = TestDatabase::new(backend);
    let store = database.open();
    notes(&database, backend);
    (database, store)
}

#[rstest]
#[tokio::test]
async fn what_was_acknowledged_is_seen_by_the_next_read(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    for round in 0..20 {
        let text = format!("{round:02}");
        store.write(move |tx| insert(tx, &text)).await.unwrap();
        assert_eq!(texts(&store).await.len(), round + 1);
    }
}

#[rstest]
#[tokio::test]
async fn a_failing_job_rolls_back_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    let mut jobs = JoinSet::new();
    for number in 0..30 {
        let store = store.clone();
        jobs.spawn(async move {
            let outcome = store
                .write(move |tx| {
                    insert(tx, &format!("{number:02}"))?;
                    if number % 3 == 0 { Err(StoreError::inconsistent("notes", number, "refused")) } else { Ok(()) }
                })
                .await;
            assert_eq!(outcome.is_ok(), number % 3 != 0);
        });
    }
    jobs.join_all().await;
    let kept: Vec<_> = (0..30).filter(|number| number % 3 != 0).map(|number| format!("{number:02}")).collect();
    assert_eq!(texts(&store).await, kept);
}

#[rstest]
#[tokio::test]
async fn each_of_64_writers_is_answered_after_its_commit(#[values(Sqlite, Postgres)] backend: Backend) {
    let (database, store) = opened(backend);
    let mut jobs = JoinSet::new();
    for writer in 0..64 {
        let store = store.clone();
        jobs.spawn(async move {
            for round in 0..5 {
                let text = format!("{writer:02}-{round}");
                let key = store.write(move |tx| insert(tx, &text)).await.unwrap();
                let found = store.read(move |tx| Ok(notes::table.find(key).count().get_result::<i64>(tx.conn())?));
                assert_eq!(found.await.unwrap(), 1);
            }
        });
    }
    jobs.join_all().await;
    assert_eq!(seen(&database), 320);
    let statistics = store.statistics();
    assert_eq!((statistics.committed, statistics.rolled_back, statistics.queued), (320, 0, 0));
}

#[rstest]
#[tokio::test]
async fn a_panic_is_the_error_of_its_job_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    let mut jobs = JoinSet::new();
    for number in 0..8 {
        let store = store.clone();
        jobs.spawn(async move {
            store
                .write(move |tx| {
                    insert(tx, &number.to_string())?;
                    dialect::savepoint(tx, |_| -> StoreResult<()> {
                        assert!(number != 4, "a panic inside a savepoint");
                        Ok(())
                    })
                })
                .await
        });
    }
    let outcomes = jobs.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Panicked))).count(), 1);
    assert_eq!(texts(&store).await, ["0", "1", "2", "3", "5", "6", "7"]);
    let read = store.read(|_| -> StoreResult<()> { panic!("a panic in a read") }).await;
    assert!(matches!(read, Err(StoreError::Panicked)));
    assert_eq!(texts(&store).await.len(), 7);
}

#[rstest]
#[tokio::test]
async fn a_savepoint_undoes_its_own_part_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    store.write(|tx| insert(tx, "there")).await.unwrap();
    let conflict = store
        .write(|tx| {
            insert(tx, "before")?;
            let inner = dialect::savepoint(tx, |tx| {
                insert(tx, "inside")?;
                insert(tx, "there")
            });
            insert(tx, "after")?;
            Ok(inner.is_err_and(|error| error.is_conflict()))
        })
        .await
        .unwrap();
    assert!(conflict);
    assert_eq!(texts(&store).await, ["after", "before", "there"]);
}

#[rstest]
#[tokio::test]
async fn parallel_upserts_of_one_row_all_succeed(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    let inserted = Arc::new(AtomicU32::new(0));
    let mut jobs = JoinSet::new();
    for _ in 0..32 {
        let (store, inserted) = (store.clone(), Arc::clone(&inserted));
        jobs.spawn(async move {
            store
                .write(move |tx| {
                    let row = notes::table.filter(notes::text.eq("one"));
                    dialect::upsert(
                        tx,
                        |tx| Ok(diesel::update(row).set(notes::text.eq("one")).execute(tx.conn())?),
                        |tx| {
                            inserted.fetch_add(1, Ordering::SeqCst);
                            insert(tx, "one").map(drop)
                        },
                    )
                })
                .await
                .unwrap();
        });
    }
    jobs.join_all().await;
    assert_eq!(texts(&store).await, ["one"]);
    assert!(inserted.load(Ordering::SeqCst) >= 1);
}

#[rstest]
#[tokio::test]
async fn a_read_cannot_write(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    assert!(store.read(|tx| insert(tx, "written")).await.is_err());
    assert!(texts(&store).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_read_sees_one_snapshot(#[values(Sqlite, Postgres)] backend: Backend) {
    let (database, store) = opened(backend);
    let mut other = database.connect();
    let counts = store
        .read(move |tx| {
            let before: i64 = notes::table.count().get_result(tx.conn())?;
            diesel::insert_into(notes::table).values(notes::text.eq("meanwhile")).execute(&mut other)?;
            let after: i64 = notes::table.count().get_result(tx.conn())?;
            Ok((before, after))
        })
        .await
        .unwrap();
    assert_eq!(counts, (0, 0));
    assert_eq!(texts(&store).await, ["meanwhile"]);
}

#[rstest]
#[tokio::test]
async fn the_clock_of_a_transaction_is_read_when_it_is_asked(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::new(backend);
    let clock = TestDatabase::clock();
    let store = database.open_with(TestDatabase::options(), Arc::new(clock.clone()));
    let start = clock.now();
    let moved = store
        .write(move |tx| {
            clock.advance(Duration::from_secs(5));
            Ok(tx.now())
        })
        .await
        .unwrap();
    assert_eq!(moved.since(start), Duration::from_secs(5));
}

#[test]
fn an_address_of_neither_kind_is_refused_without_showing_it() {
    for url in ["mysql://root:secret@db/menshen", "sqlite::memory:", "sqlite:", ""] {
        let refused = Store::open(url, TestDatabase::options(), Arc::new(TestDatabase::clock()));
        let error = refused.err().expect("refused");
        assert!(matches!(error, StoreError::Address(_)));
        assert!(!error.to_string().contains("secret"));
    }
}
