//! Counters of guesses: exact under real concurrency, forgiving in time.

use std::sync::Arc;
use std::time::Duration;

use menshen::base::TestClock;
use menshen::store::throttle::{Budget, Reservation, Window, give_back, reserve, sweep};
use menshen::store::{Store, StoreResult};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;

const BUCKET: [u8; 32] = [7; 32];
const QUIET: Budget =
    Budget { burst: 10, window: Window::Quiet(Duration::from_secs(900)), interval: Duration::from_secs(30) };

struct Counted {
    _database: TestDatabase,
    store: Store,
    clock: TestClock,
}

impl Counted {
    fn new(backend: Backend) -> Self {
        let (database, clock) = (TestDatabase::new(backend), TestDatabase::clock());
        let store = database.open_with(TestDatabase::options(), Arc::new(clock.clone()));
        Self { _database: database, store, clock }
    }

    async fn reserve(&self, budget: Budget) -> Reservation {
        self.store.write(move |tx| reserve(tx, &BUCKET, &budget)).await.unwrap()
    }

    /// How many of `tries` in a row are granted.
    async fn granted(&self, tries: usize, budget: Budget) -> usize {
        let mut granted = 0;
        for _ in 0..tries {
            granted += usize::from(self.reserve(budget).await == Reservation::Granted);
        }
        granted
    }
}

#[rstest]
#[tokio::test]
async fn of_64_guesses_at_once_ten_are_granted_and_none_fails(#[values(Sqlite, Postgres)] backend: Backend) {
    let counted = Counted::new(backend);
    let mut guesses = JoinSet::new();
    for _ in 0..64 {
        let store = counted.store.clone();
        guesses.spawn(async move { store.write(|tx| reserve(tx, &BUCKET, &QUIET)).await });
    }
    let results: StoreResult<Vec<_>> = guesses.join_all().await.into_iter().collect();
    let granted = results.unwrap().into_iter().filter(|one| *one == Reservation::Granted).count();
    assert_eq!(granted, 10);
}

#[rstest]
#[tokio::test]
async fn beyond_the_burst_one_is_granted_every_interval(#[values(Sqlite, Postgres)] backend: Backend) {
    let counted = Counted::new(backend);
    assert_eq!(counted.granted(12, QUIET).await, 10);
    for _ in 0..3 {
        counted.clock.advance(Duration::from_secs(29));
        let until = TestDatabase::clock();
        until.set(menshen::base::Clock::now(&counted.clock) + Duration::from_secs(1));
        assert_eq!(counted.reserve(QUIET).await, Reservation::Refused { until: menshen::base::Clock::now(&until) });
        counted.clock.advance(Duration::from_secs(1));
        assert_eq!(counted.granted(2, QUIET).await, 1);
    }
}

#[rstest]
#[tokio::test]
async fn a_quiet_window_begins_again_only_after_quiet(#[values(Sqlite, Postgres)] backend: Backend) {
    let counted = Counted::new(backend);
    assert_eq!(counted.granted(10, QUIET).await, 10);
    counted.clock.advance(Duration::from_secs(890));
    assert_eq!(counted.granted(2, QUIET).await, 1);
    counted.clock.advance(Duration::from_secs(890));
    assert_eq!(counted.granted(2, QUIET).await, 1);
    counted.clock.advance(Duration::from_secs(900));
    assert_eq!(counted.granted(12, QUIET).await, 10);
}

#[rstest]
#[tokio::test]
async fn a_fixed_window_ends_on_time_however_busy(#[values(Sqlite, Postgres)] backend: Backend) {
    let counted = Counted::new(backend);
    let fixed = Budget { window: Window::Fixed(Duration::from_secs(60)), ..QUIET };
    assert_eq!(counted.granted(11, fixed).await, 10);
    counted.clock.advance(Duration::from_secs(59));
    assert_eq!(counted.granted(2, fixed).await, 1);
    counted.clock.advance(Duration::from_secs(1));
    assert_eq!(counted.granted(11, fixed).await, 10);
}

#[rstest]
#[tokio::test]
async fn what_is_given_back_is_free_again_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let counted = Counted::new(backend);
    assert_eq!(counted.granted(11, QUIET).await, 10);
    counted.store.write(|tx| give_back(tx, &BUCKET)).await.unwrap();
    assert_eq!(counted.granted(2, QUIET).await, 1);
    counted.store.write(|tx| give_back(tx, &[9; 32])).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn only_what_is_over_is_swept(#[values(Sqlite, Postgres)] backend: Backend) {
    let counted = Counted::new(backend);
    assert_eq!(counted.granted(11, QUIET).await, 10);
    counted.clock.advance(Duration::from_secs(899));
    assert_eq!(counted.store.write(|tx| sweep(tx, 100)).await.unwrap(), 0);
    counted.clock.advance(Duration::from_secs(1));
    assert_eq!(counted.store.write(|tx| sweep(tx, 100)).await.unwrap(), 1);
    assert_eq!(counted.granted(11, QUIET).await, 10);
}
