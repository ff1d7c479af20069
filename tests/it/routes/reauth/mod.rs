//! When an owner has its people prove themselves again although they are signed in:
//! unused for so long, in another kind of browser or another country, and whenever
//! the root is picked.

mod change;
mod idle;

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::domain::AuditKind;
use menshen::identity::{PolicyChange, by_operator};
use rstest::rstest;
use serde_json::{Value, json};

use super::chooser::{button, pick, sub_after};
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, OPS, PASSWORD, Person, SECRET};
use crate::support::idp::TestIdp;

const SECOND: Duration = Duration::from_secs(1);

/// What Acme asks of its people.
async fn acme_asks(idp: &TestIdp, policy: Value) {
    let mut account = policy;
    account["alias"] = json!("acme");
    idp.apply(&json!({"account": [account]})).await;
}

/// What comes of a silent request for somebody: `code`, or the error.
async fn silent(idp: &TestIdp, browser: &Browser, person: Person) -> String {
    let request = idp.client("console").request().with("prompt", "none").with("login_hint", person.name);
    let back = browser.get(&request.url()).await.returned();
    back.get("error").cloned().unwrap_or_else(|| if back.contains_key("code") { "code" } else { "neither" }.to_owned())
}

/// Proves again who is asked for on this page, and nobody else.
async fn prove(browser: &Browser, page: &Answer) -> Answer {
    assert!(page.has("#password"), "{} {}", page.url, page.body);
    let answer = browser.submit(page, &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

/// The state on the row of these words.
fn state(page: &Answer, words: &str) -> String {
    page.attribute(&button(page, words), "data-state").expect("a state")
}

#[rstest]
#[actix_web::test]
async fn the_root_proves_itself_when_it_is_picked_and_not_when_nobody_is_asked(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    acme_asks(&idp, json!({"reauth_root": true})).await;
    browser.sign_in(OPS).await;
    assert_eq!(silent(&idp, &browser, OPS).await, "code");
    let sso = browser.open(&console.request().url()).await;
    assert!(sso.returned().contains_key("code"), "the only account of the browser is not picked");
    browser.sign_in(ALICE).await;
    browser.sign_in(GLOBEX).await;
    let request = console.request();
    for (words, person) in [("alice@acme", ALICE), ("Globex", GLOBEX)] {
        let chooser = browser.open(&request.url()).await;
        assert_eq!([state(&chooser, words), state(&chooser, "Acme")], ["active", "locked"]);
        let back = pick(&browser, &chooser, words).await;
        assert_eq!(sub_after(&console, &back).await, idp.sub_of(person).await);
    }
    idp.clock().advance(60 * SECOND);
    let chooser = browser.open(&request.url()).await;
    let login = pick(&browser, &chooser, "Acme").await;
    assert_eq!(login.path(), "/login");
    // The form is no formality.
    let wrong = browser.submit(&login, &[("password", "wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let back = prove(&browser, &login).await;
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    assert_eq!(claims["sub"], idp.sub_of(OPS).await);
    assert_eq!(claims["auth_time"], claims["iat"], "a proof of now");
    assert_eq!(silent(&idp, &browser, OPS).await, "code");
}

/// At `/accounts` the proof leads on to where the account is used, not back to the same question.
#[rstest]
#[actix_web::test]
async fn opening_the_root_on_the_accounts_page_asks_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    acme_asks(&idp, json!({"reauth_root": true})).await;
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let page = browser.open("/accounts").await;
    assert_eq!([state(&page, "Acme"), state(&page, "alice@acme")], ["locked", "active"]);
    let login = pick(&browser, &page, "Acme").await;
    assert_eq!(login.path(), "/login");
    let there = prove(&browser, &login).await;
    assert!(there.path() == "/me/sessions" && there.body.contains("Acme"), "{} {}", there.url, there.body);
    assert_eq!(pick(&browser, &page, "alice@acme").await.path(), "/me/sessions");
}

/// What a client asks is told on the rows too.
#[rstest]
#[actix_web::test]
async fn a_row_says_when_picking_it_asks_for_a_proof(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    idp.apply(&json!({"client": [{"client_id": "narrow", "client_secret": SECRET, "client_name": "Narrow",
        "first_party": true, "redirect_uris": ["https://narrow.test/cb"], "scope": "openid",
        "allowed_login_methods": ["iam_user"]}]}))
        .await;
    idp.clock().advance(60 * SECOND);
    let (console, narrow) = (idp.client("console"), idp.client("narrow"));
    let asking = |request: crate::support::relying_party::Request| request.with("prompt", "select_account");
    for (request, root, alice) in [
        (asking(console.request()), "active", "active"),
        (asking(console.request()).with("max_age", "60"), "active", "active"),
        (asking(console.request()).with("max_age", "59"), "locked", "locked"),
        (console.request().with("prompt", "select_account login"), "locked", "locked"),
        (asking(narrow.request()), "locked", "active"),
    ] {
        for (words, told) in [("Acme", root), ("alice@acme", alice)] {
            let chooser = browser.open(&request.url()).await;
            assert_eq!(state(&chooser, words), told, "{words}: {}", request.query());
            let label = chooser.text(&button(&chooser, words)).unwrap();
            assert_eq!(label.contains("Sign in again"), told == "locked", "{label}");
            let next = pick(&browser, &chooser, words).await;
            assert_eq!(next.location().is_none(), told == "locked", "{words}: {}", request.query());
        }
    }
    // And what the owner leaves its people.
    acme_asks(&idp, json!({"login_methods": ["password"]})).await;
    for page in [asking(console.request()).url(), "/accounts".to_owned()] {
        let rows = browser.open(&page).await;
        assert_eq!([state(&rows, "Acme"), state(&rows, "alice@acme")], ["active", "locked"], "{page}");
    }
}

#[rstest]
#[actix_web::test]
async fn an_operator_sets_it_and_it_is_written_down(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let change = PolicyChange {
        reauth_idle_minutes: Some(30),
        reauth_root: Some(true),
        reauth_on_change: Some(true),
        ..PolicyChange::default()
    };
    let set = async |who: &str| idp.identity().change_policy(who, change.clone(), &by_operator()).await;
    assert!(set(OPS.name).await.unwrap() && !set(OPS.name).await.unwrap());
    acme_asks(&idp, json!({"reauth_idle_minutes": 30, "iam_long_lived_days": 7})).await;
    let policy = idp.identity().portray(OPS.name).await.unwrap().policy.unwrap();
    assert_eq!((policy.iam_long_lived_days, policy.reauth.idle_minutes), (7, 30));
    assert!(policy.reauth.root && policy.reauth.on_change && policy.login_methods.is_empty(), "the rest stays");
    let trail = idp.audit().await;
    let changes = trail.iter().filter(|event| event.kind == AuditKind::AccountChanged && event.account.is_some());
    let told: Vec<_> = changes.map(|event| event.detail.as_str()).take(4).collect();
    assert_eq!(
        told,
        ["iam_long_lived_days 7", "reauth_on_change true", "reauth_root true", "reauth_idle_minutes 30"],
        "newest first, and once"
    );
    for who in [ALICE.name, DEV.name] {
        assert!(set(who).await.is_err(), "{who}");
        assert!(idp.identity().portray(who).await.unwrap().policy.is_none());
    }
}
