//! When keys move on: pure planning over the stored rows.
//!
//! `service` carries a plan out, `jobs::rotate_keys` asks for it every minute,
//! `keys rotate` of the command line asks for it at once. A key is published
//! before it signs and after it has ceased to, so that no verification fails on
//! the way.

use std::time::Duration;

use crate::base::Timestamp;
use crate::config;
use crate::domain::{KeyState, SigningKeyRecord};
use crate::protocol::client_metadata::SigningAlg;

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

impl RotationPolicy {
    /// As configured. A retired key outlives the longest token by a day, since
    /// relying parties may keep a set that long.
    #[must_use]
    pub fn new(keys: &config::Keys, tokens: &config::Tokens) -> Self {
        let margin = Duration::from_secs(24 * 3_600);
        Self {
            publish_ahead: keys.publish_ahead,
            active_for: keys.rotate_after,
            keep_retired: tokens.id.max(tokens.access_jwt) + margin,
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
    Make(SigningAlg, KeyState),
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
    let mut changes: Vec<_> = SigningAlg::ALL
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
    (algorithm, now): (SigningAlg, Timestamp),
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    const POLICY: RotationPolicy = RotationPolicy {
        publish_ahead: Duration::from_secs(24 * 3_600),
        active_for: Duration::from_secs(90 * 86_400),
        keep_retired: Duration::from_secs(25 * 3_600),
    };

    /// A row of ES256 whose times are seconds.
    fn row(kid: &str, state: KeyState, created: i64, activated: Option<i64>, expires: Option<i64>) -> SigningKeyRecord {
        SigningKeyRecord {
            kid: kid.to_owned(),
            algorithm: SigningAlg::Es256,
            state,
            public_jwk: String::new(),
            private_sealed: Vec::new(),
            created_at: Timestamp::from_seconds(created),
            activated_at: activated.map(Timestamp::from_seconds),
            retired_at: None,
            expires_at: expires.map(Timestamp::from_seconds),
        }
    }

    fn active(since: i64) -> SigningKeyRecord {
        row("active", KeyState::Active, since - DAY, Some(since), None)
    }

    fn next(since: i64) -> SigningKeyRecord {
        row("next", KeyState::Next, since, None, None)
    }

    fn es256(records: &[SigningKeyRecord], trigger: Trigger, now: i64) -> Vec<Change> {
        plan(records, &POLICY, trigger, Timestamp::from_seconds(now))
            .into_iter()
            .filter(|change| !matches!(change, Change::Make(SigningAlg::Rs256, _)))
            .collect()
    }

    fn make(state: KeyState) -> Change {
        Change::Make(SigningAlg::Es256, state)
    }

    fn whole_step(now: i64) -> Vec<Change> {
        let end = Timestamp::from_seconds(now) + POLICY.keep_retired;
        vec![Change::Retire("active".into(), end), Change::Activate("next".into()), make(KeyState::Next)]
    }

    #[test]
    fn the_first_start_makes_an_active_and_a_next_key_of_each_algorithm() {
        let changes = plan(&[], &POLICY, Trigger::Due, Timestamp::EPOCH);
        let expected: Vec<_> = SigningAlg::ALL
            .iter()
            .flat_map(|&one| [Change::Make(one, KeyState::Active), Change::Make(one, KeyState::Next)])
            .collect();
        assert_eq!(changes, expected);
    }

    #[rstest]
    #[case::young(89 * DAY, 0, vec![])]
    #[case::of_age(90 * DAY, 0, whole_step(90 * DAY))]
    #[case::of_age_but_the_next_is_not_known_yet(90 * DAY, 90 * DAY - 23 * HOUR, vec![])]
    #[case::and_now_it_is(91 * DAY, 90 * DAY, whole_step(91 * DAY))]
    #[case::the_clock_went_back(-DAY, 0, vec![])]
    fn a_due_key_gives_way_to_one_that_was_published(
        #[case] now: i64,
        #[case] next_since: i64,
        #[case] expected: Vec<Change>,
    ) {
        assert_eq!(es256(&[active(0), next(next_since)], Trigger::Due, now), expected);
    }

    #[test]
    fn the_operator_moves_the_next_key_up_at_once() {
        assert_eq!(es256(&[active(0), next(0)], Trigger::Now, 60), whole_step(60));
    }

    #[test]
    fn a_missing_next_key_is_made_and_never_activated_unpublished() {
        assert_eq!(es256(&[active(0)], Trigger::Now, 60), [make(KeyState::Next)]);
        assert_eq!(es256(&[active(0)], Trigger::Due, 200 * DAY), [make(KeyState::Next)]);
    }

    #[test]
    fn without_an_active_key_the_next_one_signs() {
        assert_eq!(es256(&[next(0)], Trigger::Due, 1), [Change::Activate("next".into()), make(KeyState::Next)]);
    }

    #[test]
    fn a_retired_key_is_dropped_when_its_last_token_is_dead() {
        let retired = row("old", KeyState::Retired, 0, Some(0), Some(DAY));
        let rows = [retired, active(0), next(0)];
        assert_eq!(es256(&rows, Trigger::Due, DAY - 1), []);
        assert_eq!(es256(&rows, Trigger::Due, DAY), [Change::Drop("old".into())]);
    }

    #[test]
    fn the_configured_life_of_tokens_decides_how_long_a_retired_key_stays() {
        let config = config::Config::from_parts("[tokens]\nid = \"12h\"", []).unwrap();
        let policy = RotationPolicy::new(&config.keys, &config.tokens);
        assert_eq!(policy.keep_retired, Duration::from_secs(36 * 3_600));
        assert_eq!(policy.active_for, Duration::from_secs(90 * 86_400));
    }
}
