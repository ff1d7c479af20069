//! When an owner has its people prove themselves again although they are signed in:
//! unused for so long, in another kind of browser or another country, and whenever
//! the root is picked.

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
use crate::support::mmdb;

const SECOND: Duration = Duration::from_secs(1);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";

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
async fn who_was_not_here_for_as_long_as_the_owner_says_proves_it_again(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    acme_asks(&idp, json!({"reauth_idle_minutes": 5})).await;
    for person in [OPS, DEV, ALICE, GLOBEX] {
        browser.sign_in(person).await;
    }
    idp.clock().advance(299 * SECOND);
    // Being used moves the time on: for those who were.
    for person in [OPS, ALICE, GLOBEX] {
        assert_eq!(silent(&idp, &browser, person).await, "code", "{person:?}");
    }
    idp.clock().advance(299 * SECOND);
    for (person, comes) in [(OPS, "code"), (DEV, "login_required"), (ALICE, "code"), (GLOBEX, "code")] {
        assert_eq!(silent(&idp, &browser, person).await, comes, "{person:?}");
    }
    idp.clock().advance(300 * SECOND);
    for (person, comes) in [(OPS, "login_required"), (ALICE, "login_required"), (GLOBEX, "code")] {
        assert_eq!(
            silent(&idp, &browser, person).await,
            comes,
            "another owner's people are another matter: {person:?}"
        );
    }
    // Asking in vain is no use.
    assert_eq!(silent(&idp, &browser, OPS).await, "login_required");
    let request = console.request();
    let chooser = browser.open(&request.url()).await;
    assert_eq!(["Acme", "alice@acme", "Globex"].map(|words| state(&chooser, words)), ["locked", "locked", "active"]);
    let login = pick(&browser, &chooser, "Acme").await;
    assert!(login.path() == "/login" && login.body.contains("Acme"), "{}", login.body);
    let back = prove(&browser, &login).await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(OPS).await);
    // That account alone.
    for (person, comes) in [(OPS, "code"), (ALICE, "login_required"), (DEV, "login_required"), (GLOBEX, "code")] {
        assert_eq!(silent(&idp, &browser, person).await, comes, "{person:?}");
    }
    let chooser = browser.open(&request.url()).await;
    let back = pick(&browser, &chooser, "Globex").await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(GLOBEX).await);
    // The owner takes it back.
    acme_asks(&idp, json!({"reauth_idle_minutes": 0})).await;
    assert_eq!(silent(&idp, &browser, ALICE).await, "code");
}

/// The shortest time that an owner may set is told in minutes: a use is noted well within one.
#[rstest]
#[actix_web::test]
async fn a_use_counts_although_the_one_before_was_just_now(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    acme_asks(&idp, json!({"reauth_idle_minutes": 5})).await;
    browser.sign_in(OPS).await;
    for seconds in [45, 275, 20, 285] {
        idp.clock().advance(seconds * SECOND);
        assert_eq!(silent(&idp, &browser, OPS).await, "code", "{seconds}");
    }
}

#[rstest]
#[actix_web::test]
async fn idle_people_see_none_of_their_own_pages_and_what_they_gave_out_lives_on(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    acme_asks(&idp, json!({"reauth_idle_minutes": 5})).await;
    let tokens = console.signed_in(&browser, OPS, "openid offline_access").await;
    assert_eq!(browser.open("/me/sessions").await.path(), "/me/sessions");
    idp.clock().advance(300 * SECOND);
    for page in ["/me/sessions", "/me/apps"] {
        assert!(browser.open(page).await.path().starts_with("/login"), "{page}");
    }
    assert_eq!(state(&browser.open("/accounts").await, "Acme"), "locked");
    assert!(idp.api().is_active(&tokens.access).await);
    let refreshed = console.refresh(tokens.refresh.as_deref().expect("a refresh token")).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
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

#[rstest]
#[actix_web::test]
async fn another_kind_of_browser_asks_again_where_the_owner_minds(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (mut browser, console) = (idp.browser(), idp.client("console"));
    acme_asks(&idp, json!({"reauth_on_change": true})).await;
    browser.user_agent = FIREFOX;
    for person in [OPS, ALICE, GLOBEX] {
        browser.sign_in(person).await;
    }
    browser.user_agent = NEWER_FIREFOX;
    assert_eq!(silent(&idp, &browser, OPS).await, "code", "the same browser, updated");
    for other in [CHROME, "curl/8.5.0"] {
        browser.user_agent = other;
        for (person, comes) in [(OPS, "login_required"), (ALICE, "login_required"), (GLOBEX, "code")] {
            assert_eq!(silent(&idp, &browser, person).await, comes, "{other}: {person:?}");
        }
    }
    browser.user_agent = CHROME;
    let chooser = browser.open(&console.request().url()).await;
    assert_eq!(["Acme", "alice@acme", "Globex"].map(|words| state(&chooser, words)), ["locked", "locked", "active"]);
    let login = pick(&browser, &chooser, "Acme").await;
    let back = prove(&browser, &login).await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(OPS).await);
    assert_eq!(silent(&idp, &browser, OPS).await, "code");
    assert_eq!(silent(&idp, &browser, ALICE).await, "login_required");
    // What counts is the last proof: of hers it is the first browser, of his the second.
    browser.user_agent = FIREFOX;
    assert_eq!(silent(&idp, &browser, OPS).await, "login_required");
    assert_eq!(silent(&idp, &browser, ALICE).await, "code");
}

const NETWORKS: [mmdb::Row; 2] =
    [("1.0.0.0/9", "CN", "中国", "China"), ("2400:cb00::/32", "SG", "新加坡", "Singapore")];

#[rstest]
#[actix_web::test]
async fn another_country_asks_again_where_it_is_known(#[values(Sqlite, Postgres)] backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    std::fs::write(&file, mmdb::database("GeoLite2-Country", &NETWORKS)).unwrap();
    let idp = TestIdp::configured(backend, &[("geo.database", file.to_str().unwrap())]).await;
    let blind = idp.another_node(&[]).await;
    acme_asks(&idp, json!({"reauth_on_change": true})).await;
    let mut browser = idp.browser();
    browser_at(&mut browser, "1.2.3.4");
    browser.sign_in(OPS).await;
    browser.sign_in(GLOBEX).await;
    for (address, comes) in [("1.9.9.9", "code"), ("9.9.9.9", "code"), ("2400:cb00::7", "login_required")] {
        browser_at(&mut browser, address);
        assert_eq!(silent(&idp, &browser, OPS).await, comes, "{address}");
        assert_eq!(silent(&idp, &browser, GLOBEX).await, "code", "{address}");
        assert_eq!(silent(&blind, &browser.at(&blind), OPS).await, "code", "without a file: {address}");
    }
    let login = browser.open(&idp.client("console").request().with("login_hint", OPS.name).url()).await;
    assert!(prove(&browser, &login).await.returned().contains_key("code"));
    assert_eq!(silent(&idp, &browser, OPS).await, "code");
    browser_at(&mut browser, "1.2.3.4");
    assert_eq!(silent(&idp, &browser, OPS).await, "login_required");
}

fn browser_at(browser: &mut Browser, address: &str) {
    browser.peer.set_ip(address.parse().unwrap());
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
