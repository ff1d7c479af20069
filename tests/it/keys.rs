//! Signing keys in the store: first start, rotation, several nodes.

use std::sync::Arc;
use std::time::Duration;

use menshen::base::{Clock, SeededEntropy, TestClock};
use menshen::domain::{KeyState, SigningKeyRecord};
use menshen::keys::{Expiry, KeyKeeper, OwnRules, RotationPolicy, SigningKeys, TokenType, Trigger, Vault};
use menshen::protocol::client_metadata::SigningAlg;
use menshen::store::{Store, signing_keys};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;

const POLICY: RotationPolicy = RotationPolicy {
    publish_ahead: Duration::from_secs(24 * 3_600),
    active_for: Duration::from_secs(90 * 86_400),
    keep_retired: Duration::from_secs(25 * 3_600),
};

/// A database and the clock of its nodes.
struct Bench {
    database: TestDatabase,
    clock: TestClock,
}

impl Bench {
    fn new(backend: Backend) -> Self {
        Self { database: TestDatabase::new(backend), clock: TestDatabase::clock() }
    }

    /// With the keys that the tests share.
    async fn with_keys(backend: Backend) -> Self {
        let bench = Self::new(backend);
        support::signing_keys::seed(&bench.node().store, POLICY).await;
        bench
    }

    /// One node: a store of its own and a keeper on it.
    fn node(&self) -> Node {
        let store = self.database.open_with(TestDatabase::options(), Arc::new(self.clock.clone()));
        let keeper = support::signing_keys::keeper(store.clone(), POLICY);
        Node { store, keeper }
    }

    fn claims(&self) -> Value {
        json!({"iss": "https://id.example", "aud": "api", "exp": self.clock.now().seconds() + 300})
    }

    fn sign(&self, ring: &SigningKeys, algorithm: SigningAlg) -> String {
        ring.sign(algorithm, TokenType::Access, &self.claims()).unwrap()
    }

    fn verifies(&self, ring: &SigningKeys, token: &str) -> bool {
        let (typ, issuer, expiry) = (TokenType::Access, "https://id.example", Expiry::Ignored);
        let rules = OwnRules { typ, issuer, audience: Some("api"), expiry, now: self.clock.now() };
        ring.verify::<Value>(token, &rules).is_ok()
    }
}

#[derive(Clone)]
struct Node {
    store: Store,
    keeper: KeyKeeper,
}

impl Node {
    async fn rows(&self) -> Vec<SigningKeyRecord> {
        self.store.read(signing_keys::list).await.unwrap()
    }

    async fn count(&self, algorithm: SigningAlg, state: KeyState) -> usize {
        self.rows().await.iter().filter(|row| row.algorithm == algorithm && row.state == state).count()
    }

    async fn assert_one_of_each(&self) {
        for algorithm in SigningAlg::ALL {
            assert_eq!(self.count(algorithm, KeyState::Active).await, 1);
            assert_eq!(self.count(algorithm, KeyState::Next).await, 1);
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_first_start_makes_the_keys_and_the_second_finds_them(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend);
    let ring = bench.node().keeper.open().await.unwrap();
    let again = bench.node();
    let found = again.keeper.open().await.unwrap();
    assert_eq!(again.rows().await.len(), 4);
    assert_eq!(ring.jwks_json(), found.jwks_json());
    for algorithm in SigningAlg::ALL {
        assert!(bench.verifies(&found, &bench.sign(&ring, algorithm)));
    }
}

#[rstest]
#[tokio::test]
async fn nodes_that_start_at_once_share_one_set_of_keys(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend);
    let mut starts = JoinSet::new();
    for node in [bench.node(), bench.node(), bench.node()] {
        starts.spawn(async move { node.keeper.open().await.unwrap() });
    }
    let rings = starts.join_all().await;
    bench.node().assert_one_of_each().await;
    for (one, two) in rings.iter().zip(rings.iter().skip(1)) {
        assert!(bench.verifies(one, &bench.sign(two, SigningAlg::Es256)));
    }
}

#[rstest]
#[tokio::test]
async fn nodes_that_rotate_at_once_leave_one_active_key(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::with_keys(backend).await;
    let (one, two) = (bench.node(), bench.node());
    let ring = one.keeper.open().await.unwrap();
    let tokens = SigningAlg::ALL.map(|algorithm| bench.sign(&ring, algorithm));
    let mut rotations = JoinSet::new();
    for node in [&one, &two, &one, &two] {
        let node = node.clone();
        rotations.spawn(async move { node.keeper.rotate(Trigger::Now).await.unwrap() });
    }
    rotations.join_all().await;
    one.assert_one_of_each().await;
    one.keeper.reload(&ring).await.unwrap();
    assert!(tokens.iter().all(|token| bench.verifies(&ring, token)));
}

#[rstest]
#[tokio::test]
async fn jw_08_a_rotation_fails_no_verification_anywhere(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::with_keys(backend).await;
    let (server, other) = (bench.node(), bench.node());
    let (ring, unaware) = (server.keeper.open().await.unwrap(), other.keeper.open().await.unwrap());
    let old = bench.sign(&ring, SigningAlg::Rs256);

    // The command line, in a process of its own.
    bench.node().keeper.rotate(Trigger::Now).await.unwrap();
    assert!(server.keeper.reload(&ring).await.unwrap());
    assert!(!server.keeper.reload(&ring).await.unwrap());
    let new = bench.sign(&ring, SigningAlg::Rs256);
    assert_ne!(old.split('.').next(), new.split('.').next());
    for token in [&old, &new] {
        assert!(bench.verifies(&ring, token) && bench.verifies(&unaware, token));
    }

    bench.clock.advance(POLICY.keep_retired);
    assert!(!bench.verifies(&ring, &old) && bench.verifies(&ring, &new));
    server.keeper.rotate(Trigger::Due).await.unwrap();
    assert_eq!(server.rows().await.len(), 4);
    server.keeper.reload(&ring).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&ring.jwks_json()).unwrap()["keys"].as_array().unwrap().len(), 4);
}

#[rstest]
#[tokio::test]
async fn keys_move_on_by_themselves_after_their_time(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::with_keys(backend).await;
    let node = bench.node();
    let ring = node.keeper.open().await.unwrap();
    let token = bench.sign(&ring, SigningAlg::Es256);
    assert_eq!(node.keeper.rotate(Trigger::Due).await.unwrap(), []);
    bench.clock.advance(POLICY.active_for);
    assert_eq!(node.keeper.rotate(Trigger::Due).await.unwrap().len(), 6);
    assert_eq!(node.keeper.rotate(Trigger::Due).await.unwrap(), []);
    node.assert_one_of_each().await;
    node.keeper.reload(&ring).await.unwrap();
    assert!(bench.verifies(&ring, &token));
    assert_eq!(node.rows().await.len(), 6);
}

#[rstest]
#[tokio::test]
async fn another_key_encryption_key_opens_no_signing_key(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::with_keys(backend).await;
    let node = bench.node();
    node.keeper.open().await.unwrap();
    let vault = Arc::new(Vault::from_bytes(&[6; 32]));
    let stranger = KeyKeeper::new(node.store.clone(), vault, Arc::new(SeededEntropy::new(1)), POLICY);
    let error = stranger.open().await.err().unwrap().to_string();
    assert!(error.contains("another key-encryption key"), "{error}");
}
