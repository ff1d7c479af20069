//! `grant_type=client_credentials`.

use menshen::base::id::ClientId;
use menshen::domain::{AccountStatus, AuditKind, Client, ClientStatus, Outcome};
use menshen::protocol::client_metadata::{AccessTokenFormat, ClientAuthMethod, SigningAlg};
use menshen::protocol::{ClientMetadata, ErrorCode};
use menshen::store::accounts;
use rstest::rstest;
use serde_json::json;

use super::house::{API, House, ISSUER, SECRET, access_of, claims_of, code_of, console};
use crate::support::database::Backend::{self, Postgres, Sqlite};

const ASK: [(&str, &str); 1] = [("grant_type", "client_credentials")];

async fn owned(house: &House, id: &str, metadata: ClientMetadata) {
    let id = ClientId::from_text(id);
    let client = Client {
        secret_hash: Some(house.secrets.hash(&id, SECRET).as_bytes().to_vec()),
        id,
        status: ClientStatus::Active,
        previous_secret_hash: None,
        metadata,
        owner_account: Some(house.root.account.id.clone()),
    };
    house.put(client).await;
}

#[rstest]
#[tokio::test]
async fn a_client_gets_a_token_for_itself(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    owned(&house, "robot", console()).await;
    let tokens = house.token("robot", &ASK).await.unwrap();
    assert!(tokens.refresh_token().is_none() && tokens.id_token().is_none());
    assert_eq!(tokens.scope().to_string(), "ecs:read ecs:write");
    let now = house.tokens.now().seconds();
    assert_eq!(
        house.introspect("robot", access_of(&tokens)).await,
        json!({
            "active": true, "scope": "ecs:read ecs:write", "client_id": "robot", "token_type": "Bearer",
            "exp": now + 600, "iat": now, "sub": "client:robot", "aud": API, "iss": ISSUER,
            "owner_account_id": "104857600000", "billing_account_id": "104857600000",
        })
    );
}

#[rstest]
#[case(SigningAlg::Es256)]
#[case(SigningAlg::Rs256)]
#[tokio::test]
async fn a_client_may_get_it_as_a_jwt(#[case] access_token_signed_response_alg: SigningAlg) {
    let house = House::new(Sqlite).await;
    let access_token_format = AccessTokenFormat::Jwt;
    owned(&house, "robot", ClientMetadata { access_token_format, access_token_signed_response_alg, ..console() }).await;
    let tokens = house.token("robot", &ASK).await.unwrap();
    let claims = claims_of(access_of(&tokens));
    let (now, jti) = (house.tokens.now().seconds(), claims["jti"].clone());
    let expected = json!({
        "iss": ISSUER, "exp": now + 300, "aud": API, "sub": "client:robot", "client_id": "robot", "iat": now,
        "jti": jti, "scope": "ecs:read ecs:write", "owner_account_id": "104857600000",
        "billing_account_id": "104857600000",
    });
    assert_eq!(claims, expected);
    let told = house.introspect("robot", access_of(&tokens)).await;
    assert_eq!((&told["active"], &told["sub"], &told["jti"]), (&json!(true), &json!("client:robot"), &jti));
}

/// TK-17.
#[rstest]
#[case("ecs:read", None)]
#[case("ecs:read ecs:delete", Some(ErrorCode::InvalidScope))]
#[case("admin", Some(ErrorCode::InvalidScope))]
#[case("openid", Some(ErrorCode::InvalidScope))]
#[case("offline_access ecs:read", Some(ErrorCode::InvalidScope))]
#[tokio::test]
async fn a_scope_must_be_the_clients_own(#[case] scope: &str, #[case] refused: Option<ErrorCode>) {
    let house = House::new(Sqlite).await;
    let outcome = house.token("console", &[ASK[0], ("scope", scope)]).await;
    match refused {
        Some(code) => assert_eq!(code_of(outcome), code),
        None => assert_eq!(outcome.unwrap().scope().to_string(), scope),
    }
}

#[rstest]
#[tokio::test]
async fn a_resource_must_be_registered() {
    let house = House::new(Sqlite).await;
    let outcome = house.token("console", &[ASK[0], ("resource", "https://elsewhere.example")]).await;
    assert_eq!(code_of(outcome), ErrorCode::InvalidTarget);
}

/// LC-02: the service clients of a suspended account stop with it.
#[rstest]
#[tokio::test]
async fn a_client_stops_with_the_account_that_owns_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    owned(&house, "robot", console()).await;
    let tokens = house.token("robot", &ASK).await.unwrap();
    let account = house.root.account.id.clone();
    house.put_client("api", console()).await;
    house.write(move |tx| accounts::set_status(tx, &account, AccountStatus::Suspended)).await;
    house.after(std::time::Duration::from_millis(500));
    assert_eq!(code_of(house.token("robot", &ASK).await), ErrorCode::InvalidClient);
    assert_eq!(house.introspect("api", access_of(&tokens)).await, json!({"active": false}));
}

#[rstest]
#[tokio::test]
async fn a_public_client_has_no_self_to_speak_for() {
    let house = House::new(Sqlite).await;
    let token_endpoint_auth_method = ClientAuthMethod::None;
    house.put_client("spa", ClientMetadata { token_endpoint_auth_method, ..console() }).await;
    let body = menshen::protocol::RawParams::from_pairs([ASK[0], ("client_id", "spa")]);
    let outcome = house.tokens.token(None, &body, &super::house::call()).await;
    assert_eq!(code_of(outcome), ErrorCode::UnauthorizedClient);
}

#[rstest]
#[tokio::test]
async fn an_opaque_token_is_in_the_audit_trail_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    owned(&house, "robot", console()).await;
    house.token("robot", &ASK).await.unwrap();
    let events = house.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind, events[0].outcome), (AuditKind::TokensIssued, Outcome::Success));
    assert_eq!(events[0].client.as_ref().unwrap().as_str(), "robot");
    assert_eq!(events[0].account.as_ref(), Some(&house.root.account.id));
    assert_eq!((events[0].principal.as_ref(), events[0].detail.as_str()), (None, "client_credentials"));
    assert!(house.token("robot", &[ASK[0], ("scope", "admin")]).await.is_err());
    assert_eq!(house.events().await.len(), 1);
}

/// An `at+jwt` has no transaction of its own: a second's worth is one row.
#[rstest]
#[tokio::test]
async fn jwts_are_counted_into_the_audit_trail_and_none_is_lost(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    owned(&house, "robot", ClientMetadata { access_token_format: AccessTokenFormat::Jwt, ..console() }).await;
    for _token in 0..3 {
        house.token("robot", &ASK).await.unwrap();
    }
    assert!(house.events().await.is_empty());
    assert_eq!(house.tokens.write_tally().await.unwrap(), 1);
    let events = house.events().await;
    assert_eq!((events.len(), events[0].kind), (1, AuditKind::TokensIssued));
    assert_eq!(events[0].detail, "client_credentials, 3 at+jwt");
    assert_eq!(events[0].client.as_ref().unwrap().as_str(), "robot");
    assert_eq!(events[0].account.as_ref(), Some(&house.root.account.id));
    assert_eq!(house.tokens.write_tally().await.unwrap(), 0, "nothing twice");
    // What cannot be written now is written later.
    house.token("robot", &ASK).await.unwrap();
    house.store.close();
    assert!(house.tokens.write_tally().await.is_err());
    assert!(house.tokens.write_tally().await.is_err(), "it is still there to be written");
}
