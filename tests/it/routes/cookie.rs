//! The browser's cookie: its rotation, and what an old one that comes back means.

use std::time::Duration;

use actix_web::test::TestRequest;
use rstest::rstest;

use crate::support::browser::COOKIE;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, OPS};
use crate::support::idp::TestIdp;

const HALF_A_DAY: Duration = Duration::from_secs(12 * 60 * 60);

#[rstest]
#[actix_web::test]
async fn ac_07_a_replaced_cookie_that_comes_back_signs_everybody_out(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("sessions.idle", "24h")]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    let thief = browser.stolen();
    idp.clock().advance(HALF_A_DAY);
    console.silently(&browser, "openid").await;
    assert_ne!(browser.cookie(), thief.cookie(), "twelve hours are a cookie's life");
    // A tab that still has the old one: until the new one was used, and 30 s more.
    console.silently(&thief, "openid").await;
    idp.clock().advance(Duration::from_secs(60));
    console.silently(&thief, "openid").await;
    console.silently(&browser, "openid").await;
    idp.clock().advance(Duration::from_secs(29));
    console.silently(&thief, "openid").await;
    idp.clock().advance(Duration::from_secs(2));
    let silent = console.request().with("prompt", "none");
    assert_eq!(thief.get(&silent.url()).await.returned_error(), "login_required");
    assert_eq!(browser.get(&silent.url()).await.returned_error(), "login_required", "the owner is out as well");
    assert!(!idp.api().is_active(&tokens.access).await);
    let told = idp.audit().await.into_iter().find(|event| event.kind.as_str() == "logout").unwrap();
    assert!(told.detail.contains("replaced cookie"), "{}", told.detail);
}

#[rstest]
#[actix_web::test]
async fn a_sign_in_gives_a_new_cookie_but_never_two_in_half_a_minute(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    browser.open("/login").await;
    let before = browser.cookie();
    browser.sign_in(OPS).await;
    let first = browser.cookie();
    assert_ne!(first, before);
    browser.sign_in(ALICE).await;
    assert_eq!(browser.cookie(), first, "within the pause");
    idp.clock().advance(Duration::from_secs(31));
    let page = browser.open("/login/sub").await;
    browser.sign_in_at(&page, crate::support::house::DEV).await;
    assert_ne!(browser.cookie(), first);
}

#[rstest]
#[actix_web::test]
async fn ac_08_two_cookies_of_the_name_are_none(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    let (good, url) = (browser.cookie().unwrap(), idp.client("console").request().with("prompt", "none").url());
    for cookies in [
        format!("{COOKIE}={good}; {COOKIE}={good}"),
        format!("{COOKIE}=planted; {COOKIE}={good}"),
        format!("menshen={good}"),
        format!("{COOKIE}={good}x"),
        format!("{COOKIE}=mbr_"),
    ] {
        let request = TestRequest::get().insert_header(("Host", "id.test")).insert_header(("Cookie", cookies.as_str()));
        let answer = idp.send(request.peer_addr(browser.peer), &url).await;
        assert_eq!(answer.returned_error(), "login_required", "{cookies}");
    }
}

#[rstest]
#[case::idle(Duration::from_secs(3 * 60 * 60 + 1))]
#[case::absolute(Duration::from_secs(24 * 60 * 60 + 1))]
#[actix_web::test]
async fn a_sign_in_that_is_too_old_asks_for_its_password_again(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] later: Duration,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    console.signed_in(&browser, OPS, "openid").await;
    idp.clock().advance(later);
    let page = browser.open(&console.request().url()).await;
    assert!(page.has("#password") && page.body.contains("Acme"), "locked, and known by name: {}", page.body);
}
