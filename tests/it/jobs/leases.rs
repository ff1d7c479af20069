//! One node at a time does what one node is enough for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use menshen::jobs::{Job, JobError, Reach, Stepped};
use rstest::rstest;
use tokio::sync::Notify;

use super::Cluster;
use crate::support::database::Backend;

/// Counts its steps.
struct Counter {
    reach: Reach,
    steps: AtomicU32,
    stepped: Notify,
}

impl Counter {
    fn new(reach: Reach) -> Arc<Self> {
        Arc::new(Self { reach, steps: AtomicU32::new(0), stepped: Notify::new() })
    }
}

#[async_trait]
impl Job for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn reach(&self) -> Reach {
        self.reach
    }

    async fn step(&self) -> Result<(), JobError> {
        self.steps.fetch_add(1, Ordering::SeqCst);
        self.stepped.notify_one();
        Ok(())
    }
}

#[rstest]
#[tokio::test]
async fn one_node_keeps_a_job_until_it_dies(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let job = Counter::new(Reach::OneNode);
    let (one, two) = (cluster.node(1, Vec::new()), cluster.node(2, Vec::new()));
    assert_eq!(one.step(&*job).await, Stepped::Ran);
    assert_eq!(two.step(&*job).await, Stepped::Elsewhere);
    cluster.clock.advance(Duration::from_secs(60));
    assert_eq!(two.step(&*job).await, Stepped::Elsewhere, "a rest is no death");
    assert_eq!(one.step(&*job).await, Stepped::Ran);
    cluster.clock.advance(Duration::from_secs(181));
    assert_eq!(two.step(&*job).await, Stepped::Ran);
    assert_eq!(one.step(&*job).await, Stepped::Elsewhere);
    assert_eq!(job.steps.load(Ordering::SeqCst), 3);
}

#[rstest]
#[tokio::test]
async fn of_many_nodes_that_come_at_once_one_runs(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let job = Counter::new(Reach::OneNode);
    let nodes: Vec<_> = (0..4).map(|number| cluster.node(number, Vec::new())).collect();
    let mut steps = tokio::task::JoinSet::new();
    for node in nodes {
        let job = Arc::clone(&job);
        steps.spawn(async move { node.step(&*job).await });
    }
    let ran = steps.join_all().await.into_iter().filter(|how| *how == Stepped::Ran).count();
    assert_eq!((ran, job.steps.load(Ordering::SeqCst)), (1, 1));
}

#[rstest]
#[tokio::test]
async fn what_every_node_does_needs_no_lease(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let job = Counter::new(Reach::EveryNode);
    assert_eq!(cluster.node(1, Vec::new()).step(&*job).await, Stepped::Ran);
    assert_eq!(cluster.node(2, Vec::new()).step(&*job).await, Stepped::Ran);
}

#[rstest]
#[tokio::test]
async fn a_node_that_stops_hands_its_jobs_over_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let job = Counter::new(Reach::OneNode);
    let running = cluster.node(1, vec![job.clone()]).start();
    job.stepped.notified().await;
    let other = cluster.node(2, Vec::new());
    assert_eq!(other.step(&*job).await, Stepped::Elsewhere);
    running.stop().await;
    assert_eq!(other.step(&*job).await, Stepped::Ran);
}
