//! What the engine does when callers go, jobs pile up, or it is closed.

use std::sync::Arc;
use std::time::Duration;

use menshen::store::{StoreError, StoreOptions, Trouble};
use rstest::rstest;
use tokio::task::JoinSet;

use super::engine::{insert, notes, opened, seen, texts};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;

#[rstest]
#[tokio::test]
async fn a_caller_that_goes_away_takes_nothing_with_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let (database, store) = opened(backend);
    for number in 0..10 {
        let job = store.write(move |tx| insert(tx, &number.to_string()));
        // Polled once, so that the job is on its way, and then dropped.
        tokio::select! { biased; _ = job => {}, () = std::future::ready(()) => {} }
    }
    store.write(|tx| insert(tx, "last")).await.unwrap();
    store.close();
    let reopened = database.open();
    assert_eq!(texts(&reopened).await.len(), 11);
}

#[rstest]
#[tokio::test]
async fn a_full_queue_refuses_at_once_and_the_rest_is_served(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::new(backend);
    let options = StoreOptions { queue: 4, connections: 1, ..TestDatabase::options() };
    let store = database.open_with(options, Arc::new(TestDatabase::clock()));
    notes(&database, backend);
    let (begun, release) = (Arc::new(tokio::sync::Notify::new()), std::sync::mpsc::channel());
    let (sender, receiver) = release;
    let receiver = std::sync::Mutex::new(receiver);
    let mut jobs = JoinSet::new();
    let (holder, signal) = (store.clone(), Arc::clone(&begun));
    jobs.spawn(async move {
        let held = holder.write(move |tx| {
            signal.notify_one();
            let _released = receiver.lock().unwrap().recv();
            insert(tx, "held").map(drop)
        });
        held.await
    });
    begun.notified().await;
    // The first is running: four wait, two too many.
    for number in 0..6 {
        let store = store.clone();
        jobs.spawn(async move { store.write(move |tx| insert(tx, &number.to_string()).map(drop)).await });
    }
    let mut refused = 0;
    for _ in 0..2 {
        let first = jobs.join_next().await.unwrap().unwrap();
        refused += u32::from(matches!(first, Err(StoreError::Unavailable(Trouble::QueueFull))));
    }
    assert_eq!(refused, 2);
    sender.send(()).unwrap();
    assert!(jobs.join_all().await.iter().all(Result::is_ok));
    assert_eq!(texts(&store).await.len(), 5);
}

#[rstest]
#[tokio::test]
async fn a_job_whose_caller_gave_up_is_never_committed(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::new(backend);
    let options = StoreOptions { deadline: Duration::from_millis(50), ..TestDatabase::options() };
    let store = database.open_with(options, Arc::new(TestDatabase::clock()));
    notes(&database, backend);
    let (sender, receiver) = std::sync::mpsc::channel();
    let receiver = std::sync::Mutex::new(receiver);
    let late = store
        .write(move |tx| {
            insert(tx, "late")?;
            let _released = receiver.lock().unwrap().recv();
            Ok(())
        })
        .await;
    assert!(matches!(late, Err(StoreError::Unavailable(Trouble::Deadline))));
    sender.send(()).unwrap();
    store.close();
    assert_eq!(seen(&database), 0);
}

#[rstest]
#[tokio::test]
async fn a_closed_store_refuses_and_has_stored_what_it_took(#[values(Sqlite, Postgres)] backend: Backend) {
    let (database, store) = opened(backend);
    let mut jobs = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        jobs.spawn(async move { store.write(move |tx| insert(tx, &number.to_string())).await });
    }
    // Every job is pushed before the first answer can be seen on this one thread.
    assert!(jobs.join_next().await.unwrap().unwrap().is_ok());
    store.close();
    assert!(jobs.join_all().await.iter().all(Result::is_ok));
    assert!(matches!(store.write(|_| Ok(())).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.read(|_| Ok(())).await, Err(StoreError::Unavailable(_))));
    assert!(store.health().await.is_err());
    assert_eq!(seen(&database), 20);
}

#[rstest]
#[tokio::test]
async fn a_healthy_store_says_so(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_database, store) = opened(backend);
    store.health().await.unwrap();
    let commits = store.statistics().commits;
    store.health().await.unwrap();
    assert_eq!(store.statistics().commits, commits, "the answer of a probe holds for a second");
}
