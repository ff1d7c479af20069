//! The browser's cookie: its rotation, and what an old one that comes back means.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::test::TestRequest;
use rstest::rstest;
use tokio::task::JoinSet;

use crate::support::browser::COOKIE;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, BOB, OPS};
use crate::support::idp::TestIdp;

const HALF_A_DAY: Duration = Duration::from_secs(12 * 60 * 60);

/// AC-07: a replaced cookie that comes back after its overlap ends everything; whom it concerns is told
/// (`notices::a_copied_cookie_is_told_of_to_whoever_was_signed_in`).
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

/// AC-07: within its overlap an old cookie is good for what it could see before, and for nothing that came since.
#[rstest]
#[actix_web::test]
async fn ac_07_an_old_cookie_gives_no_new_rights(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    idp.clock().advance(Duration::from_secs(31));
    let thief = browser.stolen();
    browser.sign_in(ALICE).await;
    assert_ne!(browser.cookie(), thief.cookie());
    let old = thief.cookie();
    let silent = |hint: &str| console.request().with("prompt", "none").with("login_hint", hint).url();
    assert!(thief.get(&silent(OPS.name)).await.returned().contains_key("code"), "a tab that was slow");
    assert_eq!(thief.get(&silent(ALICE.name)).await.returned_error(), "login_required");
    let accounts = thief.open("/accounts").await;
    assert_eq!(accounts.attributes("button[name=account]", "data-principal-type"), ["root"], "{}", accounts.body);
    let out = thief.open("/logout").await;
    assert!(!out.body.contains("alice"), "{}", out.body);
    assert_eq!(thief.cookie(), old, "and it is never exchanged for a new one");
    // Signing in with it is no way round: that is not seen through it either.
    thief.sign_in(BOB).await;
    assert_eq!(thief.cookie(), old);
    assert_eq!(thief.get(&silent(BOB.name)).await.returned_error(), "login_required");
    assert_eq!(browser.open("/accounts").await.attributes("[data-state=active]", "name").len(), 3);
}

/// AC-08: what the cookie says of itself over https.
#[rstest]
#[actix_web::test]
async fn ac_08_the_cookie_is_of_this_host_for_https_and_for_no_script(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let mut answers = vec![browser.get(&idp.client("console").request().url()).await];
    let login = browser.open("/login").await;
    answers.push(browser.try_password(&login, OPS, crate::support::house::PASSWORD).await);
    for answer in answers {
        let set: Vec<_> = answer.headers.get_all("set-cookie").map(|line| line.to_str().unwrap()).collect();
        let [line] = set.as_slice() else { panic!("one cookie, not {set:?}") };
        let (pair, flags) = line.split_once("; ").unwrap();
        assert!(pair.starts_with("__Host-menshen=mbr_") && pair.len() < 200, "{pair}");
        let mut flags: Vec<_> = flags.split("; ").filter(|flag| !flag.starts_with("Max-Age=")).collect();
        flags.sort_unstable();
        assert_eq!(flags, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "and no Domain");
    }
}

/// AC-08: of two cookies of the name one was planted, so none is honoured.
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

/// Many tabs at the moment in which the cookie is replaced: each sends the old one.
#[rstest]
#[actix_web::test]
async fn tabs_that_race_for_a_new_cookie_all_go_on(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("sessions.idle", "24h")]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    console.signed_in(&browser, OPS, "openid").await;
    idp.clock().advance(HALF_A_DAY);
    let (old, url) = (browser.cookie(), console.request().with("prompt", "none").url());
    let mut tabs = JoinSet::new();
    for _tab in 0..24 {
        let (tab, url) = (browser.at(&idp), url.clone());
        tabs.spawn_local(async move { (tab.get(&url).await.returned().contains_key("code"), tab.cookie()) });
    }
    let ended = tabs.join_all().await;
    assert!(ended.iter().all(|(code, _)| *code), "nobody is thrown out");
    let new: BTreeSet<_> =
        ended.into_iter().filter_map(|(_, cookie)| cookie.filter(|new| Some(new) != old.as_ref())).collect();
    assert_eq!(new.len(), 1, "and one tab brought the new cookie");
    // The new one and the old one side by side, until its time is over.
    let slow = browser.at(&idp);
    browser.jar.borrow_mut().extend(new.into_iter().map(|cookie| (COOKIE.to_owned(), cookie)));
    for tab in [&browser, &slow, &browser, &slow] {
        assert!(tab.get(&url).await.returned().contains_key("code"));
    }
    idp.clock().advance(Duration::from_secs(30));
    assert!(slow.get(&url).await.returned().contains_key("code"));
    assert!(!idp.audit().await.iter().any(|event| event.detail.contains("replaced cookie")), "no theft was cried");
}

/// Two tabs of one browser sign in two accounts at the same moment.
#[rstest]
#[actix_web::test]
async fn two_that_sign_in_at_once_are_both_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    browser.open("/login").await;
    let before = browser.cookie();
    let mut tabs = JoinSet::new();
    for person in [OPS, ALICE] {
        let tab = browser.at(&idp);
        let login = tab.open(person.page).await;
        tabs.spawn_local(async move {
            let answer = tab.try_password(&login, person, crate::support::house::PASSWORD).await;
            (answer.location().unwrap().to_owned(), tab.cookie())
        });
    }
    let ended = tabs.join_all().await;
    let new: BTreeSet<_> =
        ended.iter().filter_map(|(_, cookie)| cookie.clone().filter(|_| *cookie != before)).collect();
    assert_eq!(new.len(), 1, "the cookie is replaced once");
    browser.jar.borrow_mut().extend(new.into_iter().map(|cookie| (COOKIE.to_owned(), cookie)));
    for (location, _) in ended {
        assert_eq!(browser.open(&location).await.path(), "/accounts");
    }
    assert_eq!(browser.open("/accounts").await.attributes("[data-state=active]", "name").len(), 2);
}
