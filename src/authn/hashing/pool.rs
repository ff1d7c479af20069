//! Threads for hashing, and the bounded queue before them.
//!
//! Hashing must not be felt by those who do not sign in: the threads run at a
//! lower priority and are no more than the cores. Whoever finds no place is
//! told so at once. Arenas live with the threads and are freed when idle.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::hasher::Arena;

/// Memory is given back after so long without a hash: a fifth of a hash is what it costs to get it again.
const IDLE: Duration = Duration::from_secs(1);
/// How much lower the threads' priority is.
const NICENESS: i32 = 10;
/// The share of the queue that strangers leave to known browsers: 1/8.
const KEPT_SHARE: usize = 8;

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const ABANDONED: u8 = 2;

/// No room, or no turn in time.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the password hashing queue is full")]
pub struct PoolFull {
    /// When to try again.
    pub retry_after: Duration,
}

/// Whose turn comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Urgency {
    /// Browsers in which somebody signed in before, and operators: served first,
    /// and the last eighth of the queue is theirs.
    Known,
    /// Everybody else.
    Stranger,
}

/// How large a pool is.
#[derive(Clone, Copy, Debug)]
pub struct PoolSize {
    /// Threads, each with an arena.
    pub threads: usize,
    /// Jobs that may wait.
    pub queue: usize,
    /// How long one waits for its turn.
    pub patience: Duration,
    /// Blocks that a thread keeps between two hashes.
    pub keep: usize,
}

type Job = Box<dyn FnOnce(&mut Arena) + Send>;

#[derive(Default)]
struct Queue {
    known: VecDeque<Job>,
    strangers: VecDeque<Job>,
    /// Tickets that are out: waiting, running, or still on their way here.
    admitted: usize,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    refused: AtomicU64,
    wake: Condvar,
    size: PoolSize,
}

/// The threads and their queue; they end when it is dropped.
pub struct Pool(Arc<Shared>);

/// A place in the queue, given back when dropped.
pub struct Ticket(Arc<Shared>);

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        queue.admitted = queue.admitted.saturating_sub(1);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.queue.lock().closed = true;
        self.0.wake.notify_all();
    }
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn start(size: PoolSize) -> std::io::Result<Self> {
        let shared =
            Arc::new(Shared { queue: Mutex::default(), refused: AtomicU64::new(0), wake: Condvar::new(), size });
        let pool = Self(Arc::clone(&shared));
        for number in 0..size.threads.max(1) {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || {
                // Where the priority cannot be lowered, one core is left to the others.
                let lowered = rustix::process::nice(NICENESS).is_ok();
                if lowered || number == 0 || number + 1 < shared.size.threads {
                    serve(&shared);
                }
            })?;
        }
        Ok(pool)
    }

    /// Takes a place for one job; it counts until the ticket is dropped.
    ///
    /// # Errors
    /// There is none left.
    pub fn admit(&self, urgency: Urgency) -> Result<Ticket, PoolFull> {
        let PoolSize { threads, queue: room, .. } = self.0.size;
        let open = match urgency {
            Urgency::Known => room,
            Urgency::Stranger => room - room / KEPT_SHARE,
        };
        let mut queue = self.0.queue.lock();
        if queue.admitted >= open.saturating_add(threads) {
            return Err(self.full());
        }
        queue.admitted += 1;
        drop(queue);
        Ok(Ticket(Arc::clone(&self.0)))
    }

    /// Runs `work` on a thread of the pool, first come first served within its urgency.
    ///
    /// # Errors
    /// Its turn did not come in time; it was not begun then.
    pub async fn run<R: Send + 'static>(
        &self,
        _ticket: &Ticket,
        urgency: Urgency,
        work: impl FnOnce(&mut Arena) -> R + Send + 'static,
    ) -> Result<R, PoolFull> {
        let (reply, mut answer) = oneshot::channel();
        let turn = Arc::new(AtomicU8::new(WAITING));
        let begun = Arc::clone(&turn);
        let job: Job = Box::new(move |arena| {
            let mine = begun.compare_exchange(WAITING, RUNNING, Ordering::AcqRel, Ordering::Acquire).is_ok();
            if mine && !reply.is_closed() {
                // Nobody listens any more: the asker went away, and so does the result.
                drop(reply.send(work(arena)));
            }
        });
        self.push(urgency, job);
        match timeout(self.0.size.patience, &mut answer).await {
            Ok(result) => result.map_err(|_no_answer| self.full()),
            Err(_) if turn.compare_exchange(WAITING, ABANDONED, Ordering::AcqRel, Ordering::Acquire).is_ok() => {
                Err(self.full())
            }
            Err(_) => answer.await.map_err(|_no_answer| self.full()),
        }
    }

    fn push(&self, urgency: Urgency, job: Job) {
        let mut queue = self.0.queue.lock();
        match urgency {
            Urgency::Known => queue.known.push_back(job),
            Urgency::Stranger => queue.strangers.push_back(job),
        }
        drop(queue);
        self.0.wake.notify_one();
    }

    /// Places that are taken now.
    pub fn admitted(&self) -> usize {
        self.0.queue.lock().admitted
    }

    /// How often there was no place, or no turn in time.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    fn full(&self) -> PoolFull {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        PoolFull { retry_after: self.0.size.patience }
    }
}

/// The life of one thread.
fn serve(shared: &Shared) {
    let mut arena = Arena::default();
    while let Some(job) = next(shared, &mut arena) {
        // A panic ends one job (its asker hears that no answer comes), not the thread.
        if catch_unwind(AssertUnwindSafe(|| job(&mut arena))).is_err() {
            tracing::error!("a password hash panicked");
        }
        arena.shrink_to(shared.size.keep);
    }
}

fn next(shared: &Shared, arena: &mut Arena) -> Option<Job> {
    let mut queue = shared.queue.lock();
    loop {
        if let Some(job) = queue.known.pop_front().or_else(|| queue.strangers.pop_front()) {
            return Some(job);
        }
        if queue.closed {
            return None;
        }
        if shared.wake.wait_for(&mut queue, IDLE).timed_out() {
            arena.shrink_to(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn pool(threads: usize, queue: usize, patience: Duration) -> Pool {
        Pool::start(PoolSize { threads, queue, patience, keep: 0 }).unwrap()
    }

    /// Occupies the pool's one thread until the sender is dropped.
    fn occupy(pool: &Pool) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        let (begun, begins) = mpsc::channel();
        pool.push(
            Urgency::Known,
            Box::new(move |_| {
                begun.send(()).unwrap();
                let _released = held.recv();
            }),
        );
        begins.recv().unwrap();
        release
    }

    #[test]
    fn strangers_leave_an_eighth_of_the_queue_to_known_browsers() {
        let pool = pool(2, 8, Duration::from_secs(2));
        let strangers: Vec<_> = (0..9).map(|_| pool.admit(Urgency::Stranger).unwrap()).collect();
        assert!(pool.admit(Urgency::Stranger).is_err());
        let known = pool.admit(Urgency::Known).unwrap();
        assert!(pool.admit(Urgency::Known).is_err());
        drop((strangers, known));
        assert!(pool.admit(Urgency::Stranger).is_ok());
    }

    #[actix_web::test]
    async fn whoever_waits_too_long_is_told_and_never_served() {
        let pool = pool(1, 8, Duration::from_millis(20));
        let release = occupy(&pool);
        let ticket = pool.admit(Urgency::Stranger).unwrap();
        let (sender, served) = mpsc::channel();
        let refused = pool.run(&ticket, Urgency::Stranger, move |_| sender.send(()).unwrap()).await;
        assert_eq!(refused, Err(PoolFull { retry_after: Duration::from_millis(20) }));
        drop(release);
        assert!(served.recv().is_err());
    }

    #[actix_web::test]
    async fn a_known_browser_is_served_before_strangers() {
        let pool = pool(1, 8, Duration::from_secs(5));
        let release = occupy(&pool);
        let ticket = pool.admit(Urgency::Stranger).unwrap();
        let (sender, order) = mpsc::channel();
        let late = sender.clone();
        pool.push(Urgency::Stranger, Box::new(move |_| late.send("stranger").unwrap()));
        let known = pool.run(&ticket, Urgency::Known, move |_| sender.send("known").unwrap());
        let (done, ()) = tokio::join!(known, async { drop(release) });
        done.unwrap();
        assert_eq!(order.iter().collect::<Vec<_>>(), ["known", "stranger"]);
    }

    #[actix_web::test]
    async fn a_panic_ends_one_job_and_not_the_thread() {
        let pool = pool(1, 8, Duration::from_secs(5));
        let ticket = pool.admit(Urgency::Stranger).unwrap();
        let broken = pool.run::<()>(&ticket, Urgency::Stranger, |_| panic!("on purpose")).await;
        assert!(broken.is_err());
        assert_eq!(pool.run(&ticket, Urgency::Stranger, |_| 7).await, Ok(7));
    }
}
