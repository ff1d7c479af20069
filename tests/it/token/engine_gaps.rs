//! What the engine for RFC 6749 gets wrong by itself, and what the house
//! answers. Each gap of docs/adr/0003-oxide-auth.md has its line here or in a
//! test that it names.

use menshen::protocol::ErrorCode;
use rstest::rstest;

use super::house::{House, basic, code_of, exchange_of, refresh_of};
use crate::support::database::Backend::Sqlite;

/// The engine answers `invalid_request`.
#[rstest]
#[tokio::test]
async fn an_unknown_code_is_an_invalid_grant() {
    let house = House::new(Sqlite).await;
    let code = house.code("console", &[]).await.replace("mac_", "mac_A");
    assert_eq!(code_of(house.exchange("console", &code[..code.len() - 1]).await), ErrorCode::InvalidGrant);
}

/// The engine compares parsed URLs, for which these are equal.
#[rstest]
#[case("HTTPS://rp.acme.example/cb")]
#[case("https://rp.acme.example:443/cb")]
#[case("https://rp.acme.example/x/../cb")]
#[case("https://rp.acme.example/cb ")]
#[tokio::test]
async fn a_redirect_uri_is_compared_byte_for_byte(#[case] equal_as_url: &str) {
    let house = House::new(Sqlite).await;
    let code = house.code("console", &[]).await;
    let mut body = exchange_of(&code);
    body.retain(|(name, _)| *name != "redirect_uri");
    body.push(("redirect_uri", equal_as_url));
    assert_eq!(code_of(house.token("console", &body).await), ErrorCode::InvalidGrant);
}

/// CA-04: the engine takes the body's `client_id` beside Basic for a second credential.
#[rstest]
#[tokio::test]
async fn a_body_may_repeat_the_client_of_the_header() {
    let house = House::new(Sqlite).await;
    let code = house.code("console", &[]).await;
    let mut body = exchange_of(&code);
    body.push(("client_id", "console"));
    assert!(house.token("console", &body).await.is_ok());
    let code = house.code("console", &[]).await;
    let mut body = exchange_of(&code);
    body.push(("client_id", "other"));
    assert_eq!(code_of(house.token("console", &body).await), ErrorCode::InvalidRequest);
}

/// The engine keeps scopes in a hash set; they leave sorted, every time.
#[rstest]
#[tokio::test]
async fn scopes_leave_sorted() {
    let house = House::new(Sqlite).await;
    for _ in 0..5 {
        let tokens = house.signed_in().await;
        assert_eq!(tokens.scope().to_string(), "account ecs:read email offline_access openid profile");
        let next = house.refresh("console", refresh_of(&tokens)).await.unwrap();
        assert_eq!(next.scope(), tokens.scope());
    }
}

/// CA-02: the engine takes Basic credentials as they are.
#[rstest]
#[tokio::test]
async fn basic_credentials_are_form_decoded() {
    use menshen::base::id::ClientId;
    use menshen::domain::{Client, ClientStatus};
    use menshen::protocol::RawParams;
    let house = House::new(Sqlite).await;
    let (id, secret) = (ClientId::from_text("c"), "a:b%c+d&é😀");
    let client = Client {
        secret_hash: Some(house.secrets.hash(&id, secret).as_bytes().to_vec()),
        id,
        status: ClientStatus::Active,
        previous_secret_hash: None,
        metadata: super::house::console(),
        owner_account: None,
    };
    house.put(client).await;
    let attempt = async |secret: &str| {
        house.tokens.client(Some(&basic("c", secret)), &RawParams::default()).await.map(|client| client.id().clone())
    };
    assert!(attempt("a%3Ab%25c%2Bd%26%C3%A9%F0%9F%98%80").await.is_ok());
    assert_eq!(code_of(attempt(secret).await), ErrorCode::InvalidClient);
}
