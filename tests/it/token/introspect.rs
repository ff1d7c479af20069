//! Introspection: who may know what, and for how long a token counts.

use std::time::Duration;

use menshen::domain::{AccountStatus, PrincipalStatus};
use menshen::protocol::ClientMetadata;
use menshen::protocol::client_metadata::AccessTokenFormat;
use menshen::store::{accounts, principals, sign_ins};
use rstest::rstest;
use serde_json::{Value, json};

use super::house::{API, House, ISSUER, access_of, claims_of, console, refresh_of};
use crate::support::database::Backend::{self, Postgres, Sqlite};

fn inactive() -> Value {
    json!({"active": false})
}

fn with_format(access_token_format: AccessTokenFormat) -> ClientMetadata {
    ClientMetadata { access_token_format, ..console() }
}

#[rstest]
#[tokio::test]
async fn a_live_token_tells_everything_that_a_resource_decides_by(
    #[values(AccessTokenFormat::Opaque, AccessTokenFormat::Jwt)] format: AccessTokenFormat,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    house.put_client("console", with_format(format)).await;
    house.put_client("api", console()).await;
    let tokens = house.signed_in().await;
    let now = house.tokens.now().seconds();
    let mut expected = json!({
        "active": true, "scope": "account ecs:read email offline_access openid profile", "client_id": "console",
        "username": "acme", "token_type": "Bearer", "exp": now + 600, "iat": now, "sub": "p_root", "aud": API,
        "iss": ISSUER, "sid": "sid-of-console", "auth_time": now, "acr": "aal1", "amr": ["pwd"],
        "principal_type": "root", "account_id": "104857600000", "owner_account_id": "104857600000",
        "billing_account_id": "104857600000",
    });
    if format == AccessTokenFormat::Jwt {
        expected["exp"] = json!(now + 300);
        expected["jti"] = claims_of(access_of(&tokens))["jti"].clone();
    }
    // To the client itself, and to the API that the token is for.
    assert_eq!(house.introspect("console", access_of(&tokens)).await, expected);
    assert_eq!(house.introspect("api", access_of(&tokens)).await, expected);
}

/// RFC 9068 §2.2.
#[rstest]
#[tokio::test]
async fn an_access_token_in_jwt_form_carries_the_claims_of_its_profile() {
    let house = House::new(Sqlite).await;
    house.put_client("console", with_format(AccessTokenFormat::Jwt)).await;
    let tokens = house.signed_in().await;
    let claims = claims_of(access_of(&tokens));
    let now = house.tokens.now().seconds();
    let expected = json!({
        "iss": ISSUER, "exp": now + 300, "aud": API, "sub": "p_root", "client_id": "console", "iat": now,
        "jti": claims["jti"], "scope": "account ecs:read email offline_access openid profile", "auth_time": now,
        "acr": "aal1", "amr": ["pwd"], "principal_type": "root", "account_id": "104857600000",
        "owner_account_id": "104857600000", "billing_account_id": "104857600000",
    });
    assert_eq!(claims, expected);
}

/// IR-02.
#[rstest]
#[tokio::test]
async fn a_stranger_learns_nothing(
    #[values(AccessTokenFormat::Opaque, AccessTokenFormat::Jwt)] format: AccessTokenFormat,
) {
    let house = House::new(Sqlite).await;
    house.put_client("console", with_format(format)).await;
    let tokens = house.signed_in().await;
    assert_eq!(house.introspect("other", access_of(&tokens)).await, inactive());
    assert_eq!(house.introspect("other", refresh_of(&tokens)).await, inactive());
    house.put_client("api", console()).await;
    assert_eq!(house.introspect("api", refresh_of(&tokens)).await, inactive());
}

/// IR-03.
#[rstest]
#[tokio::test]
async fn what_is_no_live_token_is_inactive(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let live = access_of(&tokens);
    for wrong in ["", "x", "mat_", "mrt_", "a.b.c", &live[..57], &live.replace("mat_", "mrt_")] {
        assert_eq!(house.introspect("console", wrong).await, inactive(), "{wrong}");
    }
    // An ID token is no access token, though our key signed it.
    let id_token = tokens.id_token().unwrap().expose();
    assert_eq!(house.introspect("console", id_token).await, inactive());
    house.after(Duration::from_secs(600));
    assert_eq!(house.introspect("console", live).await, inactive());
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_is_known_to_its_own_client(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let told = house.introspect("console", refresh_of(&tokens)).await;
    let now = house.tokens.now().seconds();
    assert_eq!((&told["active"], &told["exp"]), (&json!(true), &json!(now + 14 * 24 * 3_600)));
    assert!(told.get("token_type").is_none() && told.get("aud").is_none());
    house.refresh("console", refresh_of(&tokens)).await.unwrap();
    assert_eq!(house.introspect("console", refresh_of(&tokens)).await, inactive());
}

/// LC-01, LC-02: at the very next question.
#[rstest]
#[tokio::test]
async fn a_token_counts_while_everything_behind_it_stands(
    #[values(AccessTokenFormat::Opaque, AccessTokenFormat::Jwt)] format: AccessTokenFormat,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    house.put_client("console", with_format(format)).await;
    let tokens = house.signed_in().await;
    let root = house.root.clone();
    let principal = |status| {
        let id = root.id.clone();
        house.write(move |tx| principals::set_status(tx, &id, status))
    };
    let account = |status| {
        let id = root.account.id.clone();
        house.write(move |tx| accounts::set_status(tx, &id, status))
    };
    principal(PrincipalStatus::Disabled).await;
    assert!(!house.is_active(access_of(&tokens)).await);
    principal(PrincipalStatus::Active).await;
    assert!(house.is_active(access_of(&tokens)).await);
    account(AccountStatus::Suspended).await;
    assert!(!house.is_active(access_of(&tokens)).await);
    assert!(!house.is_active(refresh_of(&tokens)).await);
    account(AccountStatus::Active).await;
    assert!(house.is_active(access_of(&tokens)).await);
}

/// A sign-out ends what does not outlive it, and a new sign-in of the same
/// person in the same browser does not bring it back.
#[rstest]
#[tokio::test]
async fn a_token_of_an_ended_sign_in_stays_dead(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[("scope", "openid")]).await;
    let tokens = house.exchange("console", &code).await.unwrap();
    assert!(house.is_active(access_of(&tokens)).await);
    let (sign_in, now) = (house.sign_in, house.tokens.now());
    house.write(move |tx| sign_ins::end(tx, sign_in)).await;
    assert!(!house.is_active(access_of(&tokens)).await);
    let root = house.root.clone();
    house
        .write(move |tx| {
            let browser = sign_ins::find(tx, sign_in)?.unwrap().browser;
            let assurance = menshen::domain::Assurance { amr: Vec::new(), acr: menshen::domain::Acr::Aal1 };
            let again = sign_ins::NewSignIn {
                browser,
                principal: &root.id,
                method: "password",
                assurance: &assurance,
                auth_time: now,
                idle_expires_at: now + Duration::from_secs(60),
                absolute_expires_at: now + Duration::from_secs(60),
                remember: false,
                address: "-",
                user_agent: "-",
            };
            sign_ins::put(tx, &again)
        })
        .await;
    assert!(!house.is_active(access_of(&tokens)).await);
}
