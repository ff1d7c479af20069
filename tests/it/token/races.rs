//! One code, one refresh token, many presenters (TK-02, TK-12).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use menshen::base::{Clock, TestClock, Timestamp};
use menshen::protocol::ErrorCode;
use menshen::store::AnyConnection;
use menshen::token::{TokenAnswer, TokenError};
use rstest::rstest;
use tokio::task::JoinSet;

use super::house::{House, access_of, exchange_of, refresh_of};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;

const PRESENTERS: usize = 64;

/// A clock that moves on by 5 ms whenever somebody looks.
struct Ticking {
    start: TestClock,
    looks: AtomicI64,
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_micros(self.start.now().micros() + looks * 5_000)
    }
}

async fn ticking(backend: Backend) -> Arc<House> {
    let start = TestDatabase::clock();
    let shared = Arc::new(Ticking { start: start.clone(), looks: AtomicI64::new(0) });
    Arc::new(House::with_clock(backend, start, shared).await)
}

/// Presents `body` at once, as requests that arrive one after the other.
fn present(house: &Arc<House>, body: &[(&str, &str)], into: &mut JoinSet<Result<TokenAnswer, TokenError>>) {
    let body: Vec<_> = body.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (house, arrived_at) = (Arc::clone(house), house.tokens.now());
    into.spawn(async move {
        let body: Vec<_> = body.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        house.token_at(arrived_at, "console", &body).await
    });
}

/// The one that won; all others are refused alike, none with a fault of ours.
async fn winner(mut presented: JoinSet<Result<TokenAnswer, TokenError>>) -> TokenAnswer {
    let mut won = Vec::new();
    while let Some(outcome) = presented.join_next().await {
        match outcome.expect("no panic") {
            Ok(answer) => won.push(answer),
            Err(error) => assert_eq!(error.code(), ErrorCode::InvalidGrant, "{error}"),
        }
    }
    assert_eq!(won.len(), 1);
    won.remove(0)
}

#[rstest]
#[tokio::test]
async fn of_sixty_four_exchanges_exactly_one_wins(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = Arc::new(House::new(backend).await);
    let code = house.code("console", &[]).await;
    let mut presented = JoinSet::new();
    for _ in 0..PRESENTERS {
        present(&house, &exchange_of(&code), &mut presented);
    }
    let tokens = winner(presented).await;
    assert!(house.is_active(access_of(&tokens)).await, "the family lives");
}

#[rstest]
#[tokio::test]
async fn of_sixty_four_refreshes_exactly_one_wins(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = Arc::new(House::new(backend).await);
    let first = house.signed_in().await;
    let body = [("grant_type", "refresh_token"), ("refresh_token", refresh_of(&first))];
    let mut presented = JoinSet::new();
    for _ in 0..PRESENTERS {
        present(&house, &body, &mut presented);
    }
    let tokens = winner(presented).await;
    assert!(house.is_active(access_of(&tokens)).await, "the family lives");
    assert!(house.refresh("console", refresh_of(&tokens)).await.is_ok());
}

/// While somebody else holds the write lock they all arrive; time passes at
/// every look at the clock, so only a spend that reads it after the row is its
/// own lets the family live.
#[rstest]
#[tokio::test]
async fn presenters_that_arrived_under_a_lock_are_concurrent(
    #[values("code", "refresh")] what: &str,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = ticking(backend).await;
    let code = house.code("console", &[]).await;
    let bought = if what == "refresh" { Some(house.exchange("console", &code).await.unwrap()) } else { None };
    let body = match &bought {
        Some(tokens) => vec![("grant_type", "refresh_token"), ("refresh_token", refresh_of(tokens))],
        None => exchange_of(&code),
    };
    let mut presented = JoinSet::new();
    let mut lock = house.database.connect();
    match backend {
        Sqlite => lock.batch_execute("BEGIN IMMEDIATE").unwrap(),
        Postgres => {
            let table = if bought.is_some() { "refresh_tokens" } else { "codes" };
            lock.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")).unwrap();
        }
    }
    present(&house, &body, &mut presented);
    // The first one hands its job over, which then waits for the lock.
    tokio::task::yield_now().await;
    if backend == Postgres {
        wait_for_a_waiter(&mut house.database.connect()).await;
    }
    // These arrive after the first one has begun to wait.
    for _ in 1..16 {
        present(&house, &body, &mut presented);
    }
    lock.batch_execute("COMMIT").unwrap();
    let tokens = winner(presented).await;
    assert!(house.is_active(access_of(&tokens)).await, "the family lives");
}

#[derive(QueryableByName)]
struct Waiters {
    #[diesel(sql_type = BigInt)]
    waiting: i64,
}

async fn wait_for_a_waiter(conn: &mut AnyConnection) {
    let sql = "SELECT count(*) AS waiting FROM pg_locks JOIN pg_database ON pg_database.oid = database
               WHERE NOT granted AND datname = current_database()";
    while diesel::sql_query(sql).get_result::<Waiters>(conn).unwrap().waiting == 0 {
        tokio::task::yield_now().await;
    }
}
