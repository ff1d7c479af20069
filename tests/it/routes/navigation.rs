//! How people really move: from other sites, by form, back, and twice.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use rstest::rstest;

use super::chooser::{pick, sub_after};
use crate::support::browser::{Browser, COOKIE};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, GLOBEX, OPS, PASSWORD};
use crate::support::idp::TestIdp;
use crate::support::relying_party::Request;

const CONSOLE: &str = "https://console.test";

fn fields(request: &Request) -> Vec<(&str, &str)> {
    request.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// What a form of another site sends: without the cookie, which is `SameSite=Lax`.
async fn post_from_elsewhere(browser: &Browser, request: &Request) -> crate::support::answer::Answer {
    let kept = browser.jar.borrow_mut().remove(COOKIE);
    let answer = browser.post_from(CONSOLE, "/authorize", &fields(request)).await;
    assert!(browser.cookie().is_none(), "and none may be set in its place");
    browser.jar.borrow_mut().extend(kept.map(|cookie| (COOKIE.to_owned(), cookie)));
    answer
}

/// POST /authorize (OIDC Core §3.1.2.1): of another site, it goes on by a GET that brings the cookie.
#[rstest]
#[actix_web::test]
async fn a_form_of_another_site_finds_who_is_signed_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    let answer = post_from_elsewhere(&browser, &console.request()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().unwrap().starts_with("/authorize?"));
    let back = browser.follow(answer).await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(OPS).await);
    // Silent as well, and with two accounts nobody is guessed.
    browser.sign_in(ALICE).await;
    let silent = post_from_elsewhere(&browser, &console.request().with("prompt", "none")).await;
    assert_eq!(browser.follow(silent).await.returned_error(), "account_selection_required");
    // Of our own site the cookie comes along, and nobody is sent round.
    let chooser = browser.post("/authorize", &fields(&console.request())).await;
    assert!(chooser.location().unwrap().starts_with("/accounts?"), "{:?}", chooser.location());
}

/// A link of another site is an ordinary GET; its forms for our own pages are refused.
#[rstest]
#[actix_web::test]
async fn a_link_of_another_site_is_followed_and_its_forms_are_not_taken(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let from_elsewhere = || TestRequest::get().insert_header(("Sec-Fetch-Site", "cross-site"));
    let answer = browser.send(from_elsewhere(), &console.request().url()).await;
    let chooser = browser.follow(answer).await;
    assert_eq!(chooser.attributes("button[name=account]", "name").len(), 2);
    let manage = browser.send(from_elsewhere(), "/accounts").await;
    assert_eq!(manage.attributes("[data-state=active]", "name").len(), 2, "looking changes nothing");
    for page in [&chooser, &manage] {
        let form = page.form();
        let handle = page.attribute("button[name=account]", "value").unwrap();
        for name in ["account", "sign_out", "remove", "sign_out_all"] {
            let mut sent: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            sent.push((name, &handle));
            let refused = browser.post_from("https://evil.test", &form.action, &sent).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}");
        }
    }
    assert_eq!(browser.open("/accounts").await.attributes("[data-state=active]", "name").len(), 2);
    let back = pick(&browser, &chooser, "alice@acme").await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(ALICE).await, "the page itself is good");
}

/// The back button, from every step of a choice.
#[rstest]
#[actix_web::test]
async fn going_back_shows_the_choice_again_until_it_was_used(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    for person in [OPS, ALICE, GLOBEX] {
        browser.sign_in(person).await;
    }
    let accounts = browser.open("/accounts").await;
    browser.press(&accounts, "section[aria-labelledby=iam-users] button[name=sign_out]").await;
    let chooser = browser.open(&console.request().url()).await;
    let login = pick(&browser, &chooser, "alice@acme").await;
    assert!(login.has("#password") && login.body.contains("alice@acme"));
    // Back to the chooser, and another one.
    let again = browser.open(&chooser.url).await;
    assert_eq!(again.attributes("button[name=account]", "name").len(), 3);
    let back = pick(&browser, &again, "Globex").await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(GLOBEX).await);
    // Back to what was left open: it is over, says so, and leads to a new beginning; no second code.
    let late = browser.submit(&login, &[("password", PASSWORD)]).await;
    assert_eq!((late.status, late.location()), (StatusCode::BAD_REQUEST, None));
    for page in [&chooser.url, &login.url] {
        let gone = browser.open(page).await;
        assert_eq!((gone.status, gone.error_code().as_deref()), (StatusCode::BAD_REQUEST, Some("tx_expired")));
        let restart = gone.attribute("a[href^='/authorize?']", "href").expect("a new beginning");
        assert_eq!(browser.open(&restart).await.path(), "/accounts");
    }
    let states = browser.open("/accounts").await.attributes("button[data-principal-type=iam_user]", "data-state");
    assert_eq!(states, ["signed_out"], "the late password signed nobody in");
}

/// Two browsers of one person: what one does is not the other's.
#[rstest]
#[actix_web::test]
async fn two_browsers_of_one_person_are_two(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (one, other, console) = (idp.browser(), idp.browser(), idp.client("console"));
    let at_one = console.signed_in(&one, OPS, "openid").await;
    let at_other = console.signed_in(&other, OPS, "openid").await;
    assert_ne!(at_one.claims()["sid"], at_other.claims()["sid"]);
    let chooser = one.open(&console.request().with("prompt", "select_account").url()).await;
    // Its pages are worth nothing in the other one.
    let foreign = other.open(&chooser.url).await;
    assert_eq!((foreign.status, foreign.has("button[name=account]")), (StatusCode::BAD_REQUEST, false));
    let handle = chooser.attribute("button[name=account]", "value").unwrap();
    let posted = other.submit(&chooser, &[("account", &handle)]).await;
    assert!(posted.status.is_client_error() && posted.location().is_none());
    let accounts = one.open("/accounts").await;
    one.press(&accounts, "button[name=sign_out]").await;
    assert!(!idp.api().is_active(&at_one.access).await && idp.api().is_active(&at_other.access).await);
    console.silently(&other, "openid").await;
}
