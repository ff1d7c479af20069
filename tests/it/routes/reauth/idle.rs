//! Unused for as long as the owner says.

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::json;

use super::super::chooser::{pick, sub_after};
use super::{SECOND, acme_asks, prove, silent, state};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, OPS};
use crate::support::idp::TestIdp;

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
