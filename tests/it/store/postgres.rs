//! The pool of PostgreSQL, and what a server can do to it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use menshen::base::{Clock, SystemClock, Timestamp};
use menshen::store::{Store, StoreError, StoreOptions, StoreResult, Trouble};
use rstest::rstest;
use tokio::task::JoinSet;

use super::engine::{insert, notes, texts};
use crate::support::database::{Backend, TestDatabase};

fn opened_with(options: StoreOptions) -> (TestDatabase, Store) {
    let database = TestDatabase::new(Backend::Postgres);
    let store = database.open_with(options, Arc::new(TestDatabase::clock()));
    notes(&database, Backend::Postgres);
    (database, store)
}

fn opened() -> (TestDatabase, Store) {
    opened_with(StoreOptions { probe_holds: Duration::ZERO, ..TestDatabase::options() })
}

/// Waits until the store is healthy, on however busy a machine.
async fn heals(store: &Store) {
    let begun = Instant::now();
    while store.health().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it heals by itself");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_that_broke_while_idle_are_made_anew_unseen() {
    let (database, store) = opened();
    for round in 0..5 {
        database.terminate_connections();
        store.write(move |tx| insert(tx, &round.to_string())).await.unwrap();
        assert_eq!(texts(&store).await.len(), round + 1);
    }
}

#[tokio::test]
async fn connections_that_break_under_load_lose_nothing_acknowledged() {
    let (database, store) = opened();
    let mut jobs = JoinSet::new();
    for writer in 0..16 {
        let store = store.clone();
        jobs.spawn(async move {
            let mut stored = Vec::new();
            for round in 0..40 {
                let text = format!("{writer:02}-{round:02}");
                let key = text.clone();
                match store.write(move |tx| insert(tx, &key)).await {
                    Ok(_) => stored.push(text),
                    Err(error) => assert!(error.is_unavailable(), "{error}"),
                }
            }
            stored
        });
    }
    for _ in 0..10 {
        database.terminate_connections();
        tokio::task::yield_now().await;
    }
    let acknowledged: Vec<String> = jobs.join_all().await.into_iter().flatten().collect();
    heals(&store).await;
    let stored = texts(&store).await;
    assert!(acknowledged.iter().all(|text| stored.contains(text)));
}

#[tokio::test]
async fn a_server_that_is_gone_is_refused_at_once_and_heals() {
    let (database, store) = opened();
    database.allow_connections("false");
    database.terminate_connections();
    let begun = Instant::now();
    for round in 0..20 {
        let refused = store.write(move |tx| insert(tx, &round.to_string())).await;
        assert!(refused.is_err_and(|error| error.is_unavailable()));
        assert!(store.read(|_| Ok(())).await.is_err_and(|error| error.is_unavailable()));
    }
    assert!(begun.elapsed() < 20 * Duration::from_secs(1));
    assert!(store.health().await.is_err());
    assert_eq!(store.statistics().queued, 0);
    database.allow_connections("true");
    heals(&store).await;
    assert!(texts(&store).await.is_empty());
}

#[rstest]
#[case::serialization_failure("40001", "could not serialize access")]
#[case::deadlock("40P01", "deadlock detected")]
#[case::lock_timeout("55P03", "canceling statement due to lock timeout")]
#[tokio::test]
async fn a_job_in_the_way_of_another_runs_again(#[case] code: &'static str, #[case] text: &'static str) {
    let (_database, store) = opened();
    let runs = Arc::new(AtomicU32::new(0));
    let attempt = |failures: u32| {
        let runs = Arc::clone(&runs);
        store.write(move |tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            insert(tx, &format!("{failures}-{run}"))?;
            if run < failures {
                let raise = format!("DO $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = '{code}'; END $$");
                tx.conn().batch_execute(&raise)?;
            }
            Ok(())
        })
    };
    attempt(3).await.unwrap();
    assert_eq!(runs.swap(0, Ordering::SeqCst), 4);
    let refused = attempt(100).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(Trouble::Contended(_)))));
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!(texts(&store).await, ["3-3"]);
}

#[tokio::test]
async fn a_real_deadlock_is_solved_by_running_again() {
    let (_database, store) = opened();
    for text in ["a", "b"] {
        store.write(move |tx| insert(tx, text)).await.unwrap();
    }
    let mut jobs = JoinSet::new();
    for order in [["a", "b"], ["b", "a"]].into_iter().cycle().take(16) {
        let store = store.clone();
        jobs.spawn(async move {
            store
                .write(move |tx| {
                    for text in order {
                        let lock = format!("SELECT 1 FROM notes WHERE text = '{text}' FOR UPDATE");
                        tx.conn().batch_execute(&lock)?;
                        std::thread::yield_now();
                    }
                    Ok(())
                })
                .await
        });
    }
    for outcome in jobs.join_all().await {
        assert!(outcome.is_ok() || outcome.is_err_and(|error| error.is_unavailable()));
    }
    store.health().await.unwrap();
}

#[tokio::test]
async fn a_job_that_goes_on_after_a_failed_statement_is_not_acknowledged() {
    let (_database, store) = opened();
    store.write(|tx| insert(tx, "there")).await.unwrap();
    let swallowed = store.write(|tx| -> StoreResult<()> {
        insert(tx, "lost")?;
        // PostgreSQL would answer this job's COMMIT with success, and roll back.
        let _conflict = insert(tx, "there");
        Ok(())
    });
    assert!(swallowed.await.is_err());
    assert_eq!(texts(&store).await, ["there"]);
}

#[tokio::test]
async fn a_server_with_another_time_is_not_healthy() {
    let database = TestDatabase::new(Backend::Postgres);
    let options = || StoreOptions { clock_skew: Some(Duration::from_secs(2)), ..TestDatabase::options() };
    let wrong = database.open_with(options(), Arc::new(TestDatabase::clock()));
    wrong.read(|_| Ok(())).await.unwrap();
    let trouble = wrong.health().await.err();
    assert!(matches!(trouble, Some(StoreError::Unavailable(Trouble::ClockSkew(_)))), "{trouble:?}");
    assert!(SystemClock.now() > Timestamp::EPOCH);
    let right = database.open_with(options(), Arc::new(SystemClock));
    right.health().await.unwrap();
}

#[tokio::test]
async fn sessions_acknowledge_only_what_is_synced() {
    let database = TestDatabase::new(Backend::Postgres);
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    database.connect().batch_execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
    let store = database.open();
    let setting = store.read(|tx| {
        let setting = diesel::select(sql::<Text>("current_setting('synchronous_commit')"));
        Ok(setting.get_result::<String>(tx.conn())?)
    });
    assert_eq!(setting.await.unwrap(), "on");
}

#[tokio::test]
async fn a_worker_that_hangs_gives_its_seat_to_another() {
    let options = StoreOptions { connections: 1, deadline: Duration::from_millis(100), ..TestDatabase::options() };
    let (_database, store) = opened_with(options);
    let (sender, receiver) = channel::<()>();
    let receiver = Mutex::new(receiver);
    let hung = store
        .write(move |tx| {
            let _released = receiver.lock().unwrap().recv();
            insert(tx, "hung").map(drop)
        })
        .await;
    assert!(hung.is_err());
    let begun = Instant::now();
    while store.write(|tx| insert(tx, "served")).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    drop(sender);
    assert_eq!(texts(&store).await, ["served"]);
}
