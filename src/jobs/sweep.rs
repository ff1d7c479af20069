//! Sweeping: forgetting what nobody asks for any more.
//!
//! Tables of tokens have no index on their time, so that issuing stays an
//! append; they are walked along their key, some rows at a time, and the walk
//! goes on where it stopped. Everything happens in short transactions, between
//! which requests have their turn.

use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Job, JobError, Reach};
use crate::base::{SharedClock, Timestamp};
use crate::store::grants::Swept;
use crate::store::{
    Store, StoreResult, Tx, access_tokens, audit, browsers, codes, grants, interactions, one_time_codes, outbox,
    refresh_tokens, revoked_jwts, throttle, used_assertions, used_once,
};

/// Rows of one transaction.
const BATCH: i64 = 1_000;
/// Transactions of one table in one step: 200,000 rows a minute, more than are
/// issued in one for long.
const BATCHES: usize = 200;
/// Expired tokens stay so long: clocks of nodes differ a little.
const MARGIN: Duration = Duration::from_secs(3_600);
/// An expired interaction is still known by its page, which offers to begin again.
const KEEP_INTERACTIONS: Duration = Duration::from_secs(24 * 3_600);
/// A browser that nobody signed in to.
const KEEP_BROWSERS: Duration = Duration::from_secs(24 * 3_600);
/// A message that was delivered is known so long, should it be put again.
const KEEP_MESSAGES: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How a table is walked: from behind a row, what was over at a moment.
type Walk = fn(&mut Tx<'_>, i64, Timestamp) -> StoreResult<Swept>;
/// How a table with an index is swept: a batch, now.
type Cut = fn(&mut Tx<'_>, Timestamp) -> StoreResult<usize>;

/// The walked tables. Grants come first: what they own goes when they are gone.
const WALKS: [Walk; 4] = [grants::sweep, codes::sweep, refresh_tokens::sweep, access_tokens::sweep];

const CUTS: [Cut; 8] = [
    |tx, now| interactions::sweep(tx, now - KEEP_INTERACTIONS, BATCH),
    |tx, now| browsers::sweep_unused(tx, now - KEEP_BROWSERS, BATCH),
    |tx, now| outbox::sweep(tx, now - KEEP_MESSAGES, BATCH),
    |tx, _now| throttle::sweep(tx, BATCH),
    |tx, now| revoked_jwts::sweep(tx, now - MARGIN),
    |tx, now| used_assertions::sweep(tx, now - MARGIN),
    |tx, now| used_once::sweep(tx, now - MARGIN, BATCH),
    |tx, now| one_time_codes::sweep(tx, now - MARGIN, BATCH),
];

/// Deletes rows whose time is over.
pub struct Sweep {
    store: Store,
    clock: SharedClock,
    /// How long the audit trail is kept.
    keep_audit: Duration,
    /// Where each walk goes on.
    reached: Mutex<[i64; WALKS.len()]>,
}

impl Sweep {
    /// Over the whole store; rows of the audit trail go at the age `keep_audit`.
    #[must_use]
    pub fn new(store: Store, clock: SharedClock, keep_audit: Duration) -> Self {
        Self { store, clock, keep_audit, reached: Mutex::new([0; WALKS.len()]) }
    }

    /// Walks one table on, to its end at most.
    async fn walk(&self, walk: Walk, mut after: i64, now: Timestamp) -> StoreResult<i64> {
        for _batch in 0..BATCHES {
            match self.store.write(move |tx| walk(tx, after, now - MARGIN)).await?.next {
                Some(next) => after = next,
                None => return Ok(0),
            }
        }
        Ok(after)
    }

    async fn cut(&self, cut: impl Fn(&mut Tx<'_>) -> StoreResult<usize> + Clone + Send + 'static) -> StoreResult<()> {
        let full = usize::try_from(BATCH).unwrap_or(usize::MAX);
        for _batch in 0..BATCHES {
            if self.store.write(cut.clone()).await? < full {
                break;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Job for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn reach(&self) -> Reach {
        Reach::OneNode
    }

    async fn step(&self) -> Result<(), JobError> {
        let now = self.clock.now();
        for (number, walk) in WALKS.into_iter().enumerate() {
            let after = self.reached.lock().get(number).copied().unwrap_or_default();
            let reached = self.walk(walk, after, now).await?;
            if let Some(place) = self.reached.lock().get_mut(number) {
                *place = reached;
            }
        }
        for cut in CUTS {
            self.cut(move |tx| cut(tx, now)).await?;
        }
        let keep = self.keep_audit;
        self.cut(move |tx| audit::sweep(tx, now - keep, BATCH)).await?;
        Ok(())
    }
}
