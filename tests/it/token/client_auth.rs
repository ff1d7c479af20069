//! Client authentication.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use menshen::base::id::ClientId;
use menshen::domain::{Client, ClientStatus};
use menshen::keys::{SigningKey, TokenType};
use menshen::protocol::client_metadata::{AssertionAlg, ClientAuthMethod, SigningAlg};
use menshen::protocol::presented::JWT_BEARER;
use menshen::protocol::{ClientMetadata, ErrorCode, RawParams};
use menshen::token::TokenError;
use rstest::rstest;
use serde_json::{Value, json};

use super::house::{House, ISSUER, SECRET, basic, console};
use crate::support::database::Backend::{self, Postgres, Sqlite};

async fn ask(house: &House, header: Option<&str>, body: &[(&str, &str)]) -> Result<String, ErrorCode> {
    let outcome = house.tokens.client(header, &RawParams::from_pairs(body.iter().copied())).await;
    outcome.map(|client| client.id().to_string()).map_err(|error: TokenError| error.code())
}

fn registered(token_endpoint_auth_method: ClientAuthMethod) -> ClientMetadata {
    ClientMetadata { token_endpoint_auth_method, ..console() }
}

/// CA-05: exactly as registered.
#[rstest]
#[case(ClientAuthMethod::ClientSecretBasic)]
#[case(ClientAuthMethod::ClientSecretPost)]
#[case(ClientAuthMethod::None)]
#[tokio::test]
async fn a_client_uses_the_method_it_registered(#[case] method: ClientAuthMethod) {
    let house = House::new(Sqlite).await;
    house.put_client("c", registered(method)).await;
    let header = basic("c", SECRET);
    let attempts = [
        (ClientAuthMethod::ClientSecretBasic, ask(&house, Some(&header), &[]).await),
        (ClientAuthMethod::ClientSecretPost, ask(&house, None, &[("client_id", "c"), ("client_secret", SECRET)]).await),
        (ClientAuthMethod::None, ask(&house, None, &[("client_id", "c")]).await),
    ];
    for (used, outcome) in attempts {
        let expected = if used == method { Ok("c".to_owned()) } else { Err(ErrorCode::InvalidClient) };
        assert_eq!(outcome, expected, "{used:?}");
    }
}

/// CA-01, CA-05.
#[rstest]
#[tokio::test]
async fn a_wrong_secret_and_an_unknown_client_are_refused_alike() {
    let house = House::new(Sqlite).await;
    for (client, secret) in [("console", "wrong"), ("console", ""), ("nobody", SECRET), ("other", &SECRET[1..])] {
        assert_eq!(ask(&house, Some(&basic(client, secret)), &[]).await, Err(ErrorCode::InvalidClient), "{client}");
    }
}

/// security.md D10.
#[rstest]
#[tokio::test]
async fn during_a_rotation_two_secrets_work() {
    let house = House::new(Sqlite).await;
    let id = ClientId::from_text("rotating");
    let hash = |secret: &str| house.secrets.hash(&id, secret).as_bytes().to_vec();
    let until = house.tokens.now() + Duration::from_secs(60);
    let client = Client {
        id: id.clone(),
        status: ClientStatus::Active,
        secret_hash: Some(hash("the-new-one")),
        previous_secret_hash: Some((hash("the-old-one"), until)),
        metadata: console(),
        owner_account: None,
    };
    house.put(client).await;
    let attempt = async |secret: &str| ask(&house, Some(&basic("rotating", secret)), &[]).await.is_ok();
    assert!(attempt("the-new-one").await && attempt("the-old-one").await && !attempt("another").await);
    house.after(Duration::from_secs(60));
    assert!(attempt("the-new-one").await && !attempt("the-old-one").await);
}

struct Signer {
    house: House,
    key: SigningKey,
}

impl Signer {
    async fn new(backend: Backend, registered_alg: Option<AssertionAlg>) -> Self {
        let house = House::new(backend).await;
        let key = SigningKey::generate(SigningAlg::Es256).unwrap();
        let metadata = ClientMetadata {
            jwks: Some(json!({"keys": [key.public()]})),
            token_endpoint_auth_signing_alg: registered_alg,
            ..registered(ClientAuthMethod::PrivateKeyJwt)
        };
        house.put_client("signer", metadata).await;
        Self { house, key }
    }

    fn claims(&self) -> Value {
        let exp = self.house.tokens.now().seconds() + 60;
        json!({"iss": "signer", "sub": "signer", "aud": ISSUER, "jti": "j-1", "exp": exp})
    }

    fn sign(&self, claims: &Value) -> String {
        self.key.sign(TokenType::Id, claims).unwrap()
    }

    async fn present(&self, assertion: &str) -> Result<String, ErrorCode> {
        let body = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
        ask(&self.house, None, &body).await
    }
}

/// CA-06: the database remembers, for every node and over restarts.
#[rstest]
#[tokio::test]
async fn an_assertion_works_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let signer = Signer::new(backend, None).await;
    let assertion = signer.sign(&signer.claims());
    assert_eq!(signer.present(&assertion).await, Ok("signer".to_owned()));
    assert_eq!(signer.present(&assertion).await, Err(ErrorCode::InvalidClient));
    signer.house.after(Duration::from_secs(59));
    assert_eq!(signer.present(&assertion).await, Err(ErrorCode::InvalidClient));
    let mut fresh = signer.claims();
    fresh["jti"] = json!("j-2");
    assert_eq!(signer.present(&signer.sign(&fresh)).await, Ok("signer".to_owned()));
}

/// CA-07.
#[rstest]
#[case("aud", json!("https://id.acme.example/token"), true)]
#[case("aud", json!("https://id.acme.example/userinfo"), false)]
#[case("aud", json!("https://other.example"), false)]
#[case("aud", json!(["https://id.acme.example", "https://other.example"]), false)]
#[case("iss", json!("console"), false)]
#[case("sub", json!("console"), false)]
#[case("exp", json!(0), false)]
#[case("exp", json!(4_000_000_000_i64), false)]
#[case("jti", json!(""), false)]
#[tokio::test]
async fn an_assertion_says_what_it_must(#[case] member: &str, #[case] value: Value, #[case] good: bool) {
    let signer = Signer::new(Sqlite, None).await;
    let mut claims = signer.claims();
    claims[member] = value;
    assert_eq!(signer.present(&signer.sign(&claims)).await.is_ok(), good);
}

/// CA-09.
#[rstest]
#[tokio::test]
async fn an_assertion_of_another_algorithm_or_key_is_refused() {
    let signer = Signer::new(Sqlite, Some(AssertionAlg::Rs256)).await;
    let assertion = signer.sign(&signer.claims());
    assert_eq!(signer.present(&assertion).await, Err(ErrorCode::InvalidClient));
    let signer = Signer::new(Sqlite, Some(AssertionAlg::Es256)).await;
    let claims = signer.claims();
    let foreign = SigningKey::generate(SigningAlg::Es256).unwrap().sign(TokenType::Id, &claims).unwrap();
    assert_eq!(signer.present(&foreign).await, Err(ErrorCode::InvalidClient));
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    for alg in ["none", "None", "HS256"] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg}).to_string());
        let forged = format!("{header}.{payload}.");
        assert_eq!(signer.present(&forged).await, Err(ErrorCode::InvalidClient), "{alg}");
    }
}
