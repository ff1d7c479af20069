//! Revocation.

use menshen::base::Secret;
use menshen::domain::AuditKind;
use menshen::protocol::client_metadata::AccessTokenFormat;
use menshen::protocol::{ClientMetadata, ErrorCode};
use rstest::rstest;

use super::house::{House, access_of, call, code_of, console, refresh_of};
use crate::support::database::Backend::{self, Postgres, Sqlite};

async fn revoke(house: &House, client: &str, token: &str) {
    let client = house.client(client).await;
    house.tokens.revoke(&client, &Secret::new(token.to_owned()), &call()).await.expect("200");
}

#[rstest]
#[tokio::test]
async fn an_access_token_goes_by_itself(
    #[values(AccessTokenFormat::Opaque, AccessTokenFormat::Jwt)] access_token_format: AccessTokenFormat,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    house.put_client("console", ClientMetadata { access_token_format, ..console() }).await;
    let tokens = house.signed_in().await;
    revoke(&house, "console", access_of(&tokens)).await;
    revoke(&house, "console", access_of(&tokens)).await;
    assert!(!house.is_active(access_of(&tokens)).await);
    assert_eq!(house.events().await[0].kind, AuditKind::TokenRevoked);
    assert!(house.refresh("console", refresh_of(&tokens)).await.is_ok());
}

/// IR-05.
#[rstest]
#[tokio::test]
async fn a_refresh_token_takes_its_family_along(
    #[values("newest", "spent")] which: &str,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    let first = house.signed_in().await;
    let second = house.refresh("console", refresh_of(&first)).await.unwrap();
    let revoked = if which == "newest" { &second } else { &first };
    revoke(&house, "console", refresh_of(revoked)).await;
    for dead in [access_of(&first), access_of(&second), refresh_of(&second)] {
        assert!(!house.is_active(dead).await);
    }
    assert_eq!(code_of(house.refresh("console", refresh_of(&second)).await), ErrorCode::InvalidGrant);
}

/// IR-04.
#[rstest]
#[tokio::test]
async fn a_token_of_another_client_stays_as_it_was(
    #[values(AccessTokenFormat::Opaque, AccessTokenFormat::Jwt)] access_token_format: AccessTokenFormat,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    house.put_client("console", ClientMetadata { access_token_format, ..console() }).await;
    let tokens = house.signed_in().await;
    for token in [access_of(&tokens), refresh_of(&tokens), "mat_x", "nothing", "a.b.c"] {
        revoke(&house, "other", token).await;
    }
    assert!(house.is_active(access_of(&tokens)).await && house.is_active(refresh_of(&tokens)).await);
}

/// IR-06: what was not stored is not acknowledged.
#[rstest]
#[tokio::test]
async fn a_revocation_that_was_not_stored_is_an_error() {
    let house = House::new(Sqlite).await;
    let tokens = house.signed_in().await;
    let client = house.client("console").await;
    let mut conn = house.database.connect();
    diesel::connection::SimpleConnection::batch_execute(&mut conn, "BEGIN IMMEDIATE").unwrap();
    let token = Secret::new(refresh_of(&tokens).to_owned());
    let outcome = house.tokens.revoke(&client, &token, &call()).await;
    assert!(outcome.is_err_and(|error| error.is_unavailable()));
    diesel::connection::SimpleConnection::batch_execute(&mut conn, "COMMIT").unwrap();
    revoke(&house, "console", refresh_of(&tokens)).await;
    assert!(!house.is_active(access_of(&tokens)).await);
}
