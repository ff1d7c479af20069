//! `/me/sessions`, and how long a sign-in lasts.

use std::time::Duration;

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, OPS, PASSWORD, Person};
use crate::support::idp::TestIdp;

const HOUR: Duration = Duration::from_secs(3_600);

async fn remembered(browser: &Browser, person: Person) -> Answer {
    let login = browser.open(person.page).await;
    let page = if person.page == "/login/iam" {
        let next = browser.submit(&login, &[("username", person.name)]).await;
        browser.follow(next).await
    } else {
        login
    };
    let fields = [("username", person.name), ("password", PASSWORD), ("agree", "1"), ("remember", "1")];
    let iam = person.page == "/login/iam";
    let answer = browser.submit(&page, if iam { &fields[1..] } else { &fields }).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

#[rstest]
#[actix_web::test]
async fn an_account_sees_its_places_and_ends_them(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (here, there, elsewhere) = (idp.browser(), idp.browser(), idp.browser());
    let console = idp.client("console");
    let of_there = console.signed_in(&there, OPS, "openid").await;
    console.signed_in(&elsewhere, OPS, "openid").await;
    here.sign_in(ALICE).await;
    here.sign_in(OPS).await;
    let page = here.open("/me/sessions").await;
    assert_eq!(page.attributes("button[name=sign_out]", "value").len(), 3, "{}", page.body);
    assert_eq!(page.attributes("[data-here]", "class").len(), 1);
    assert!(page.body.contains(&there.peer.ip().to_string()) && !page.body.contains("alice"));
    // Another browser's handle of its own page means nothing here.
    let stale = here.submit(&page, &[("sign_out", "made-up")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let after = here.press(&page, "#sign-out-others").await;
    assert_eq!((after.path(), after.attributes("button[name=sign_out]", "value").len()), ("/me/sessions", 1));
    assert!(!idp.api().is_active(&of_there.access).await);
    assert!(!there.open("/accounts").await.has("[data-state=active]"));
    let gone = here.press(&after, "button[name=sign_out]").await;
    assert_eq!(gone.path(), "/accounts");
    assert_eq!(gone.attributes("button[name=account]", "data-state"), ["signed_out", "active"]);
}

#[rstest]
#[actix_web::test]
async fn staying_signed_in_lasts_thirty_days_and_an_iam_users_is_its_owners_to_allow(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    remembered(&browser, OPS).await;
    remembered(&browser, ALICE).await;
    let silent = |hint: &str| console.request().with("prompt", "none").with("login_hint", hint).url();
    idp.clock().advance(7 * HOUR);
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"));
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required", "her owner allows nothing");
    let allowed = json!({"account": [{"id": "104857600000", "alias": "acme", "iam_long_lived_days": 45}]});
    idp.apply(&allowed).await;
    remembered(&browser, ALICE).await;
    idp.clock().advance(24 * 29 * HOUR);
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"));
    idp.clock().advance(24 * HOUR);
    assert_eq!(browser.get(&silent(OPS.name)).await.returned_error(), "login_required");
    idp.clock().advance(24 * 14 * HOUR);
    assert!(browser.get(&silent(ALICE.name)).await.returned().contains_key("code"), "44 days");
    idp.clock().advance(24 * 2 * HOUR);
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required");
    // Proving oneself again keeps what one asked for, and is for one account alone.
    let chooser = browser.open(&console.request().url()).await;
    let login = browser.press(&chooser, "button[data-principal-type=root]").await;
    let answer = browser.submit(&login, &[("password", PASSWORD)]).await;
    assert!(browser.follow(answer).await.returned().contains_key("code"));
    idp.clock().advance(24 * 2 * HOUR);
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"));
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required");
}
