//! The outbox: claims messages that are due and hands them to whoever delivers
//! their kind.
//!
//! What is marked done is never handed out again. A node that dies between a
//! delivery and its mark leaves a message of which nobody knows whether it went
//! out: its deliverer says what becomes of it ([`Deliver::uncertain`]), and passes
//! [`Message::once_key`] on, where the other side can use it. Kinds that nobody
//! here delivers are left alone: a newer node may know them.
//!
//! Each kind has a job of its own, so that a vendor that is slow holds up nobody
//! else's messages. All nodes deliver: claims are exclusive, and a message of this
//! node leaves at once when somebody rings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Job, JobError, Reach};
use crate::base::{SharedClock, Timestamp};
use crate::store::outbox::{self, OutboxRow};
use crate::store::{Store, StoreResult};

/// Messages that are on their way at once.
const AT_ONCE: i64 = 32;
/// Rounds of one step.
const ROUNDS: usize = 2;
/// How long one delivery may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// A claim outlives the delivery, and the mark behind it.
const CLAIM: Duration = Duration::from_secs(60);
/// First pause after a failure; it doubles each time.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// Deliveries that are tried: about five hours.
const TRIES: i64 = 14;

/// A message as its deliverer sees it.
#[derive(Clone)]
pub struct Message {
    /// What it tells of, once and for all: the same message has the same key.
    pub once_key: String,
    /// Sealed content; its deliverer has the key.
    pub payload: Vec<u8>,
}

/// Why a message was not delivered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Undelivered {
    /// It may work later.
    Later,
    /// It may work after so long, and not before.
    After(Duration),
    /// It never will.
    Never,
}

/// Delivers messages of one kind.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// Delivers one message.
    ///
    /// # Errors
    /// Whether it is worth trying again.
    async fn deliver(&self, message: &Message) -> Result<(), Undelivered>;

    /// What becomes of a message of which nobody knows whether it was delivered:
    /// it took too long, or its node died over it. Usually it is delivered again.
    fn uncertain(&self) -> Undelivered {
        Undelivered::Later
    }
}

/// Empties the outbox.
pub struct OutboxJob {
    store: Store,
    clock: SharedClock,
    deliverers: BTreeMap<&'static str, Arc<dyn Deliver>>,
    bell: Arc<Notify>,
}

impl OutboxJob {
    /// With one deliverer for each kind.
    #[must_use]
    pub fn new(store: Store, clock: SharedClock, deliverers: Vec<Arc<dyn Deliver>>) -> Self {
        let deliverers = deliverers.into_iter().map(|one| (one.kind(), one)).collect();
        Self { store, clock, deliverers, bell: Arc::default() }
    }

    /// Takes a step whenever `bell` rings, and not at its hours alone.
    #[must_use]
    pub fn rung_by(self, bell: Arc<Notify>) -> Self {
        Self { bell, ..self }
    }

    /// Claims and delivers one round; how many messages it had.
    async fn round(&self) -> StoreResult<usize> {
        let until = self.clock.now() + CLAIM;
        let kinds: Vec<&'static str> = self.deliverers.keys().copied().collect();
        let asked = kinds.clone();
        // Looking costs nothing; claiming takes the one writer.
        if !self.store.read(move |tx| outbox::is_due(tx, &asked)).await? {
            return Ok(0);
        }
        let claimed = self.store.write(move |tx| outbox::claim(tx, &kinds, until, AT_ONCE)).await?;
        let count = claimed.len();
        let mut deliveries = JoinSet::new();
        for row in claimed {
            let Some(deliverer) = self.deliverers.get(row.kind.as_str()).cloned() else { continue };
            deliveries.spawn(async move {
                let message = Message { once_key: row.once_key.clone(), payload: row.payload.clone() };
                // A claim that ran out without a mark: somebody may have delivered it.
                let lost = row.claimed_until.is_some() && deliverer.uncertain() == Undelivered::Never;
                let outcome = if lost {
                    Err(Undelivered::Never)
                } else {
                    let outcome = timeout(PATIENCE, deliverer.deliver(&message)).await;
                    outcome.unwrap_or_else(|_late| Err(deliverer.uncertain()))
                };
                (row, outcome)
            });
        }
        while let Some(delivered) = deliveries.join_next().await {
            // A deliverer that panicked leaves its claim to run out.
            if let Ok((row, outcome)) = delivered {
                self.mark(row, outcome, until).await?;
            }
        }
        Ok(count)
    }

    /// Writes down how a delivery went, if the claim is still ours.
    async fn mark(&self, row: OutboxRow, outcome: Result<(), Undelivered>, claim: Timestamp) -> StoreResult<()> {
        let (id, tried) = (row.id, row.attempts + 1);
        let outcome = match outcome {
            Err(Undelivered::Later | Undelivered::After(_)) if tried >= TRIES => Err(Undelivered::Never),
            outcome => outcome,
        };
        if outcome == Err(Undelivered::Never) {
            tracing::error!(kind = row.kind, message = id, tried, "a message could not be delivered");
        }
        let pause = match outcome {
            Err(Undelivered::After(pause)) => pause,
            Err(Undelivered::Later | Undelivered::Never) | Ok(()) => pause_after(tried),
        };
        let due = self.clock.now() + pause;
        let marked = self.store.write(move |tx| match outcome {
            Ok(()) => outbox::done(tx, id, claim),
            Err(Undelivered::Later | Undelivered::After(_)) => outbox::postpone(tx, id, claim, due),
            Err(Undelivered::Never) => outbox::give_up(tx, id, claim),
        });
        if !marked.await? {
            tracing::warn!(kind = row.kind, message = id, "a delivery took longer than its claim");
        }
        Ok(())
    }
}

/// The pause after the `tried`-th failure.
fn pause_after(tried: i64) -> Duration {
    let doublings = u32::try_from(tried.saturating_sub(1)).unwrap_or_default().min(16);
    PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

#[async_trait]
impl Job for OutboxJob {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn reach(&self) -> Reach {
        Reach::EveryNode
    }

    fn bell(&self) -> Option<&Notify> {
        Some(&self.bell)
    }

    async fn step(&self) -> Result<(), JobError> {
        if self.deliverers.is_empty() {
            return Ok(());
        }
        for _round in 0..ROUNDS {
            if self.round().await? == 0 {
                return Ok(());
            }
        }
        // There may be more: no rest.
        self.bell.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!(pause_after(1), PAUSE);
        assert_eq!(pause_after(3), Duration::from_secs(20));
        assert_eq!(pause_after(TRIES), LONGEST_PAUSE);
        let whole: Duration = (1..TRIES).map(pause_after).sum();
        assert!(whole > Duration::from_secs(4 * 3_600), "{whole:?}");
    }
}
