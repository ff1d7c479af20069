//! The outbox: delivered once, tried again, given up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use menshen::jobs::{Deliver, Job, Message, OutboxJob, Undelivered};
use menshen::store::outbox;
use parking_lot::Mutex;
use rstest::rstest;

use super::Cluster;
use crate::support::database::Backend;

/// Writes down what it is given, and answers what it is told to.
struct Postman {
    answer: Mutex<Result<(), Undelivered>>,
    delivered: Mutex<Vec<String>>,
}

impl Postman {
    fn new(answer: Result<(), Undelivered>) -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(answer), delivered: Mutex::default() })
    }

    fn count(&self) -> usize {
        self.delivered.lock().len()
    }
}

#[async_trait]
impl Deliver for Postman {
    fn kind(&self) -> &'static str {
        "letter"
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        assert_eq!(message.payload, b"content");
        self.delivered.lock().push(message.once_key.clone());
        *self.answer.lock()
    }
}

fn job(cluster: &Cluster, postman: &Arc<Postman>) -> OutboxJob {
    OutboxJob::new(cluster.store(), Arc::new(cluster.clock.clone()), vec![postman.clone()])
}

async fn put(cluster: &Cluster, kind: &'static str, once_key: &'static str) -> bool {
    cluster.store().write(move |tx| outbox::put(tx, kind, once_key, b"content")).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn what_is_done_is_never_delivered_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let postman = Postman::new(Ok(()));
    let job = job(&cluster, &postman);
    assert!(put(&cluster, "letter", "one").await);
    assert!(!put(&cluster, "letter", "one").await, "the same message");
    assert!(put(&cluster, "letter", "two").await);
    for _again in 0..3 {
        job.step().await.unwrap();
        cluster.clock.advance(Duration::from_secs(3_600));
    }
    assert_eq!(*postman.delivered.lock(), ["one", "two"]);
}

#[rstest]
#[tokio::test]
async fn two_nodes_share_the_messages(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let postman = Postman::new(Ok(()));
    let (one, two) = (job(&cluster, &postman), job(&cluster, &postman));
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        put(&cluster, "letter", key).await;
    }
    let (first, second) = tokio::join!(one.step(), two.step());
    first.and(second).unwrap();
    postman.delivered.lock().sort();
    assert_eq!(*postman.delivered.lock(), ["a", "b", "c", "d", "e", "f", "g", "h"]);
}

#[rstest]
#[tokio::test]
async fn a_failure_is_tried_again_later_and_later_and_then_given_up(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let cluster = Cluster::new(backend);
    let postman = Postman::new(Err(Undelivered::Later));
    let job = job(&cluster, &postman);
    put(&cluster, "letter", "one").await;
    job.step().await.unwrap();
    job.step().await.unwrap();
    assert_eq!(postman.count(), 1, "not before its pause is over");
    cluster.clock.advance(Duration::from_secs(5));
    job.step().await.unwrap();
    cluster.clock.advance(Duration::from_secs(5));
    job.step().await.unwrap();
    assert_eq!(postman.count(), 2, "the second pause is longer");
    for _again in 0..30 {
        cluster.clock.advance(Duration::from_secs(3_600));
        job.step().await.unwrap();
    }
    assert_eq!(postman.count(), 14, "given up");
}

#[rstest]
#[tokio::test]
async fn what_can_never_be_delivered_is_given_up_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let cluster = Cluster::new(backend);
    let postman = Postman::new(Err(Undelivered::Never));
    let job = job(&cluster, &postman);
    put(&cluster, "letter", "one").await;
    put(&cluster, "parcel", "two").await;
    job.step().await.unwrap();
    cluster.clock.advance(Duration::from_secs(86_400));
    job.step().await.unwrap();
    assert_eq!(*postman.delivered.lock(), ["one"], "and the parcel is nobody's here");
}

#[rstest]
#[tokio::test]
async fn a_claim_of_a_dead_node_runs_out_and_a_late_mark_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let cluster = Cluster::new(backend);
    let store = cluster.store();
    put(&cluster, "letter", "one").await;
    let now = menshen::base::Clock::now(&cluster.clock);
    let lost = now + Duration::from_secs(60);
    let claimed = store.write(move |tx| outbox::claim(tx, &["letter"], lost, 10)).await.unwrap();
    let postman = Postman::new(Ok(()));
    let job = job(&cluster, &postman);
    job.step().await.unwrap();
    assert_eq!(postman.count(), 0, "it is claimed");
    cluster.clock.advance(Duration::from_secs(61));
    job.step().await.unwrap();
    assert_eq!(postman.count(), 1);
    let id = claimed[0].id;
    let again = lost + Duration::from_secs(600);
    assert!(!store.write(move |tx| outbox::postpone(tx, id, lost, again)).await.unwrap());
    cluster.clock.advance(Duration::from_secs(3_600));
    job.step().await.unwrap();
    assert_eq!(postman.count(), 1, "done stays done");
}
