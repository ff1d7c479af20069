//! The whole way: our pages, our outbox, Aliyun's protocol, and a phone.

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::json;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, GLOBEX};
use crate::support::idp::TestIdp;

const GLOBEX_PHONE: &str = "13800000002";
const NOBODYS_PHONE: &str = "13900000009";

#[rstest]
#[actix_web::test]
async fn a_message_goes_out_by_the_vendor_and_its_code_signs_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let (idp, vendors) = TestIdp::with_simulator(backend, &[]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let login = browser.open(&console.request().url()).await;
    let href = login.attribute("a[href^='/login/sms?']", "href").expect("a link to the SMS page");
    let page = browser.get(&href).await;
    let answer = browser.submit(&page, &[("phone", GLOBEX_PHONE)]).await;
    let page = browser.follow(answer).await;
    let answer = browser.submit(&page, &[("account", "other")]).await;
    let page = browser.follow(answer).await;
    idp.deliver().await;
    idp.deliver().await;
    let messages = vendors.told("/sms?phone=%2B8613800000002").await;
    let [message] = messages.as_array().unwrap().as_slice() else { panic!("not one message: {messages}") };
    assert!(message["text"].as_str().unwrap().contains("登录验证码"), "{message}");
    let code = message["code"].as_str().unwrap().to_owned();
    let answer = browser.submit(&page, &[("code", &code)]).await;
    let answer = browser.follow(answer).await;
    let answer = if answer.has("#agree") {
        let agreed = browser.submit(&answer, &[("agree", "1")]).await;
        browser.follow(agreed).await
    } else {
        answer
    };
    let claims = console.tokens(&console.code_from(&answer)).await.claims();
    assert_eq!((&claims["sub"], &claims["amr"]), (&json!(idp.sub_of(GLOBEX).await), &json!(["sms"])));
}

#[rstest]
#[actix_web::test]
async fn sm_06_a_number_that_nobody_has_gets_no_message(#[values(Sqlite, Postgres)] backend: Backend) {
    let (idp, vendors) = TestIdp::with_simulator(backend, &[]).await;
    let browser = idp.browser();
    let page = browser.asks_for_code(NOBODYS_PHONE).await;
    assert!(page.has("#code"));
    idp.deliver().await;
    assert_eq!(vendors.told("/sms").await, json!([]), "the vendor heard nothing");
    assert_eq!(browser.submit(&page, &[("code", "123456")]).await.error_code().as_deref(), Some("bad_code"));
}

#[rstest]
#[actix_web::test]
async fn a_vendor_in_trouble_changes_no_page_and_sends_nothing_twice(#[values(Sqlite, Postgres)] backend: Backend) {
    for mode in ["reset", "garbage", "http"] {
        let (idp, vendors) = TestIdp::with_simulator(backend, &[]).await;
        vendors.tell("/faults", json!({"match": {"action": "SendSms"}, "mode": mode, "times": 1})).await;
        let browser = idp.browser();
        let page = browser.asks_for_code(ACME_PHONE).await;
        assert!(page.status == StatusCode::OK && page.has("#code"), "{mode}");
        idp.deliver().await;
        for _later in 0..3 {
            idp.clock().advance(std::time::Duration::from_secs(20));
            idp.deliver().await;
        }
        let asked = vendors.told("/requests?vendor=aliyun").await;
        let calls = asked.as_array().unwrap().len();
        assert_eq!(calls, 1, "{mode}: nobody knows whether it went out, so it is not sent again");
    }
}
