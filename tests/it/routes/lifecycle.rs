//! Switching people off: at once, everywhere, and nothing comes back by itself.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::identity::Switch;
use rstest::rstest;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, BOB, DEV, GLOBEX, OPS, PASSWORD, Person};
use crate::support::idp::TestIdp;
use crate::support::relying_party::TokenSet;

const SCOPE: &str = "openid account offline_access";

struct Life {
    person: Person,
    browser: Browser,
    tokens: TokenSet,
    /// A code that nobody has redeemed yet.
    code: String,
}

async fn lives(idp: &TestIdp, people: &[Person]) -> Vec<Life> {
    let console = idp.client("console");
    let mut lives = Vec::new();
    for person in people {
        let browser = idp.browser();
        let tokens = console.signed_in(&browser, *person, SCOPE).await;
        let code = console.code_from(&browser.open(&console.request().with("scope", SCOPE).url()).await);
        lives.push(Life { person: *person, browser, tokens, code });
    }
    lives
}

async fn assert_dead(idp: &TestIdp, life: &Life) {
    let (console, api) = (idp.client("console"), idp.api());
    let who = life.person.name;
    assert_eq!(api.introspect(&life.tokens.access).await, json!({"active": false}), "{who}");
    assert_eq!(api.userinfo(&life.tokens.access).await.status, StatusCode::UNAUTHORIZED, "{who}");
    let refreshed = console.refresh(life.tokens.refresh.as_deref().unwrap()).await;
    assert_eq!(
        (refreshed.status, &refreshed.json()["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_grant")),
        "{who}"
    );
    assert_eq!(console.exchange(&life.code).await.json()["error"], json!("invalid_grant"), "{who}");
    let silent = life.browser.at(idp).get(&console.request().with("prompt", "none").url()).await;
    assert_eq!(silent.returned_error(), "login_required", "{who}");
    let elsewhere = idp.browser();
    let login = elsewhere.open(&console.request().url()).await;
    let answer = elsewhere.try_password(&login, life.person, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{who}");
    assert_eq!(elsewhere.get(&console.request().with("prompt", "none").url()).await.returned_error(), "login_required");
}

async fn assert_alive(idp: &TestIdp, life: &Life) {
    assert!(idp.api().is_active(&life.tokens.access).await, "{}", life.person.name);
    idp.client("console").silently(&life.browser.at(idp), SCOPE).await;
}

#[rstest]
#[actix_web::test]
async fn lc_01_a_disabled_user_is_out_everywhere_and_stays_out(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let node = idp.another_node(&[]).await;
    let [alice, bob] = lives(&idp, &[ALICE, BOB]).await.try_into().ok().unwrap();
    idp.switch(ALICE, Switch::Disable).await;
    assert_dead(&idp, &alice).await;
    assert_dead(&node, &alice).await;
    assert_alive(&node, &bob).await;
    // Switching on again brings nothing back but the right to sign in.
    idp.switch(ALICE, Switch::Enable).await;
    assert!(!idp.api().is_active(&alice.tokens.access).await);
    let console = idp.client("console");
    let refreshed = console.refresh(alice.tokens.refresh.as_deref().unwrap()).await;
    assert_eq!(refreshed.json()["error"], json!("invalid_grant"));
    let silent = alice.browser.get(&console.request().with("prompt", "none").url()).await;
    assert_eq!(silent.returned_error(), "login_required");
    console.signed_in(&idp.browser(), ALICE, SCOPE).await;
}

#[rstest]
#[case::suspended(Switch::Suspend)]
#[case::disabled(Switch::Disable)]
#[actix_web::test]
async fn lc_02_an_account_that_is_stopped_stops_everybody_under_it(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] switch: Switch,
) {
    let idp = TestIdp::start(backend).await;
    let node = idp.another_node(&[]).await;
    let under = lives(&idp, &[OPS, DEV, ALICE]).await;
    let beside = lives(&idp, &[GLOBEX]).await;
    let machine = idp.client("machine").token(&[("grant_type", "client_credentials")]).await;
    let machine = machine.json()["access_token"].as_str().unwrap().to_owned();
    assert!(idp.api().is_active(&machine).await);
    idp.switch(OPS, switch).await;
    // Clients are looked up again every half second.
    idp.clock().advance(Duration::from_millis(500));
    for life in &under {
        assert_dead(&idp, life).await;
        assert_dead(&node, life).await;
    }
    assert_alive(&node, &beside[0]).await;
    assert!(!idp.api().is_active(&machine).await, "its service clients too");
    let refused = idp.client("machine").token(&[("grant_type", "client_credentials")]).await;
    assert!(refused.status.is_client_error(), "{}", refused.body);
}

#[rstest]
#[actix_web::test]
async fn somebody_switched_off_half_way_gets_no_code(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let consent = browser.sign_in_for(&report.request(), ALICE).await;
    assert_eq!(consent.path(), "/consent");
    idp.switch(ALICE, Switch::Disable).await;
    let end = browser.press(&consent, "#consent-approve").await;
    assert!(end.location().is_none(), "{:?}", end.location());
}
