//! Who repeats the jobs: a task for each, and a lease where one node is enough.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Job, Reach};
use crate::base::{Entropy, SharedClock};
use crate::store::{Store, StoreResult, leases};

/// A lease outlives two rests of its job and this: a node that stalls a little
/// keeps it, one that died is replaced soon.
const GRACE: Duration = Duration::from_secs(60);

/// How one step went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stepped {
    /// It ran.
    Ran,
    /// Another node has the lease.
    Elsewhere,
    /// It, or taking the lease, failed; the log says why.
    Failed,
}

/// Repeats jobs; cheap to clone.
#[derive(Clone)]
pub struct Runner {
    store: Store,
    clock: SharedClock,
    /// By which this node's leases are known.
    holder: Arc<str>,
    jobs: Arc<[Arc<dyn Job>]>,
}

impl Runner {
    /// A runner with a fresh name for this node.
    #[must_use]
    pub fn new(store: Store, clock: SharedClock, entropy: &dyn Entropy, jobs: Vec<Arc<dyn Job>>) -> Self {
        let holder = URL_SAFE_NO_PAD.encode(entropy.bytes::<16>());
        Self { store, clock, holder: holder.into(), jobs: jobs.into() }
    }

    /// Starts a task for each job, on the present runtime.
    #[must_use]
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for job in self.jobs.iter() {
            tasks.spawn(self.clone().repeat(Arc::clone(job), stopped.clone()));
        }
        Running { stop, tasks }
    }

    async fn repeat(self, job: Arc<dyn Job>, mut stopped: watch::Receiver<bool>) {
        let mut failing = false;
        loop {
            let how = self.step(&*job).await;
            if how == Stepped::Ran && failing {
                tracing::info!(job = job.name(), "the job works again");
            }
            failing = how == Stepped::Failed;
            tokio::select! {
                _ended = stopped.wait_for(|stop| *stop) => break,
                () = tokio::time::sleep(job.every()) => {}
                () = rung(&*job) => {}
            }
        }
        if let Err(error) = job.last().await {
            tracing::warn!(job = job.name(), %error, "the job did not end well");
        }
        if job.reach() == Reach::OneNode
            && let Err(error) = self.release(&*job).await
        {
            tracing::warn!(job = job.name(), %error, "the lease runs out by itself");
        }
    }

    /// Takes the job's lease, if it has one, and runs one step.
    pub async fn step(&self, job: &dyn Job) -> Stepped {
        match job.reach() {
            Reach::EveryNode => {}
            Reach::OneNode => match self.take(job).await {
                Ok(true) => {}
                Ok(false) => return Stepped::Elsewhere,
                Err(error) => {
                    tracing::warn!(job = job.name(), %error, "the lease cannot be taken");
                    return Stepped::Failed;
                }
            },
        }
        match job.step().await {
            Ok(()) => Stepped::Ran,
            Err(error) => {
                tracing::warn!(job = job.name(), %error, "the job failed and is tried again");
                Stepped::Failed
            }
        }
    }

    async fn take(&self, job: &dyn Job) -> StoreResult<bool> {
        let until = self.clock.now() + job.every() * 2 + GRACE;
        let (name, holder) = (job.name(), Arc::clone(&self.holder));
        self.store.write(move |tx| leases::take(tx, name, &holder, until)).await
    }

    /// Lets another node take over at once.
    async fn release(&self, job: &dyn Job) -> StoreResult<()> {
        let (name, holder) = (job.name(), Arc::clone(&self.holder));
        self.store.write(move |tx| leases::release(tx, name, &holder)).await
    }
}

/// Returns when the job's bell rings; never for a job without one.
async fn rung(job: &dyn Job) {
    match job.bell() {
        Some(bell) => bell.notified().await,
        None => std::future::pending().await,
    }
}

/// Jobs that run.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Ends every job after its present step, and gives the leases back.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.tasks.join_all().await;
    }
}
