//! Userinfo.

use menshen::base::Secret;
use menshen::protocol::ErrorCode;
use menshen::protocol::client_metadata::AccessTokenFormat;
use rstest::rstest;
use serde_json::{Value, json};

use super::house::{House, access_of, console};
use crate::support::database::Backend::{self, Postgres, Sqlite};

async fn ask(house: &House, token: &str) -> Result<Value, ErrorCode> {
    let told = house.tokens.userinfo(&Secret::new(token.to_owned())).await;
    told.map(|told| Value::Object(told.claims)).map_err(|error| error.code())
}

/// conformance-needs 12.
#[rstest]
#[tokio::test]
async fn the_scope_decides_what_is_told(
    #[values(AccessTokenFormat::Opaque, AccessTokenFormat::Jwt)] access_token_format: AccessTokenFormat,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    house.put_client("console", menshen::protocol::ClientMetadata { access_token_format, ..console() }).await;
    let now = house.tokens.now().seconds();
    let of = async |scope: &str| {
        let code = house.code("console", &[("scope", scope)]).await;
        ask(&house, access_of(&house.exchange("console", &code).await.unwrap())).await.unwrap()
    };
    assert_eq!(of("openid").await, json!({"sub": "p_root"}));
    assert_eq!(
        of("openid profile").await,
        json!({
            "sub": "p_root", "name": "Acme 运维", "given_name": "Wei", "birthdate": "1990-01-01",
            "preferred_username": "acme", "updated_at": now,
        })
    );
    let email = json!({"sub": "p_root", "email": "ops@acme.example", "email_verified": true});
    assert_eq!(of("openid email phone").await, email);
    assert_eq!(of("openid address").await, json!({"sub": "p_root", "address": {"country": "CN"}}));
    assert_eq!(
        of("openid account").await,
        json!({
            "sub": "p_root", "principal_type": "root", "account_id": "104857600000",
            "owner_account_id": "104857600000", "billing_account_id": "104857600000",
            "principal": "crn:iam::104857600000:root", "account_alias": "acme",
        })
    );
}

/// conformance-needs 19.
#[rstest]
#[tokio::test]
async fn a_claim_asked_for_by_name_is_told() {
    let house = House::new(Sqlite).await;
    let claims = r#"{"userinfo":{"given_name":{"essential":true},"nickname":null}}"#;
    let code = house.code("console", &[("scope", "openid"), ("claims", claims)]).await;
    let tokens = house.exchange("console", &code).await.unwrap();
    assert_eq!(ask(&house, access_of(&tokens)).await.unwrap(), json!({"sub": "p_root", "given_name": "Wei"}));
}

/// IR-08.
#[rstest]
#[tokio::test]
async fn a_token_that_is_not_for_this_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[("scope", "ecs:read")]).await;
    let tokens = house.exchange("console", &code).await.unwrap();
    assert!(tokens.id_token().is_none());
    assert_eq!(ask(&house, access_of(&tokens)).await, Err(ErrorCode::InsufficientScope));
    let own = house.token("console", &[("grant_type", "client_credentials")]).await.unwrap();
    assert_eq!(ask(&house, access_of(&own)).await, Err(ErrorCode::InsufficientScope));
    let tokens = house.signed_in().await;
    house.after(std::time::Duration::from_secs(600));
    for wrong in [access_of(&tokens), "mat_x", "a.b.c", tokens.id_token().unwrap().expose()] {
        assert_eq!(ask(&house, wrong).await, Err(ErrorCode::InvalidToken));
    }
}
