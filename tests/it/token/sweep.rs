//! What is over is forgotten, and nothing sooner.

use std::time::Duration;

use menshen::protocol::ErrorCode;
use menshen::store::{access_tokens, codes, grants, refresh_tokens, revoked_jwts, used_assertions};
use menshen::token::{GrantError, TokenError};
use rstest::rstest;

use super::house::{House, code_of, refresh_of};
use crate::support::database::Backend::{self, Postgres, Sqlite};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Rows that each sweep deleted: access tokens, grants, codes, refresh tokens.
async fn sweep(house: &House) -> [usize; 4] {
    let swept = house.write(|tx| {
        let now = tx.now();
        let access = access_tokens::sweep(tx, 0, now)?;
        let grants = grants::sweep(tx, 0, now)?;
        let (codes, refresh) = (codes::sweep(tx, 0, now)?, refresh_tokens::sweep(tx, 0, now)?);
        revoked_jwts::sweep(tx, now)?;
        used_assertions::sweep(tx, now)?;
        Ok([access, grants, codes, refresh])
    });
    swept.await.map(|swept| swept.deleted)
}

#[rstest]
#[tokio::test]
async fn spent_rows_stay_while_their_family_lives(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[]).await;
    let mut tokens = house.exchange("console", &code).await.unwrap();
    assert_eq!(sweep(&house).await, [0, 0, 0, 0]);
    house.after(DAY * 13);
    tokens = house.refresh("console", refresh_of(&tokens)).await.unwrap();
    house.after(DAY * 2);
    // The first access token is over; the spent code and refresh token still tell a replay.
    assert_eq!(sweep(&house).await, [2, 0, 0, 0]);
    let replay = house.exchange("console", &code).await;
    assert!(matches!(replay, Err(TokenError::Exchange(GrantError::Replayed(_)))));
    assert_eq!(code_of(house.refresh("console", refresh_of(&tokens)).await), ErrorCode::InvalidGrant);
    house.after(DAY * 15);
    assert_eq!(sweep(&house).await, [0, 1, 1, 2]);
    assert_eq!(sweep(&house).await, [0, 0, 0, 0]);
    assert!(matches!(house.exchange("console", &code).await, Err(TokenError::Exchange(GrantError::Unknown))));
}
