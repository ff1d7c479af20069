//! `/signup`: who gets an account, and who gets none.

mod hostile;

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::authn::PASSWORD_CREDENTIAL;
use menshen::domain::{AuditKind, CodePurpose};
use menshen::store::{agreements, credentials, identifiers};
use rstest::rstest;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, OPS, Person};
use crate::support::idp::TestIdp;

/// What a sign-up and a reset need: somebody who carries letters.
pub const GATEWAY: &[(&str, &str)] = &[
    ("sms.provider", "webhook"),
    ("sms.webhook_url", "https://sms.test/send"),
    ("mail.host", "mail.test"),
    ("mail.from", "no-reply@id.test"),
];
const NEW: &str = "+8613911112222";
const STRONG: &str = "seven-lamps-by-the-river";

async fn idp(backend: Backend) -> TestIdp {
    TestIdp::configured(backend, GATEWAY).await
}

/// Types a number on the first page; the page after it.
async fn ask_code(browser: &Browser, page: &Answer, phone: &str) -> Answer {
    let answer = browser.submit(page, &[("phone", phone)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

/// Proves a number; the page after the code.
async fn prove(idp: &TestIdp, browser: &Browser, page: &Answer, phone: &str) -> Answer {
    let page = ask_code(browser, page, phone).await;
    let code = idp.code_sent_to(phone, CodePurpose::SignUp).await;
    let answer = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

#[rstest]
#[actix_web::test]
async fn a_new_account_signs_in_at_the_client_that_sent_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let login = browser.open(&console.request().with("scope", "openid account phone profile").url()).await;
    let href = login.attribute("a[href^='/signup?']", "href").expect("the link to the sign-up");
    let page = browser.get(&href).await;
    let page = prove(&idp, &browser, &page, NEW).await;
    assert!(page.has("#password[autocomplete=new-password]") && page.has("#agree[required]"), "{}", page.body);
    assert!(page.body.contains("139****2222") && !page.body.contains("13911112222"));
    let answer = browser.submit(&page, &[("password", STRONG), ("agree", "1")]).await;
    let back = browser.follow(answer).await;
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    let account = claims["account_id"].as_str().expect("an account").to_owned();
    assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()), "{account}");
    for name in ["owner_account_id", "billing_account_id"] {
        assert_eq!(claims[name], json!(account));
    }
    assert_eq!((&claims["principal_type"], &claims["amr"]), (&json!("root"), &json!(["sms"])));
    let portrait = idp.identity().portray(claims["sub"].as_str().expect("a sub")).await.expect("somebody");
    assert_eq!(portrait.principal.account.id.as_str(), account);
    assert!(!portrait.principal.display_name.contains("2222"), "the name says nothing of the number");
    let id = portrait.principal.id.clone();
    let (agreed, proven) = idp
        .store
        .read(move |tx| Ok((agreements::accepted(tx, &id, "1")?, identifiers::list(tx, &id)?)))
        .await
        .expect("a read");
    assert!(agreed);
    assert!(matches!(proven.as_slice(), [one] if one.verified_at.is_some()));
    let kinds: Vec<_> = idp
        .audit()
        .await
        .iter()
        .filter(|event| event.account.as_ref().is_some_and(|id| id.as_str() == account))
        .map(|event| event.kind)
        .collect();
    for kind in [AuditKind::AccountChanged, AuditKind::PrincipalChanged, AuditKind::AgreementAccepted, AuditKind::Login]
    {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    // The password is good for the next time.
    let later = idp.browser();
    let login = later.open("/login").await;
    let answer = later.try_password(&login, Person { page: "/login", name: NEW }, STRONG).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[rstest]
#[actix_web::test]
async fn a_number_with_accounts_says_so_after_the_code(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/signup").await;
    let page = prove(&idp, &browser, &page, ACME_PHONE).await;
    assert!(page.text("h1").expect("a heading").contains('2'), "{}", page.body);
    assert!(page.has("#register-another"));
    let page = browser.press(&page, "#register-another").await;
    let answer = browser.submit(&page, &[("password", STRONG), ("agree", "1")]).await;
    assert_eq!(browser.follow(answer).await.path(), "/accounts");
    // It has three now, and the third is its own.
    let later = idp.browser();
    let page = later.open("/signup").await;
    idp.clock().advance(Duration::from_secs(61));
    let page = prove(&idp, &later, &page, ACME_PHONE).await;
    assert!(page.text("h1").expect("a heading").contains('3'), "{}", page.body);
}

#[rstest]
#[actix_web::test]
async fn whoever_has_the_number_signs_in_to_an_account_that_it_has(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let page = browser.open(&console.request().with("prompt", "create").with("scope", "openid account").url()).await;
    assert_eq!(page.path(), "/signup");
    let page = prove(&idp, &browser, &page, ACME_PHONE).await;
    let made_up = browser.submit(&page, &[("account", "AAAA")]).await;
    assert_eq!(made_up.status, StatusCode::CONFLICT);
    let handle = page.attribute("button[name=account]", "value").expect("an account");
    let answer = browser.submit(&page, &[("account", &handle)]).await;
    let next = browser.follow(answer).await;
    // The agreements have a page of their own where nobody ticked them.
    let back = if next.has("#agree-submit") {
        let answer = browser.submit(&next, &[("agree", "1")]).await;
        browser.follow(answer).await
    } else {
        next
    };
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    assert_eq!((&claims["account_id"], &claims["amr"]), (&json!("104857600000"), &json!(["sms"])));
    let again = browser.submit(&page, &[("account", &handle)]).await;
    assert!(again.status.is_client_error(), "the number was used up");
}

/// Somebody who is signed in adds a second account of their own.
#[rstest]
#[actix_web::test]
async fn a_new_account_stands_beside_those_that_are_signed_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    let page = browser.open("/signup").await;
    let page = prove(&idp, &browser, &page, NEW).await;
    let answer = browser.submit(&page, &[("password", STRONG), ("agree", "1")]).await;
    let accounts = browser.follow(answer).await;
    assert_eq!(accounts.attributes("[data-state=active]", "data-principal-type").len(), 2, "{}", accounts.body);
    let id = menshen::base::id::PrincipalId::from_text(idp.sub_of(OPS).await);
    let kept = idp.store.read(move |tx| credentials::find(tx, &id, PASSWORD_CREDENTIAL)).await.expect("a read");
    assert!(kept.is_some());
}
