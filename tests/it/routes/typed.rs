//! What was typed on one login page stands on the others, for this browser and
//! this interaction alone.

use actix_web::http::StatusCode;
use menshen::store::interactions;
use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::OPS;
use crate::support::idp::TestIdp;
use crate::support::sms::idp_with;

/// Follows the link of a page to another way in.
async fn turn(browser: &Browser, page: &Answer, path: &str) -> Answer {
    let selector = format!("a[href^='{path}?']");
    let href = page.attribute(&selector, "href").unwrap_or_else(|| panic!("no link to {path}: {}", page.body));
    browser.get(&href).await
}

fn field(page: &Answer, id: &str) -> String {
    page.attribute(&format!("#{id}"), "value").unwrap_or_else(|| panic!("no #{id}: {}", page.body))
}

async fn refused(browser: &Browser, login: &Answer, username: &str) -> Answer {
    let fields = [("username", username), ("password", "not-the-password"), ("agree", "1")];
    let answer = browser.submit(login, &fields).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    answer
}

#[rstest]
#[actix_web::test]
async fn a_number_that_was_typed_need_not_be_typed_again(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let login = browser.open("/login").await;
    let login = refused(&browser, &login, "138 0000 0001").await;
    let sms = turn(&browser, &login, "/login/sms").await;
    assert_eq!(field(&sms, "phone"), "13800000001");
    assert_eq!(field(&turn(&browser, &login, "/signup").await, "phone"), "13800000001");
    assert_eq!(field(&turn(&browser, &login, "/reset").await, "username"), "13800000001");
    // It is no e-mail address and no name of an IAM user.
    assert_eq!(field(&turn(&browser, &login, "/login/sub").await, "username"), "");
    assert_eq!(field(&turn(&browser, &login, "/login/iam").await, "username"), "");
    // From the pages of a text message back to the password.
    let next = browser.submit(&sms, &[("phone", "13800000002")]).await;
    let rows = browser.follow(next).await;
    assert!(!rows.body.contains("13800000002") && !rows.body.contains("13800000001"), "masked where it is not typed");
    assert_eq!(field(&turn(&browser, &rows, "/login").await, "username"), "13800000002");
}

#[rstest]
#[actix_web::test]
async fn an_address_that_was_typed_goes_where_addresses_go(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let login = browser.open("/login").await;
    let login = refused(&browser, &login, OPS.name).await;
    assert_eq!(field(&turn(&browser, &login, "/login/sub").await, "username"), OPS.name);
    assert_eq!(field(&turn(&browser, &login, "/login/sms").await, "phone"), "");
    // Nothing that is nobody's is kept, and nothing is anybody else's.
    let other = idp.browser();
    let page = other.open("/login").await;
    assert_eq!(field(&page, "username"), "");
    let page = refused(&other, &page, "alice@acme").await;
    assert_eq!(field(&turn(&other, &page, "/login/sub").await, "username"), "");
    let another = browser.open("/login").await;
    assert_eq!(field(&another, "username"), "", "another interaction of the same browser");
}

#[actix_web::test]
async fn a_password_manager_finds_where_a_password_is_replaced() {
    let idp = idp_with(Sqlite, &[]).await;
    let page = idp.browser().open("/.well-known/change-password").await;
    assert_eq!(page.path(), "/reset");
    assert!(page.has("#username[autocomplete=username]"));
    let without = TestIdp::start(Sqlite).await.browser().get("/.well-known/change-password").await;
    assert_eq!(without.status, StatusCode::NOT_FOUND, "nobody carries codes");
}

#[actix_web::test]
async fn what_was_typed_is_kept_under_a_seal() {
    let idp = TestIdp::start(Sqlite).await;
    let browser = idp.browser();
    let login = browser.open("/login").await;
    refused(&browser, &login, OPS.name).await;
    let name = login.form().fields["interaction"].clone();
    let kept = browser.open(&format!("/login?interaction={name}")).await;
    assert_eq!(field(&kept, "username"), OPS.name);
    let row = idp.write(|tx| interactions::find(tx, 1)).await.expect("the first interaction");
    assert!(row.progress.contains("\"typed\":{"), "{}", row.progress);
    assert!(!row.progress.contains("acme.example"), "{}", row.progress);
}
