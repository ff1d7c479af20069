//! `/introspect`, `/revoke` and proofs of clients, over HTTP: with a wrong hint, at
//! every node, and while the database is away.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use menshen::base::Clock;
use menshen::identity::{OperatorError, Switch, by_operator};
use menshen::store::AnyConnection;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, OPS, client_key};
use crate::support::idp::{ISSUER, TestIdp};

const SCOPE: &str = "openid offline_access";

/// What a client that proves itself by a signature sends with everything.
fn assertion(idp: &TestIdp, jti: &str) -> String {
    let now = idp.clock().now().seconds();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": "keyed", "sub": "keyed", "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60});
    let signed = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "one", "typ": "JWT"})), part(&claims));
    let (pkcs8, random) = (client_key().to_pkcs8().unwrap(), SystemRandom::new());
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose()).unwrap();
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn introspect_by(idp: &TestIdp, assertion: &str) -> Answer {
    let fields = [
        ("token", "x"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    let request = TestRequest::post().insert_header(("Host", "id.test")).peer_addr(idp.peer()).set_form(fields);
    idp.send(request, "/introspect").await
}

#[rstest]
#[actix_web::test]
async fn ca_06_an_assertion_is_good_once_at_all_nodes_and_after_a_restart(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let other = idp.another_node(&[]).await;
    let (first, second) = (assertion(&idp, "j-1"), assertion(&idp, "j-2"));
    assert_eq!(introspect_by(&idp, &first).await.status, StatusCode::OK);
    assert_eq!(introspect_by(&other, &second).await.status, StatusCode::OK);
    // Fifty seconds later it has not ended yet; a node that starts now knows of it as well.
    idp.clock().advance(Duration::from_secs(50));
    let restarted = idp.another_node(&[]).await;
    for node in [&idp, &other, &restarted] {
        for used in [&first, &second] {
            let refused = introspect_by(node, used).await;
            assert_eq!(
                (refused.status, &refused.json()["error"]),
                (StatusCode::UNAUTHORIZED, &json!("invalid_client"))
            );
        }
    }
    assert_eq!(introspect_by(&restarted, &assertion(&idp, "j-3")).await.status, StatusCode::OK);
}

#[rstest]
#[actix_web::test]
async fn ir_03_a_wrong_hint_still_finds_a_live_token(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let console = idp.client("console");
    let tokens = console.signed_in(&idp.browser(), OPS, SCOPE).await;
    let refresh = tokens.refresh.unwrap();
    let ask = async |token: &str, hint: &str| {
        let answer = console.post("/introspect", &[("token", token), ("token_type_hint", hint)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    };
    for hint in ["access_token", "refresh_token", "id_token", "nonsense", ""] {
        for live in [&tokens.access, &refresh] {
            assert!(ask(live, hint).await.contains(r#""active":true"#), "{hint}");
        }
        for dead in ["mat_AAAA", "mrt_AAAA", "x", "a.b.c"] {
            assert_eq!(ask(dead, hint).await, r#"{"active":false}"#, "{hint} {dead}");
        }
    }
    // A wrong hint keeps no token alive either.
    let hinted = [("token", refresh.as_str()), ("token_type_hint", "access_token")];
    assert_eq!(console.post("/revoke", &hinted).await.status, StatusCode::OK);
    for dead in [&tokens.access, &refresh] {
        assert_eq!(ask(dead, "").await, r#"{"active":false}"#);
    }
}

/// IR-05: after `kill -9` as well, which `crash` proves.
#[rstest]
#[actix_web::test]
async fn ir_05_a_revocation_holds_at_every_node_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let other = idp.another_node(&[]).await;
    let tokens = idp.client("console").signed_in(&idp.browser(), OPS, SCOPE).await;
    let refresh = tokens.refresh.unwrap();
    assert!(other.api().is_active(&tokens.access).await);
    assert_eq!(idp.client("console").post("/revoke", &[("token", &refresh)]).await.status, StatusCode::OK);
    for node in [&other, &idp] {
        let console = node.client("console");
        for dead in [&tokens.access, &refresh] {
            assert_eq!(node.api().introspect_as(&console, dead).await, json!({"active": false}));
        }
        assert_eq!(node.api().userinfo(&tokens.access).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(console.refresh(&refresh).await.json()["error"], json!("invalid_grant"));
    }
}

/// Lets nobody write; dropped, it lets everybody again.
struct Fault<'a> {
    idp: &'a TestIdp,
    backend: Backend,
    lock: Option<AnyConnection>,
}

impl<'a> Fault<'a> {
    fn begin(idp: &'a TestIdp, backend: Backend) -> Self {
        let lock = match backend {
            Sqlite => {
                let mut lock = idp.database().connect();
                lock.batch_execute("BEGIN IMMEDIATE").unwrap();
                Some(lock)
            }
            Postgres => {
                idp.database().allow_connections("false");
                idp.database().terminate_connections();
                None
            }
        };
        Self { idp, backend, lock }
    }

    async fn end(mut self) {
        match (self.backend, self.lock.take()) {
            (Sqlite, Some(mut lock)) => lock.batch_execute("ROLLBACK").unwrap(),
            _ => self.idp.database().allow_connections("true"),
        }
        let begun = Instant::now();
        while self.idp.store.health().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it heals by itself");
            actix_web::rt::task::yield_now().await;
        }
    }
}

fn assert_later(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{what}: {}", answer.body);
    let wait = answer.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|seconds| (1..=60).contains(&seconds)), "{what}: {wait:?}");
}

#[rstest]
#[actix_web::test]
async fn ir_06_what_could_not_be_stored_is_not_said_to_be_done(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (console, browser) = (idp.client("console"), idp.browser());
    let tokens = console.signed_in(&browser, OPS, SCOPE).await;
    let of_alice = console.signed_in(&idp.browser(), ALICE, SCOPE).await;
    let refresh = tokens.refresh.unwrap();
    let revocation = [("token", refresh.as_str())];
    let logout = browser.open("/logout").await;
    let identity = idp.identity();
    let origin = by_operator();

    let fault = Fault::begin(&idp, backend);
    let (revoked, left, disabled) = tokio::join!(
        console.post("/revoke", &revocation),
        browser.submit(&logout, &[]),
        identity.switch(ALICE.name, Switch::Disable, &origin),
    );
    assert_later(&revoked, "revoke");
    assert_later(&left, "logout");
    assert!(matches!(disabled, Err(OperatorError::Store(error)) if error.is_unavailable()));
    fault.end().await;

    // Nothing of it was done by halves, and the second time it is done and stays so.
    assert!(idp.api().is_active(&tokens.access).await && idp.api().is_active(&of_alice.access).await);
    assert!(browser.open("/accounts").await.has("[data-state=active]"));
    assert_eq!(console.post("/revoke", &revocation).await.status, StatusCode::OK);
    assert!(browser.submit(&logout, &[]).await.body.contains("Signed out"));
    assert!(identity.switch(ALICE.name, Switch::Disable, &origin).await.unwrap());
    for dead in [&tokens.access, &of_alice.access] {
        assert!(!idp.api().is_active(dead).await);
    }
    assert!(!browser.open("/accounts").await.has("[data-state=active]"));
}
