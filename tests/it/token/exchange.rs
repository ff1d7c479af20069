//! `grant_type=authorization_code`.

use std::time::Duration;

use menshen::domain::grant::GrantEnd;
use menshen::domain::{AccountStatus, AuditKind, PrincipalStatus};
use menshen::protocol::ErrorCode;
use menshen::store::{accounts, principals, sign_ins};
use menshen::token::{GrantError, TokenError};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{AccessToken, AccessTokenHash, ClientId, IssuerUrl, Nonce};
use rstest::rstest;
use serde_json::json;

use super::house::{CALLBACK, House, ISSUER, access_of, claims_of, code_of, console, exchange_of, refresh_of};
use crate::support::database::Backend::{self, Postgres, Sqlite};

/// Why an exchange failed.
fn reason<T>(outcome: Result<T, TokenError>) -> GrantError {
    match outcome.err() {
        Some(TokenError::Exchange(reason)) => reason,
        Some(other) => panic!("another refusal: {other}"),
        None => panic!("tokens"),
    }
}

#[rstest]
#[tokio::test]
async fn a_code_buys_what_was_granted(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let tokens = house.signed_in().await;
    let body = serde_json::to_value(&tokens).unwrap();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], json!(600));
    assert_eq!(body["scope"], "account ecs:read email offline_access openid profile");
    assert!(access_of(&tokens).starts_with("mat_") && refresh_of(&tokens).starts_with("mrt_"));
    let id = claims_of(tokens.id_token().unwrap().expose());
    let now = house.tokens.now().seconds();
    let at_hash = id["at_hash"].clone();
    assert_eq!(
        id,
        json!({
            "iss": ISSUER, "sub": "p_root", "aud": "console", "exp": now + 600, "iat": now, "auth_time": now,
            "nonce": "n-1", "sid": "sid-of-console", "acr": "aal1", "amr": ["pwd"], "at_hash": at_hash,
            "principal_type": "root", "account_id": "104857600000", "owner_account_id": "104857600000",
            "billing_account_id": "104857600000",
        })
    );
    assert_eq!(house.events().await[0].kind, AuditKind::TokensIssued);
}

/// conformance-needs 9 and 24, with the relying party's own library.
#[rstest]
#[tokio::test]
async fn the_id_token_passes_the_openidconnect_crate() {
    let house = House::new(Sqlite).await;
    let tokens = house.signed_in().await;
    let keys: CoreJsonWebKeySet = serde_json::from_slice(&house.tokens.jwks()).unwrap();
    let now = chrono::DateTime::from_timestamp(house.tokens.now().seconds(), 0).unwrap();
    let (client, issuer) = (ClientId::new("console".to_owned()), IssuerUrl::new(ISSUER.to_owned()).unwrap());
    let verifier = CoreIdTokenVerifier::new_public_client(client, issuer, keys).set_time_fn(move || now);
    let id_token: CoreIdToken = serde_json::from_value(json!(tokens.id_token().unwrap().expose())).unwrap();
    let claims = id_token.claims(&verifier, &Nonce::new("n-1".to_owned())).unwrap();
    let access = AccessToken::new(access_of(&tokens).to_owned());
    let (alg, key) = (id_token.signing_alg().unwrap(), id_token.signing_key(&verifier).unwrap());
    let expected = AccessTokenHash::from_token(&access, alg, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&expected));
}

/// TK-01, conformance-needs 6.
#[rstest]
#[tokio::test]
async fn a_replayed_code_revokes_what_it_bought(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[]).await;
    let tokens = house.exchange("console", &code).await.unwrap();
    assert!(house.is_active(access_of(&tokens)).await);
    house.after(Duration::from_secs(5));
    let replay = reason(house.exchange("console", &code).await);
    assert!(matches!(replay, GrantError::Replayed(_)) && replay.code() == ErrorCode::InvalidGrant);
    assert!(!house.is_active(access_of(&tokens)).await);
    assert_eq!(code_of(house.refresh("console", refresh_of(&tokens)).await), ErrorCode::InvalidGrant);
    assert_eq!(house.events().await[0].kind, AuditKind::CodeReplayed);
}

/// A loser that arrived before the winner's spend is no thief.
#[rstest]
#[tokio::test]
async fn a_concurrent_presenter_loses_and_revokes_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[]).await;
    let arrived = house.tokens.now();
    house.after(Duration::from_millis(5));
    let tokens = house.exchange("console", &code).await.unwrap();
    let late = house.token_at(arrived, "console", &exchange_of(&code)).await;
    assert_eq!(reason(late), GrantError::Concurrent);
    assert!(house.is_active(access_of(&tokens)).await);
}

/// TK-03.
#[rstest]
#[tokio::test]
async fn a_code_of_another_client_is_burnt(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[]).await;
    let stolen = reason(house.exchange("other", &code).await);
    assert!(matches!(stolen, GrantError::OtherClient { .. }) && stolen.code() == ErrorCode::InvalidGrant);
    assert_eq!(house.events().await[0].kind, AuditKind::CodeMisused);
    assert_eq!(reason(house.exchange("console", &code).await), GrantError::Concurrent);
}

/// TK-04, TK-05, TK-08: the first failure burns the code.
#[rstest]
#[case(&[("code_verifier", "another-verifier-of-forty-three-characters-at-")], GrantError::Pkce)]
#[case(&[("code_verifier", "short")], GrantError::Pkce)]
#[case(&[("code_verifier", "")], GrantError::Pkce)]
#[case(&[("redirect_uri", "")], GrantError::RedirectUri)]
#[case(&[("redirect_uri", "https://rp.acme.example/cb/")], GrantError::RedirectUri)]
#[case(&[("redirect_uri", "https://RP.acme.example/cb")], GrantError::RedirectUri)]
#[case(&[("redirect_uri", "https://rp.acme.example:443/cb")], GrantError::RedirectUri)]
#[tokio::test]
async fn a_failed_check_burns_the_code(
    #[case] wrong: &[(&str, &str)],
    #[case] expected: GrantError,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let house = House::new(backend).await;
    let code = house.code("console", &[]).await;
    let mut body = exchange_of(&code);
    body.retain(|(name, _)| !wrong.iter().any(|(other, _)| other == name));
    body.extend(wrong);
    assert_eq!(reason(house.token("console", &body).await), expected);
    assert_eq!(expected.code(), ErrorCode::InvalidGrant);
    assert_eq!(code_of(house.exchange("console", &code).await), ErrorCode::InvalidGrant);
}

/// TK-06: the engine's optional PKCE would take it.
#[rstest]
#[tokio::test]
async fn a_verifier_without_challenge_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    house.put_client("legacy", menshen::protocol::ClientMetadata { require_pkce: false, ..console() }).await;
    let code = house.code("legacy", &[]).await;
    assert_eq!(reason(house.exchange("legacy", &code).await), GrantError::UnexpectedVerifier);
    let code = house.code("legacy", &[]).await;
    let body = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    assert!(house.token("legacy", &body).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn an_unknown_or_late_code_is_an_invalid_grant(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[]).await;
    for wrong in ["", "x", "mac_", &code[..code.len() - 1], &code.replace("mac_", "mrt_")] {
        let outcome = house.exchange("console", wrong).await;
        let expected = if wrong.is_empty() { ErrorCode::InvalidRequest } else { ErrorCode::InvalidGrant };
        assert_eq!(code_of(outcome), expected, "{wrong}");
    }
    let mut forged = code.clone();
    let last = if &forged[40..41] == "A" { "B" } else { "A" };
    forged.replace_range(40..41, last);
    assert_eq!(reason(house.exchange("console", &forged).await), GrantError::Unknown);
    house.after(Duration::from_secs(60));
    assert_eq!(reason(house.exchange("console", &code).await), GrantError::Expired);
}

/// LC-01, LC-02: whoever was stopped between code and exchange gets nothing.
#[rstest]
#[tokio::test]
async fn an_ended_grant_buys_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let (root, sign_in) = (house.root.clone(), house.sign_in);
    let online = [("scope", "openid")];
    let code = house.code("console", &online).await;
    house.write(move |tx| sign_ins::end(tx, sign_in)).await;
    assert_eq!(reason(house.exchange("console", &code).await), GrantError::Ended(GrantEnd::Revoked));
    let code = house.code("console", &[]).await;
    let id = root.id.clone();
    house.write(move |tx| principals::set_status(tx, &id, PrincipalStatus::Disabled)).await;
    assert_eq!(reason(house.exchange("console", &code).await), GrantError::Ended(GrantEnd::PrincipalDisabled));
    let code = house.code("console", &[]).await;
    house.write(move |tx| accounts::set_status(tx, &root.account.id, AccountStatus::Suspended)).await;
    assert_eq!(reason(house.exchange("console", &code).await), GrantError::Ended(GrantEnd::OwnerSuspended));
}

/// RFC 8707.
#[rstest]
#[tokio::test]
async fn a_resource_narrows_the_audience(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let dns = "https://dns.acme.example";
    let asked = [("resource", "https://api.acme.example"), ("resource", dns)];
    for (resource, audience) in [(None, json!(["https://api.acme.example", dns])), (Some(dns), json!(dns))] {
        let code = house.code("console", &asked).await;
        let mut body = exchange_of(&code);
        body.extend(resource.map(|resource| ("resource", resource)));
        let tokens = house.token("console", &body).await.unwrap();
        assert_eq!(house.introspect("console", access_of(&tokens)).await["aud"], audience);
    }
    let code = house.code("console", &asked).await;
    let mut body = exchange_of(&code);
    body.push(("resource", "https://elsewhere.example"));
    assert_eq!(code_of(house.token("console", &body).await), ErrorCode::InvalidTarget);
}

/// OIDC Core §5.5: by name, and only by name.
#[rstest]
#[tokio::test]
async fn a_claim_asked_for_by_name_stands_in_the_id_token(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let claims = r#"{"id_token":{"email":null,"given_name":{"essential":true},"sub":null}}"#;
    let code = house.code("console", &[("claims", claims)]).await;
    let tokens = house.exchange("console", &code).await.unwrap();
    let id = claims_of(tokens.id_token().unwrap().expose());
    assert_eq!(
        (&id["email"], &id["given_name"], &id["sub"]),
        (&json!("ops@acme.example"), &json!("Wei"), &json!("p_root"))
    );
    assert!(id.get("name").is_none());
}

#[rstest]
#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token(#[values(Sqlite, Postgres)] backend: Backend) {
    let house = House::new(backend).await;
    let code = house.code("console", &[("scope", "openid")]).await;
    assert!(house.exchange("console", &code).await.unwrap().refresh_token().is_none());
}

/// TK-16.
#[rstest]
#[tokio::test]
async fn a_grant_type_that_is_not_registered_is_unauthorized() {
    let house = House::new(Sqlite).await;
    let grant_types = vec![menshen::protocol::client_metadata::GrantType::ClientCredentials];
    house.put_client("machine", menshen::protocol::ClientMetadata { grant_types, ..console() }).await;
    assert_eq!(code_of(house.exchange("machine", "mac_x").await), ErrorCode::UnauthorizedClient);
    assert_eq!(code_of(house.refresh("machine", "mrt_x").await), ErrorCode::UnauthorizedClient);
    let password = [("grant_type", "password"), ("username", "a"), ("password", "b")];
    assert_eq!(code_of(house.token("machine", &password).await), ErrorCode::UnsupportedGrantType);
}
