//! When keys move on: pure planning over the stored rows.
//!
//! `service` carries a plan out, `jobs::rotate_keys` asks for it every minute,
//! `keys rotate` of the command line asks for it at once. A key is published
//! before it signs and after it has ceased to, so that no verification fails on
//! the way.

use std::time::Duration;

use crate::base::Timestamp;
use crate::domain::{KeyState, SigningAlgorithm, SigningKeyRecord};

/// How long a key stays in each state.
#[derive(Clone, Copy, Debug)]
pub struct RotationPolicy {
    /// At least this long a key is published before it signs.
    pub publish_ahead: Duration,
    /// This long a key signs.
    pub active_for: Duration,
    /// This long a retired key stays published: longer than any token lives
    /// and than relying parties cache the set.
    pub keep_retired: Duration,
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            publish_ahead: Duration::from_hours(24),
            active_for: Duration::from_hours(90 * 24),
            keep_retired: Duration::from_hours(24),
        }
    }
}

/// Why a plan is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trigger {
    /// Time has passed: move what is due.
    Due,
    /// The operator says so: the next key signs at once.
    Now,
}

/// One step of a plan. Steps are carried out in order, in one transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// Make a key in this state.
    Make(SigningAlgorithm, KeyState),
    /// active → retired; published until then.
    Retire(String, Timestamp),
    /// next → active.
    Activate(String),
    /// No token of it can live: forget it.
    Drop(String),
}

/// What must change now. An empty plan means that all is well.
#[must_use]
pub fn plan(records: &[SigningKeyRecord], policy: &RotationPolicy, trigger: Trigger, now: Timestamp) -> Vec<Change> {
    let mut changes: Vec<_> = SigningAlgorithm::ALL
        .iter()
        .flat_map(|&algorithm| plan_algorithm(records, policy, trigger, (algorithm, now)))
        .collect();
    let dead = records.iter().filter(|record| record.state == KeyState::Retired && !record.is_published(now));
    changes.extend(dead.map(|record| Change::Drop(record.kid.clone())));
    changes
}

fn plan_algorithm(
    records: &[SigningKeyRecord],
    policy: &RotationPolicy,
    trigger: Trigger,
    (algorithm, now): (SigningAlgorithm, Timestamp),
) -> Vec<Change> {
    let in_state = |state| records.iter().filter(move |one| one.algorithm == algorithm && one.state == state);
    let active = in_state(KeyState::Active).next();
    // The one that has been published longest is known best.
    let next = in_state(KeyState::Next).min_by_key(|record| record.created_at);
    let make = |state| Change::Make(algorithm, state);
    let Some(active) = active else {
        let first = next.map_or(make(KeyState::Active), |next| Change::Activate(next.kid.clone()));
        return vec![first, make(KeyState::Next)];
    };
    let Some(next) = next else {
        return vec![make(KeyState::Next)];
    };
    let is_due = || {
        let signs_since = active.activated_at.unwrap_or(active.created_at);
        now.since(signs_since) >= policy.active_for && now.since(next.created_at) >= policy.publish_ahead
    };
    if trigger == Trigger::Due && !is_due() {
        return Vec::new();
    }
    vec![
        Change::Retire(active.kid.clone(), now + policy.keep_retired),
        Change::Activate(next.kid.clone()),
        make(KeyState::Next),
    ]
}
