//! What people try who do not have the phone (hostile cases SM).

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::domain::{AuditKind, Outcome};
use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, GLOBEX};
use crate::support::idp::TestIdp;
use crate::support::sms::{OTHER, code, codes, idp_with, rows, wrong};

const GLOBEX_PHONE: &str = "+8613800000002";

/// Who signed in so far.
async fn sign_ins(idp: &TestIdp) -> usize {
    let trail = idp.audit().await;
    trail.iter().filter(|event| event.kind == AuditKind::Login && event.outcome == Outcome::Success).count()
}

/// The tries of which the trail says this.
async fn tries(idp: &TestIdp, said: &str) -> usize {
    idp.audit().await.iter().filter(|event| event.detail.ends_with(said)).count()
}

/// Sends the same form many times at once.
async fn storm(browser: &Browser, idp: &TestIdp, page: &Answer, code: &str, count: usize) -> Vec<Answer> {
    let sent: Vec<_> = (0..count)
        .map(|_| {
            let (browser, page, code) = (browser.at(idp), page.clone(), code.to_owned());
            actix_web::rt::spawn(async move { browser.submit(&page, &[("code", &code)]).await })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

#[rstest]
#[actix_web::test]
async fn sm_01_a_code_is_good_in_its_own_browser_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let (asker, thief) = (idp.browser(), idp.browser());
    let page = asker.asks_for_code(GLOBEX_PHONE).await;
    let right = code(&idp).await;
    // In another browser, for the same number: its own code is another one.
    idp.clock().advance(Duration::from_secs(61));
    let other = thief.asks_for_code(GLOBEX_PHONE).await;
    if code(&idp).await != right {
        let answer = thief.submit(&other, &[("code", &right)]).await;
        assert_eq!(answer.error_code().as_deref(), Some("bad_code"));
        assert_eq!(tries(&idp, "wrong code").await, 1, "and it counts");
    }
    // The page of the one browser does not work in the other at all.
    let answer = thief.submit(&page, &[("code", &right)]).await;
    assert!(answer.status.is_client_error() && answer.error_code().as_deref() != Some("bad_code"), "{}", answer.status);
    assert_eq!(sign_ins(&idp).await, 0);
    assert_eq!(asker.submit(&page, &[("code", &right)]).await.status, StatusCode::SEE_OTHER);
}

/// SM-01: a code of one purpose opens no other page, in the same browser and interaction.
#[rstest]
#[actix_web::test]
async fn sm_01_a_code_for_one_thing_is_no_code_for_another(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[("throttle.enabled", "false")]).await;
    for (begun, from, other) in [
        ("/login/sms", "phone", "/reset"),
        ("/login/sms", "phone", "/signup"),
        ("/reset", "username", "/login/sms"),
        ("/signup", "phone", "/login/sms"),
        ("/reset", "username", "/signup"),
        ("/signup", "phone", "/reset"),
    ] {
        let browser = idp.browser();
        let first = browser.open(begun).await;
        let interaction = first.form().fields["interaction"].clone();
        let answer = browser.submit(&first, &[(from, GLOBEX_PHONE)]).await;
        let page = browser.follow(answer).await;
        if page.has("input[type=radio]") {
            let answer = browser.submit(&page, &[("account", OTHER)]).await;
            browser.follow(answer).await;
        }
        let right = code(&idp).await;
        // The other page of the same interaction asks for its own, and that is another one.
        let there = browser.get(&format!("{other}?interaction={interaction}")).await;
        let field = if other == "/reset" { "username" } else { "phone" };
        // The number that was typed stands there already; sent along, it would only ask for another code.
        let typed = browser.submit(&there, &[("code", &right), (field, "")]).await;
        assert!(typed.status.is_client_error(), "{begun} {other}: {}", typed.status);
        let answer = browser.submit(&there, &[(field, GLOBEX_PHONE)]).await;
        let page = browser.follow(answer).await;
        let page = if page.has("input[type=radio]") {
            let answer = browser.submit(&page, &[("account", OTHER)]).await;
            browser.follow(answer).await
        } else {
            page
        };
        let own = code(&idp).await;
        if own != right {
            let typed = browser.submit(&page, &[("code", &right)]).await;
            assert_eq!(typed.error_code().as_deref(), Some("bad_code"), "{begun} {other}");
        }
        assert_eq!(browser.submit(&page, &[("code", &own)]).await.status, StatusCode::SEE_OTHER, "{begun} {other}");
    }
}

#[rstest]
#[actix_web::test]
async fn sm_02_a_form_cannot_swap_the_number_or_the_account(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let page = browser.rows_of(GLOBEX_PHONE).await;
    let answer = browser.submit(&page, &[("account", OTHER), ("phone", ACME_PHONE)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(codes(&idp).await.is_empty());
    let answer = browser.submit(&page, &[("account", OTHER)]).await;
    let page = browser.follow(answer).await;
    let right = code(&idp).await;
    for swapped in [("phone", ACME_PHONE), ("account", OTHER), ("resend", "1")] {
        let answer = browser.submit(&page, &[("code", &right), swapped]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{swapped:?}");
    }
    assert_eq!(sign_ins(&idp).await, 0);
    // What is not a field of ours changes nothing.
    let also = [("code", right.as_str()), ("username", ACME_PHONE), ("principal", "p_x"), ("sent", "1")];
    assert_eq!(browser.submit(&page, &also).await.status, StatusCode::SEE_OTHER);
    let login = idp.audit().await.into_iter().find(|event| event.kind == AuditKind::Login).unwrap();
    assert_eq!(login.principal.unwrap().to_string(), idp.sub_of(GLOBEX).await);
}

#[rstest]
#[actix_web::test]
async fn sm_03_five_wrong_codes_burn_one_and_ten_an_hour_close_the_number(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp_with(backend, &[]).await;
    for round in 0..3 {
        let browser = idp.browser();
        let page = browser.asks_for_code(GLOBEX_PHONE).await;
        let right = code(&idp).await;
        for _try in 0..5 {
            let answer = browser.submit(&page, &[("code", &wrong(&right))]).await;
            let expected = if round < 2 { "bad_code" } else { "locked" };
            assert_eq!(answer.error_code().as_deref(), Some(expected), "round {round}");
        }
        let answer = browser.submit(&page, &[("code", &right)]).await;
        assert_ne!(answer.status, StatusCode::SEE_OTHER, "the code is burnt");
        idp.clock().advance(Duration::from_secs(61));
    }
    assert_eq!(tries(&idp, "wrong code").await, 10, "over all codes and browsers");
    // The next day begins anew, for who has the phone.
    idp.clock().advance(Duration::from_secs(24 * 3_600));
    let browser = idp.browser();
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    assert_eq!(browser.submit(&page, &[("code", &code(&idp).await)]).await.status, StatusCode::SEE_OTHER);
}

/// SM-03: fifty a day, over all codes, browsers and addresses: a chance of 5·10⁻⁵.
#[rstest]
#[actix_web::test]
async fn sm_03_a_number_sees_fifty_wrong_codes_a_day_at_most(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    for _hour in 0..23 {
        let browser = idp.browser();
        let rows = browser.rows_of(GLOBEX_PHONE).await;
        let answer = browser.submit(&rows, &[("account", OTHER)]).await;
        if answer.status == StatusCode::SEE_OTHER {
            let page = browser.follow(answer).await;
            let right = code(&idp).await;
            for _try in 0..6 {
                browser.submit(&page, &[("code", &wrong(&right))]).await;
            }
        }
        idp.clock().advance(Duration::from_secs(3_601));
    }
    let looked_at = tries(&idp, "wrong code").await;
    assert!((10..=50).contains(&looked_at), "{looked_at}");
    assert_eq!(sign_ins(&idp).await, 0);
}

#[rstest]
#[actix_web::test]
async fn sm_04_of_a_hundred_at_once_one_signs_in_and_five_are_looked_at(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    let browser = idp.browser();
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    let right = code(&idp).await;
    let answers = storm(&browser, &idp, &page, &right, 100).await;
    let count = |answers: &[Answer]| answers.iter().filter(|one| one.status == StatusCode::SEE_OTHER).count();
    assert_eq!((count(&answers), sign_ins(&idp).await), (1, 1));
    idp.clock().advance(Duration::from_secs(61));
    let guesser = idp.browser();
    let page = guesser.asks_for_code(GLOBEX_PHONE).await;
    let right = code(&idp).await;
    let answers = storm(&guesser, &idp, &page, &wrong(&right), 100).await;
    assert_eq!((count(&answers), tries(&idp, "wrong code").await), (0, 5));
    assert_ne!(guesser.submit(&page, &[("code", &right)]).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[actix_web::test]
async fn sm_09_a_row_is_good_in_its_own_interaction_and_never_for_another_account(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp_with(backend, &[]).await;
    let elsewhere = idp.browser().rows_of(GLOBEX_PHONE).await;
    let foreign = rows(&elsewhere).into_iter().find(|(_, label)| label.contains("02")).unwrap().0;
    for made_up in [foreign.as_str(), "x", "p_0000000000000000000000"] {
        let browser = idp.browser();
        let page = browser.rows_of(ACME_PHONE).await;
        assert!(rows(&page).iter().all(|(handle, _)| handle != made_up));
        let answer = browser.submit(&page, &[("account", made_up)]).await;
        let page = browser.follow(answer).await;
        let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
        let chooser = browser.follow(answer).await;
        assert_eq!(chooser.attributes("button[name=account]", "value").len(), 2, "the accounts of this very number");
        assert_eq!(sign_ins(&idp).await, tries(&idp, "to be chosen").await, "nobody is in yet");
        idp.clock().advance(Duration::from_secs(61));
    }
}

#[rstest]
#[actix_web::test]
async fn sm_09_a_row_that_stands_for_nobody_leads_to_the_real_accounts(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp_with(backend, &[]).await;
    // Of the numbers below some have more rows than accounts.
    for last in 10..60 {
        let phone = format!("+86136000000{last}");
        idp.apply(&serde_json::json!({"account": [{
            "alias": format!("one-{last}"), "name": "One", "email": format!("one{last}@one.example"), "phone": phone,
            "password": crate::support::house::PASSWORD,
        }]}))
        .await;
        let browser = idp.browser();
        let page = browser.rows_of(&phone).await;
        let handles: Vec<_> = rows(&page).into_iter().map(|(handle, _)| handle).filter(|one| one != OTHER).collect();
        if handles.len() == 1 {
            continue;
        }
        // At most one of the rows signs in; with the others the person is asked.
        let mut chosen = 0;
        for handle in &handles {
            let page = browser.rows_of(&phone).await;
            let labels = rows(&page);
            let at = handles.iter().position(|one| one == handle).unwrap();
            let answer = browser.submit(&page, &[("account", &labels[at].0)]).await;
            let page = browser.follow(answer).await;
            let answer = browser.submit(&page, &[("code", &code(&idp).await)]).await;
            let page = browser.follow(answer).await;
            chosen += usize::from(page.attributes("button[name=account]", "value").len() == 1);
            idp.clock().advance(Duration::from_secs(61));
        }
        assert_eq!(chosen, handles.len() - 1);
        return;
    }
    panic!("no number was topped up");
}

#[actix_web::test]
async fn sm_12_neither_code_nor_number_stands_in_the_database_an_address_or_a_page() {
    let idp = idp_with(Sqlite, &[]).await;
    let browser = idp.browser();
    let first = browser.type_phone(GLOBEX_PHONE).await;
    let rows = browser.follow(first.clone()).await;
    let second = browser.submit(&rows, &[("account", OTHER)]).await;
    let page = browser.follow(second.clone()).await;
    let right = code(&idp).await;
    let third = browser.submit(&page, &[("code", &right)]).await;
    for answer in [&first, &rows, &second, &page, &third] {
        let whole = format!("{} {:?} {}", answer.url, answer.headers, answer.body);
        assert!(!whole.contains("13800000002") && !whole.contains(&right), "{whole}");
    }
    let path = idp.config.database.url.sqlite_path().unwrap().to_owned();
    let mut stored = Vec::new();
    for file in [path.clone(), format!("{path}-wal")] {
        stored.extend(std::fs::read(file).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&stored);
    assert!(text.contains("code for login"), "the file is read");
    assert!(!text.contains("13800000002"), "a number in clear");
    let digit = |at: usize| stored.get(at).is_some_and(u8::is_ascii_digit);
    let alone = |(at, _): (usize, &[u8])| !digit(at.wrapping_sub(1)) && !digit(at + right.len());
    let found = stored.windows(right.len()).enumerate().filter(|(_, bytes)| *bytes == right.as_bytes());
    assert_eq!(found.filter(|found| alone(*found)).count(), 0, "a code in clear");
}
