//! `/accounts`: the accounts of one browser.

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::database::Backend::{self, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, OPS, PASSWORD, Person};
use crate::support::idp::TestIdp;

const NAMES: [&str; 21] = [
    "u01@acme", "u02@acme", "u03@acme", "u04@acme", "u05@acme", "u06@acme", "u07@acme", "u08@acme", "u09@acme",
    "u10@acme", "u11@acme", "u12@acme", "u13@acme", "u14@acme", "u15@acme", "u16@acme", "u17@acme", "u18@acme",
    "u19@acme", "u20@acme", "u21@acme",
];

/// AC-06: the twenty-first is asked which one to remove; nobody is dropped, and the cookie stays what it was.
#[rstest]
#[actix_web::test]
async fn ac_06_a_browser_holds_twenty_accounts_and_drops_none_silently(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("throttle.enabled", "false")]).await;
    let user = |name: &str| json!({"username": name.split('@').next(), "password": PASSWORD});
    let users: Vec<Value> = NAMES.iter().map(|name| user(name)).collect();
    idp.apply(&json!({"account": [{"id": "104857600000", "alias": "acme", "iam_user": users}]})).await;
    let browser = idp.browser();
    let people = NAMES.map(|name| Person { page: "/login/iam", name });
    for person in &people[..20] {
        browser.sign_in(*person).await;
    }
    let login = browser.open("/login/iam").await;
    let answer = browser.try_password(&login, people[20], PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let full = browser.follow(answer).await;
    assert_eq!(full.attributes("button[name=remove]", "name").len(), 20, "it asks which one to remove");
    assert!(full.body.contains("u21") && !full.has("button[name=account]"), "{}", full.body);
    let accounts = browser.open("/accounts").await;
    assert_eq!(accounts.attributes("button[name=account][data-state=active]", "data-state").len(), 20);
    assert!(!accounts.body.contains("u21"));
    // Somebody who is here already comes in again.
    let login = browser.open("/login/iam").await;
    assert_eq!(browser.try_password(&login, people[3], PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert!(browser.cookie().unwrap().len() < 200, "the cookie does not grow");
    // The proof waited: once one is removed, the newcomer is in.
    let end = browser.press(&full, "button[name=remove]").await;
    assert!(end.body.contains("u21") && !end.body.contains("u20"), "{}", end.body);
    assert_eq!(end.attributes("button[name=account][data-state=active]", "name").len(), 20);
}

#[rstest]
#[actix_web::test]
async fn one_account_signs_out_and_the_others_stay(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let of_dev = console.signed_in(&browser, DEV, "openid").await;
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let page = browser.open("/accounts").await;
    let after = browser.press(&page, "button[data-principal-type=sub_account] ~ div button[name=sign_out]").await;
    assert_eq!(after.attributes("button[name=account][data-state=active]", "data-state").len(), 2);
    assert_eq!(after.attribute("button[data-principal-type=sub_account]", "data-state").as_deref(), Some("signed_out"));
    assert!(!idp.api().is_active(&of_dev.access).await);
    // What another browser's page sends does nothing here.
    let other = idp.browser();
    let theirs = other.sign_in(GLOBEX).await.attribute("button[name=sign_out]", "value").unwrap();
    let forged = browser.submit(&after, &[("sign_out", &theirs)]).await;
    assert!(forged.status.is_client_error() || forged.location() == Some("/accounts"), "{}", forged.status);
    assert!(other.open("/accounts").await.has("button[name=account][data-state=active]"), "theirs is untouched");
}

#[rstest]
#[actix_web::test]
async fn a_login_of_ones_own_ends_at_the_configured_client(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("login.default_client", "portal")]).await;
    let portal = json!({"client_id": "portal", "token_endpoint_auth_method": "none", "scope": "openid",
        "redirect_uris": ["https://portal.test/cb"], "initiate_login_uri": "https://portal.test/start"});
    idp.apply(&json!({"client": [portal]})).await;
    let end = idp.browser().sign_in(OPS).await;
    assert_eq!(end.location(), Some("https://portal.test/start"));
}
