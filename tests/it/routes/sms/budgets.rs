//! How many codes leave the house, for whom and at whose wish (SM-06).

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::store::Statistics;
use rstest::rstest;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, GLOBEX};
use crate::support::idp::TestIdp;
use crate::support::sms::{OTHER, code, codes, idp_with};

const GLOBEX_PHONE: &str = "+8613800000002";
const NOBODYS_PHONE: &str = "+8613900000009";
const AFTER_CODE: (&str, &str) = ("login.sms.account_choice", "after_code");

/// Some number that nobody has.
fn nobodys(at: usize) -> String {
    format!("+86137{at:08}")
}

#[rstest]
#[actix_web::test]
async fn sm_06_a_number_gets_so_many_codes_and_a_known_browser_its_own(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let owner = idp.browser();
    owner.sign_in(GLOBEX).await;
    let mut replies = Vec::new();
    for phone in [GLOBEX_PHONE, NOBODYS_PHONE] {
        let mut told = Vec::new();
        for minute in 0..16 {
            let browser = idp.browser();
            let page = browser.rows_of(phone).await;
            let answer = browser.submit(&page, &[("account", OTHER)]).await;
            told.push((minute, answer.status, answer.error_code()));
            idp.clock().advance(Duration::from_secs(if minute < 7 { 31 } else { 3_601 }));
        }
        replies.push(told);
    }
    assert_eq!(replies[0], replies[1], "the same for a number that nobody has");
    let refused: Vec<_> = replies[0].iter().filter_map(|(minute, _, code)| Some((*minute, code.clone()?))).collect();
    let cooldown = |minute| (minute, "code_cooldown".to_owned());
    let quota = |minute| (minute, "code_quota".to_owned());
    assert_eq!(refused, [cooldown(1), cooldown(3), cooldown(5), cooldown(7), quota(14), quota(15)], "ten a day");
    let sent = codes(&idp).await;
    assert!(sent.iter().all(|(to, _)| to == GLOBEX_PHONE) && sent.len() == 10, "{}", sent.len());
    // Strangers used up the number's day; the browser that its owner signed in with has its own.
    let stranger = idp.browser();
    let page = stranger.rows_of(GLOBEX_PHONE).await;
    let answer = stranger.submit(&page, &[("account", OTHER)]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let page = owner.asks_for_code(GLOBEX_PHONE).await;
    assert_eq!(owner.submit(&page, &[("code", &code(&idp).await)]).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[actix_web::test]
async fn sm_06_an_address_gets_twenty_codes_an_hour(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[("login.sms.account_choice", "after_code")]).await;
    let peer = idp.peer();
    let mut sent = 0;
    for number in 0..40 {
        let browser = Browser::new(idp.clone(), peer);
        let answer = browser.type_phone(&format!("+86137000000{number:02}")).await;
        sent += usize::from(answer.status == StatusCode::SEE_OTHER);
        assert!(answer.status == StatusCode::SEE_OTHER || answer.error_code().as_deref() == Some("code_quota"));
    }
    assert_eq!(sent, 20);
    assert!(codes(&idp).await.is_empty(), "nobody has these numbers");
}

#[rstest]
#[actix_web::test]
async fn sm_06_a_browser_gets_ten_codes_an_hour_wherever_it_goes(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[AFTER_CODE]).await;
    let mut browser = idp.browser();
    let mut sent = 0;
    for number in 0..15 {
        // The same cookie from another address each time.
        browser.peer = idp.peer();
        let answer = browser.type_phone(&nobodys(number)).await;
        sent += usize::from(answer.status == StatusCode::SEE_OTHER);
        if answer.status != StatusCode::SEE_OTHER {
            assert_eq!(
                (answer.status, answer.error_code().as_deref()),
                (StatusCode::TOO_MANY_REQUESTS, Some("code_quota"))
            );
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() <= 3_600);
        }
    }
    assert_eq!(sent, 10);
    // Its owner is not kept waiting there: what is known of a number has its own budget.
    browser.sign_in(GLOBEX).await;
    let answer = browser.type_phone(GLOBEX_PHONE).await;
    let page = browser.follow(answer).await;
    assert_eq!(browser.submit(&page, &[("code", &code(&idp).await)]).await.status, StatusCode::SEE_OTHER);
    idp.clock().advance(Duration::from_secs(3_601));
    assert_eq!(browser.type_phone(&nobodys(99)).await.status, StatusCode::SEE_OTHER, "and it passes");
}

#[rstest]
#[actix_web::test]
async fn sm_06_five_hundred_addresses_run_up_no_bill(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[AFTER_CODE, ("throttle.sms_per_hour", "40")]).await;
    let owner = idp.browser();
    owner.sign_in(GLOBEX).await;
    let written = |before: Statistics| idp.store.statistics().committed - before.committed;
    let (mut sent, mut refused) = (0, Vec::new());
    for number in 0..500 {
        let browser = idp.browser();
        let page = browser.open("/login/sms").await;
        let before = idp.store.statistics();
        let answer = browser.submit(&page, &[("phone", &nobodys(number))]).await;
        if answer.status == StatusCode::SEE_OTHER {
            sent += 1;
        } else {
            refused.push((answer.status, answer.error_code(), written(before)));
        }
    }
    assert_eq!(sent, 40, "exactly what is allowed");
    // A number that somebody has is answered as one that nobody has.
    let stranger = idp.browser();
    let page = stranger.open("/login/sms").await;
    let before = idp.store.statistics();
    let answer = stranger.submit(&page, &[("phone", ACME_PHONE)]).await;
    let told = (answer.status, answer.error_code(), written(before));
    assert_eq!((told.0, told.1.as_deref()), (StatusCode::TOO_MANY_REQUESTS, Some("code_quota")));
    assert!(refused.iter().all(|one| *one == told), "{told:?}");
    assert!(codes(&idp).await.is_empty(), "the provider heard nothing");
    // Who signed in here before is still let in by message.
    let answer = owner.type_phone(GLOBEX_PHONE).await;
    let page = owner.follow(answer).await;
    assert_eq!(owner.submit(&page, &[("code", &code(&idp).await)]).await.status, StatusCode::SEE_OTHER);
    idp.clock().advance(Duration::from_secs(3_601));
    assert_eq!(stranger.type_phone(ACME_PHONE).await.status, StatusCode::SEE_OTHER, "the next hour is another one");
}

#[rstest]
#[actix_web::test]
async fn sm_06_what_the_provider_is_asked_for_is_what_is_allowed(#[values(Sqlite, Postgres)] backend: Backend) {
    let settings = [AFTER_CODE, ("throttle.sms_per_hour", "12")];
    let (idp, vendors) = TestIdp::with_simulator(backend, &settings).await;
    for last in 0..30 {
        let account = json!({"account": [{"alias": format!("town-{last}"), "name": "Town",
            "email": format!("town{last}@town.example"), "phone": nobodys(last),
            "password": crate::support::house::PASSWORD}]});
        idp.apply(&account).await;
    }
    for last in 0..30 {
        idp.browser().type_phone(&nobodys(last)).await;
        idp.deliver().await;
    }
    let asked = vendors.told("/requests?vendor=aliyun").await;
    assert_eq!(asked.as_array().unwrap().len(), 12, "{asked}");
}
