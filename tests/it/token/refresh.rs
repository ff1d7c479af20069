//! `grant_type=refresh_token`.

use std::time::Duration;

use menshen::base::id::ClientId;
use menshen::domain::grant::GrantEnd;
use menshen::domain::{AccountStatus, AuditKind, Outcome, PrincipalStatus};
use menshen::protocol::{ClientMetadata, ErrorCode, Scope};
use menshen::store::{accounts, clients, consents, principals, sign_ins};
use menshen::token::{GrantError, TokenError};
use rstest::rstest;
use serde_json::json;

use super::house::{House, access_of, claims_of, code_of, console, refresh_of};
use crate::support::database::Backend::{self, Postgres, Sqlite};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn reason<T>(outcome: Result<T, TokenError>) -> GrantError {
    match outcome.err() {
        Some(TokenError::Refresh(reason)) => reason,
        Some(other) => panic!("another refusal: {other}"),
        None => panic!("tokens"),
    }
}

/// conformance-needs 8.
#[rstest]
#[tokio::test]
async fn a_refresh_rotates_and_tells_of_the_same_sign_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let first = house.signed_in().await;
    house.after(Duration::from_secs(120));
    let second = house.refresh("console", refresh_of(&first)).await.unwrap();
    assert_ne!(refresh_of(&first), refresh_of(&second));
    assert!(house.is_active(access_of(&first)).await && house.is_active(access_of(&second)).await);
    let ids = [&first, &second].map(|tokens| claims_of(tokens.id_token().unwrap().expose()));
    for same in ["iss", "sub", "aud", "auth_time", "sid", "acr", "amr"] {
        assert_eq!(ids[0][same], ids[1][same], "{same}");
    }
    assert!(ids[1].get("nonce").is_none() && ids[1]["iat"] != ids[0]["iat"]);
    assert!(house.refresh("console", refresh_of(&second)).await.is_ok());
}

/// TK-11.
#[rstest]
#[tokio::test]
async fn a_replayed_refresh_token_ends_its_family(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let first = house.signed_in().await;
    let second = house.refresh("console", refresh_of(&first)).await.unwrap();
    house.after(Duration::from_secs(1));
    assert!(matches!(reason(house.refresh("console", refresh_of(&first)).await), GrantError::Replayed(_)));
    assert_eq!(reason(house.refresh("console", refresh_of(&second)).await), GrantError::Ended(GrantEnd::Revoked));
    for dead in [&first, &second] {
        assert!(!house.is_active(access_of(dead)).await);
        assert!(!house.is_active(refresh_of(dead)).await);
    }
    assert_eq!(house.events().await[0].kind, AuditKind::RefreshReplayed);
}

/// TK-13: a narrow refresh does not narrow the family, a wide one burns nothing.
#[rstest]
#[tokio::test]
async fn one_refresh_narrows_its_own_access_token_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let first = house.signed_in().await;
    let refresh = |token: String, scope: &'static str| {
        let house = &house;
        async move {
            let body = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
            house.token("console", &body).await
        }
    };
    let token = refresh_of(&first).to_owned();
    for wide in ["openid ecs:write", "openid admin", "openid phone"] {
        assert_eq!(code_of(refresh(token.clone(), wide).await), ErrorCode::InvalidScope, "{wide}");
    }
    let narrow = refresh(token, "openid").await.unwrap();
    assert_eq!(narrow.scope().to_string(), "openid");
    let full = house.refresh("console", refresh_of(&narrow)).await.unwrap();
    assert_eq!(full.scope(), first.scope());
}

#[rstest]
#[tokio::test]
async fn another_clients_refresh_token_is_an_invalid_grant_and_stays_good(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let stolen = reason(house.refresh("other", refresh_of(&tokens)).await);
    assert!(matches!(stolen, GrantError::OtherClient { .. }) && stolen.code() == ErrorCode::InvalidGrant);
    assert!(house.refresh("console", refresh_of(&tokens)).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn a_family_ends_when_it_is_idle_or_old(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let idle = house.signed_in().await;
    let mut used = house.signed_in().await;
    house.after(DAY * 13);
    used = house.refresh("console", refresh_of(&used)).await.unwrap();
    house.after(DAY);
    assert_eq!(reason(house.refresh("console", refresh_of(&idle)).await), GrantError::Expired);
    house.after(DAY * 12);
    used = house.refresh("console", refresh_of(&used)).await.unwrap();
    // The last token of the family lives no longer than the family.
    house.after(DAY * 3 + Duration::from_secs(86_340));
    used = house.refresh("console", refresh_of(&used)).await.unwrap();
    assert_eq!(serde_json::to_value(&used).unwrap()["expires_in"], json!(60));
    house.after(Duration::from_secs(60));
    assert_eq!(reason(house.refresh("console", refresh_of(&used)).await), GrantError::Ended(GrantEnd::Expired));
}

/// contract.md: such a family outlives the sign-in.
#[rstest]
#[tokio::test]
async fn a_family_outlives_its_sign_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let sign_in = house.sign_in;
    house.write(move |tx| sign_ins::end(tx, sign_in)).await;
    assert!(house.refresh("console", refresh_of(&tokens)).await.is_ok());
}

/// LC-01, LC-02.
#[rstest]
#[tokio::test]
async fn whoever_was_stopped_refreshes_nothing_and_whoever_is_let_go_does_again(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let root = house.root.clone();
    let set = |status| {
        let id = root.id.clone();
        house.write(move |tx| principals::set_status(tx, &id, status))
    };
    set(PrincipalStatus::Disabled).await;
    let stopped = reason(house.refresh("console", refresh_of(&tokens)).await);
    assert_eq!(stopped, GrantError::Ended(GrantEnd::PrincipalDisabled));
    set(PrincipalStatus::Active).await;
    let account = root.account.id.clone();
    house.write(move |tx| accounts::set_status(tx, &account, AccountStatus::Suspended)).await;
    let stopped = reason(house.refresh("console", refresh_of(&tokens)).await);
    assert_eq!(stopped, GrantError::Ended(GrantEnd::OwnerSuspended));
}

/// LC-04.
#[rstest]
#[tokio::test]
async fn what_was_taken_back_is_not_refreshed(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let scope = Scope::parse("openid profile offline_access").unwrap();
    house.put_client("console", ClientMetadata { scope, ..console() }).await;
    let fewer = house.refresh("console", refresh_of(&tokens)).await.unwrap();
    assert_eq!(fewer.scope().to_string(), "offline_access openid profile");
    let (principal, client) = (house.root.id.clone(), ClientId::from_text("console"));
    house.write(move |tx| consents::remove(tx, &principal, &client)).await;
    let gone = reason(house.refresh("console", refresh_of(&fewer)).await);
    assert_eq!(gone, GrantError::Ended(GrantEnd::Revoked));
    assert!(!house.is_active(access_of(&fewer)).await);
}

/// Within a second, without a word to this process.
#[rstest]
#[tokio::test]
async fn a_disabled_client_is_out_within_a_second(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let console = ClientId::from_text("console");
    house.write(move |tx| clients::set_status(tx, &console, menshen::domain::ClientStatus::Disabled)).await;
    house.after(Duration::from_millis(900));
    assert_eq!(code_of(house.refresh("console", refresh_of(&tokens)).await), ErrorCode::InvalidClient);
}

#[rstest]
#[tokio::test]
async fn every_refresh_is_in_the_audit_trail(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let first = house.signed_in().await;
    let before = house.events().await.len();
    house.refresh("console", refresh_of(&first)).await.unwrap();
    let events = house.events().await;
    assert_eq!(events.len(), before + 1);
    let event = &events[0];
    assert_eq!((event.kind, event.outcome), (AuditKind::TokensIssued, Outcome::Success));
    assert_eq!(
        (event.principal.as_ref(), event.account.as_ref()),
        (Some(&house.root.id), Some(&house.root.account.id))
    );
    assert_eq!((event.client.as_ref().unwrap().as_str(), event.detail.as_str()), ("console", "refresh_token"));
}
