//! A job on its way to a connection, and the ticket its caller waits with.
//!
//! Who gives up and who commits is decided by one atomic: a caller whose
//! deadline passes either takes the job back (then it will never be committed)
//! or learns that its commit has begun (then it waits for the outcome).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::error::{StoreError, StoreResult, Trouble};
use super::transaction::Tx;

/// A job of any type, as the threads that own connections see it.
pub(super) type Job = Box<dyn Work>;

/// What those threads do with a job.
pub(super) trait Work: Send {
    /// Runs the job and keeps its value; may be called again after a rollback.
    fn run(&mut self, tx: &mut Tx<'_>) -> StoreResult<()>;

    /// Whether the caller has taken the job back.
    fn is_taken_back(&self) -> bool;

    /// Passes the point of no return, just before the commit; false when the
    /// caller has taken the job back, and then it must not be committed.
    fn seal(&self) -> bool;

    /// Tells the caller. Does nothing when nobody waits any more.
    fn answer(self: Box<Self>, outcome: StoreResult<()>);
}

/// The job can be taken back.
const OPEN: u8 = 0;
/// The job is being committed.
const SEALED: u8 = 1;
/// The caller has gone with a certain "no".
const TAKEN_BACK: u8 = 2;

struct Task<T, F> {
    run: F,
    value: Option<T>,
    state: Arc<AtomicU8>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T: Send, F: FnMut(&mut Tx<'_>) -> StoreResult<T> + Send> Work for Task<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>) -> StoreResult<()> {
        // Unwind safety: whatever the job did to the database is rolled back, and
        // its own captured values are dropped with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(tx))).unwrap_or(Err(StoreError::Panicked))?;
        self.value = Some(outcome);
        Ok(())
    }

    fn is_taken_back(&self) -> bool {
        self.state.load(Ordering::Acquire) == TAKEN_BACK
    }

    fn seal(&self) -> bool {
        let before = self.state.compare_exchange(OPEN, SEALED, Ordering::AcqRel, Ordering::Acquire);
        before != Err(TAKEN_BACK)
    }

    fn answer(self: Box<Self>, outcome: StoreResult<()>) {
        let Self { value, reply, .. } = *self;
        // An error means that the caller went away; what was committed stays.
        let _gone = reply.send(outcome.and_then(|()| value.ok_or(StoreError::Panicked)));
    }
}

/// What the caller waits with.
pub(super) struct Ticket<T> {
    state: Arc<AtomicU8>,
    reply: oneshot::Receiver<StoreResult<T>>,
}

/// Packs `run` as a job, with the ticket for its answer.
pub(super) fn new<T: Send + 'static>(
    run: impl FnMut(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
) -> (Job, Ticket<T>) {
    let state = Arc::new(AtomicU8::new(OPEN));
    let (sender, receiver) = oneshot::channel();
    let job = Box::new(Task { run, value: None, state: Arc::clone(&state), reply: sender });
    (job, Ticket { state, reply: receiver })
}

impl<T> Ticket<T> {
    /// Waits for the answer. After `limit` the job is taken back; when its commit
    /// has begun, the outcome is waited for another `limit`. `overdue` is told
    /// when a job had to be left behind.
    pub(super) async fn outcome(mut self, limit: Duration, overdue: impl FnOnce()) -> StoreResult<T> {
        // Reads on the calling thread are answered already: no timer for them.
        if let Ok(answer) = self.reply.try_recv() {
            return answer;
        }
        if let Ok(answer) = timeout(limit, &mut self.reply).await {
            return received(answer);
        }
        let before = self.state.compare_exchange(OPEN, TAKEN_BACK, Ordering::AcqRel, Ordering::Acquire);
        if before.is_ok() {
            overdue();
            return Err(StoreError::Unavailable(Trouble::Deadline));
        }
        match timeout(limit, &mut self.reply).await {
            Ok(answer) => received(answer),
            Err(_elapsed) => {
                overdue();
                Err(StoreError::Unavailable(Trouble::OutcomeUnknown))
            }
        }
    }
}

/// A job that was dropped unanswered met a store that is going down.
fn received<T>(answer: Result<StoreResult<T>, oneshot::error::RecvError>) -> StoreResult<T> {
    answer.unwrap_or(Err(StoreError::Unavailable(Trouble::Closed)))
}
