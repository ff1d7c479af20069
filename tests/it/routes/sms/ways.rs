//! The ways through the pages, as honest people go them.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::base::id::PrincipalId;
use menshen::domain::{AuditKind, ContactKind, Outcome};
use menshen::identity::Switch;
use menshen::store::identifiers;
use rstest::rstest;
use serde_json::json;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, GLOBEX, ME, OPS};
use crate::support::idp::TestIdp;
use crate::support::sms::{OTHER, code, codes, idp_with, rows, wrong};

const GLOBEX_PHONE: &str = "138 0000 0002";

#[rstest]
#[actix_web::test]
async fn a_phone_a_row_and_a_code_lead_to_the_client(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let login = browser.open(&console.request().url()).await;
    let href = login.attribute("a[href^='/login/sms?']", "href").expect("a link to the SMS page");
    let page = browser.get(&href).await;
    let page = browser.submit(&page, &[("phone", GLOBEX_PHONE)]).await;
    let page = browser.follow(page).await;
    assert_eq!(page.text("#phone-masked").as_deref(), Some("138****0002"));
    assert!(codes(&idp).await.is_empty(), "no code before the account is chosen");
    // Among the rows is one that stands for Globex; its id ends in 02.
    let (handle, _) = rows(&page).into_iter().find(|(_, label)| label.contains("02")).expect("the row of Globex");
    let answer = browser.submit(&page, &[("account", &handle)]).await;
    let page = browser.follow(answer).await;
    assert!(page.has("#code") && page.has("#send-code") && !page.body.contains("0000 0002"));
    assert!(!page.body.contains("8613800000002") && !page.body.contains(&handle), "both live on the server");
    let code = code(&idp).await;
    let answer = browser.submit(&page, &[("code", &wrong(&code))]).await;
    assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("bad_code")));
    let answer = browser.submit(&answer, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    // The page has no box for the terms: they are asked for on their own page, if there are any.
    let page = browser.follow(answer).await;
    let page = if page.has("#agree") {
        let answer = browser.submit(&page, &[("agree", "1")]).await;
        browser.follow(answer).await
    } else {
        page
    };
    let claims = console.tokens(&console.code_from(&page)).await.claims();
    assert_eq!(claims["sub"], json!(idp.sub_of(GLOBEX).await));
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["sms"]), &json!("aal1")));
    let trail = idp.audit().await;
    let said = |kind, outcome| trail.iter().any(|event| event.kind == kind && event.outcome == outcome);
    assert!(said(AuditKind::OneTimeCodeSent, Outcome::Success) && said(AuditKind::OneTimeCodeTried, Outcome::Success));
    assert!(said(AuditKind::Login, Outcome::Refused) && said(AuditKind::Login, Outcome::Success));
    assert!(trail.iter().all(|event| !event.detail.contains(&code) && !event.detail.contains("0000")));
}

#[rstest]
#[actix_web::test]
async fn any_other_account_is_chosen_after_the_code(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let page = browser.asks_for_code(ACME_PHONE).await;
    let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
    let chooser = browser.follow(answer).await;
    let handles = chooser.attributes("button[name=account]", "value");
    assert_eq!(handles.len(), 2, "{}", chooser.body);
    assert!(chooser.body.contains("个人项目") && chooser.body.contains("Acme"));
    let answer = browser.submit(&chooser, &[("account", &handles[1])]).await;
    browser.follow(answer).await;
    let login = idp.audit().await.into_iter().find(|event| event.kind == AuditKind::Login).unwrap();
    assert!([idp.sub_of(OPS).await, idp.sub_of(ME).await].contains(&login.principal.unwrap().to_string()));
}

#[rstest]
#[actix_web::test]
async fn after_the_code_alone_the_code_leaves_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[("login.sms.account_choice", "after_code")]).await;
    let browser = idp.browser();
    let answer = browser.type_phone(ACME_PHONE).await;
    let page = browser.follow(answer).await;
    assert!(page.has("#code") && !page.has("input[type=radio]"));
    let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
    assert_eq!(browser.follow(answer).await.attributes("button[name=account]", "value").len(), 2);
    // With one account there is nothing to choose.
    let other = idp.browser();
    let answer = other.type_phone(GLOBEX_PHONE).await;
    let page = other.follow(answer).await;
    let answer = other.submit(&page, &[("code", &code(&idp).await)]).await;
    other.follow(answer).await;
    let login = idp.audit().await.into_iter().find(|event| event.kind == AuditKind::Login).unwrap();
    assert_eq!(login.principal.unwrap().to_string(), idp.sub_of(GLOBEX).await);
}

#[rstest]
#[actix_web::test]
async fn a_code_is_sent_again_after_a_minute_and_the_newest_alone_counts(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    assert!(page.has("#resend-wait"));
    let early = browser.resend(&page).await;
    assert_eq!((early.status, early.error_code().as_deref()), (StatusCode::TOO_MANY_REQUESTS, Some("code_cooldown")));
    assert!(early.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
    let first = code(&idp).await;
    idp.clock().advance(Duration::from_secs(61));
    let answer = browser.resend(&early).await;
    let page = browser.follow(answer).await;
    let second = code(&idp).await;
    if first != second {
        assert_eq!(browser.submit(&page, &[("code", &first)]).await.error_code().as_deref(), Some("bad_code"));
    }
    assert_eq!(browser.submit(&page, &[("code", &second)]).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[actix_web::test]
async fn a_browser_that_knows_an_account_names_it_and_no_other_browser_does(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp_with(backend, &[]).await;
    let known = idp.browser();
    known.sign_in(ME).await;
    let page = known.rows_of(ACME_PHONE).await;
    let labels: Vec<_> = rows(&page).into_iter().map(|(_, label)| label).collect();
    assert!(labels[0].contains("个人项目"), "{labels:?}");
    let stranger = idp.browser().rows_of(ACME_PHONE).await;
    assert!(!stranger.body.contains("个人项目") && !stranger.body.contains("Acme"));
}

#[rstest]
#[actix_web::test]
async fn whoever_is_switched_off_is_told_so_after_the_code_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    idp.switch(GLOBEX, Switch::Suspend).await;
    let browser = idp.browser();
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    assert!(page.error_code().is_none());
    let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
    assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("owner_suspended")));
}

#[actix_web::test]
async fn without_a_gateway_there_is_no_such_page_and_no_link_to_it() {
    let idp = TestIdp::start(Sqlite).await;
    let browser = idp.browser();
    assert_eq!(browser.open("/login/sms").await.status, StatusCode::NOT_FOUND);
    let login = browser.open("/login").await;
    assert!(!login.body.contains("/login/sms"));
    assert_eq!(browser.submit(&login, &[("phone", OTHER)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[actix_web::test]
async fn a_proved_number_that_nobody_has_any_more_leads_to_a_new_account(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    let root = PrincipalId::from_text(idp.sub_of(GLOBEX).await);
    idp.write(move |tx| identifiers::remove(tx, &root, ContactKind::Phone)).await;
    let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().unwrap().starts_with("/signup?"), "{:?}", answer.location());
    assert!(browser.follow(answer).await.has("input[type=password]"), "the number is proved already");
}

#[rstest]
#[actix_web::test]
async fn who_signed_in_by_message_proves_themselves_again_by_message(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
    let page = browser.follow(answer).await;
    if page.has("#agree") {
        let answer = browser.submit(&page, &[("agree", "1")]).await;
        browser.follow(answer).await;
    }
    let again = console.request().with("prompt", "login").url();
    assert_eq!(browser.open(&again).await.path(), "/login/sms");
    assert_eq!(idp.browser().open(&again).await.path(), "/login", "a stranger begins where everything begins");
}
