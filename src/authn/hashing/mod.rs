//! Passwords at rest: argon2id under a pepper, on a small pool of its own.
//!
//! [`Hasher`] computes, [`Pool`] decides when; [`Passwords`] joins the two for
//! the login methods and for whoever stores a new password. The command line,
//! which has no crowd before it, uses a [`Hasher`] and an [`Arena`] directly.
//! Nothing here knows of principals or of the store. Parameters: ADR 0004.

mod hasher;
mod pool;
mod stored;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use thiserror::Error;

pub use hasher::{Arena, Hasher, NormalPassword};
pub use pool::{Pool, PoolFull, PoolSize, Ticket, Urgency};
pub use stored::{BadHash, Cost, StoredPassword};

use crate::base::Entropy;
use crate::config;

/// Why a hash could not be made.
#[derive(Debug, Error)]
pub enum HashingError {
    /// The pool has no room, or no turn came in time.
    #[error(transparent)]
    Full(#[from] PoolFull),
    /// The password or its parameters cannot be hashed.
    #[error(transparent)]
    Bad(#[from] BadHash),
}

/// What came of comparing a password with one stored hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is the one.
    Right,
    /// It is not, or nothing was stored.
    Wrong,
}

/// Hashes and compares passwords on the pool. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    pool: Arc<Pool>,
    hasher: Arc<Hasher>,
    hashes: Arc<AtomicU64>,
}

impl Passwords {
    /// Starts the pool.
    ///
    /// # Errors
    /// The machine gives no thread, or the parameters are none of argon2's.
    pub fn start(hasher: Hasher, settings: &config::Hashing) -> std::io::Result<Self> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let wished = usize::try_from(settings.threads).ok().filter(|&threads| threads > 0);
        let size = PoolSize {
            threads: wished.unwrap_or(cores),
            queue: usize::try_from(settings.queue).unwrap_or(usize::MAX),
            patience: settings.patience,
            keep: hasher.cost().blocks(),
        };
        let pool = Arc::new(Pool::start(size)?);
        Ok(Self { pool, hasher: Arc::new(hasher), hashes: Arc::default() })
    }

    /// Takes a place in the queue for one login, before it costs anything else.
    ///
    /// # Errors
    /// There is none left.
    pub fn admit(&self, urgency: Urgency) -> Result<Ticket, PoolFull> {
        self.pool.admit(urgency)
    }

    /// Compares one password with each of `stored` in turn; where nothing is
    /// stored the same work is done and the verdict is wrong. One login is one
    /// job: it is compared with all of them or, when no turn comes, with none.
    ///
    /// # Errors
    /// No turn came in time.
    pub async fn compare(
        &self,
        ticket: &Ticket,
        urgency: Urgency,
        typed: &str,
        stored: Vec<Option<StoredPassword>>,
    ) -> Result<Vec<Verdict>, PoolFull> {
        let (hasher, count) = (Arc::clone(&self.hasher), Arc::clone(&self.hashes));
        let typed = NormalPassword::new(typed);
        let work = move |arena: &mut Arena| {
            let compare_one = |stored: &Option<StoredPassword>| {
                count.fetch_add(1, Ordering::Relaxed);
                hasher.compare(typed.as_ref(), stored.as_ref(), arena)
            };
            stored.iter().map(compare_one).collect()
        };
        self.pool.run(ticket, urgency, work).await
    }

    /// Hashes a password for storing.
    ///
    /// # Errors
    /// The password is longer than [`NormalPassword::MAX_BYTES`], or no turn came in time.
    pub async fn hash(
        &self,
        ticket: &Ticket,
        typed: &str,
        entropy: &dyn Entropy,
    ) -> Result<StoredPassword, HashingError> {
        let (hasher, count) = (Arc::clone(&self.hasher), Arc::clone(&self.hashes));
        let typed = NormalPassword::new(typed).ok_or(BadHash::PasswordTooLong)?;
        let salt = entropy.bytes();
        let work = move |arena: &mut Arena| {
            count.fetch_add(1, Ordering::Relaxed);
            hasher.hash(&typed, &salt, arena)
        };
        Ok(self.pool.run(ticket, Urgency::Known, work).await??)
    }

    /// Whether a stored hash should be made anew at the next right login.
    #[must_use]
    pub fn is_outdated(&self, stored: &StoredPassword) -> bool {
        self.hasher.is_outdated(stored)
    }

    /// How many hashes were computed since the start, for metrics and for the
    /// tests that count instead of timing.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Logins that have or wait for a turn now, for metrics.
    #[must_use]
    pub fn admitted(&self) -> u64 {
        u64::try_from(self.pool.admitted()).unwrap_or(u64::MAX)
    }

    /// How often there was no turn since the start, for metrics.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.pool.refused()
    }
}
