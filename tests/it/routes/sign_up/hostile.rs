//! What people try at `/signup` who want more than an account of their own.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::domain::CodePurpose;
use rstest::rstest;
use serde_json::json;

use super::{GATEWAY, NEW, STRONG, ask_code, idp, prove};
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, PASSWORD, Person};
use crate::support::idp::TestIdp;
use crate::support::relying_party::TokenSet;

const SQUATTER: Person = Person { page: "/login", name: "squat@evil.example" };

/// A page without what is different in every answer.
fn bare(answer: &Answer) -> String {
    let form = answer.form();
    let body =
        ["csrf", "interaction"].iter().fold(answer.body.clone(), |body, name| body.replace(&form.fields[*name], name));
    body.replace("139****2222", "masked").replace("138****0001", "masked")
}

/// LG-03: whether a number has accounts is not told before its code.
#[rstest]
#[actix_web::test]
async fn lg_03_asking_for_a_code_tells_nobody_whose_number_it_is(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let mut told = Vec::new();
    for phone in [NEW, ACME_PHONE] {
        let browser = idp.browser();
        let page = browser.open("/signup").await;
        let before = idp.passwords.hashes();
        let page = ask_code(&browser, &page, phone).await;
        let wrong = browser.submit(&page, &[("code", "12345x")]).await;
        assert_eq!((wrong.status, wrong.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("bad_code")));
        let again = browser.press(&page, "#send-code").await;
        told.push((bare(&page), bare(&wrong), again.status, again.error_code(), idp.passwords.hashes() - before));
        assert_eq!(idp.letters().await.len(), 1, "one letter each");
    }
    assert_eq!(told[0], told[1]);
    assert_eq!((told[0].2, told[0].3.as_deref()), (StatusCode::TOO_MANY_REQUESTS, Some("code_cooldown")));
}

/// Of two at once for the last place one wins, and the other is told.
#[rstest]
#[actix_web::test]
async fn the_last_place_of_a_number_is_taken_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let settings = [GATEWAY, &[("login.max_accounts_per_phone", "3")]].concat();
    let idp = TestIdp::configured(backend, &settings).await;
    let (one, other) = (idp.browser(), idp.browser());
    let mut pages = Vec::new();
    for browser in [&one, &other] {
        let page = browser.open("/signup").await;
        let page = prove(&idp, browser, &page, ACME_PHONE).await;
        pages.push(browser.press(&page, "#register-another").await);
        idp.clock().advance(Duration::from_secs(61));
    }
    let fields = [("password", STRONG), ("agree", "1")];
    let (first, second) = tokio::join!(one.submit(&pages[0], &fields), other.submit(&pages[1], &fields));
    let answers = [first, second];
    let mut told: Vec<_> = answers.iter().map(|answer| (answer.status.as_u16(), answer.error_code())).collect();
    told.sort();
    assert_eq!(told, [(303, None), (422, Some("phone_full".to_owned()))]);
    let loser = answers.iter().position(|answer| answer.status == StatusCode::UNPROCESSABLE_ENTITY).expect("a loser");
    assert!(answers[loser].has("#phone-full") && !answers[loser].has("#register-another"));
    let again = [&one, &other][loser].submit(&answers[loser], &[("password", STRONG), ("agree", "1")]).await;
    assert_eq!(again.error_code().as_deref(), Some("phone_full"), "asking again does not help");
}

/// The same form twice makes one account.
#[rstest]
#[actix_web::test]
async fn a_form_that_is_sent_twice_makes_one_account(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/signup").await;
    let page = prove(&idp, &browser, &page, NEW).await;
    let fields = [("password", STRONG), ("agree", "1")];
    let (first, second) = tokio::join!(browser.submit(&page, &fields), browser.submit(&page, &fields));
    let answers = [first, second];
    let mut told: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    told.sort_unstable();
    assert_eq!(told, [303, 409], "{}", answers[1].body);
    let accounts = idp.identity().list_accounts(String::new(), 100).await.expect("a list");
    assert_eq!(accounts.len(), 6, "five of the house and one");
}

/// LG-20: what a password must not be.
#[rstest]
#[case::common("password", "pwd_common")]
#[case::house("Menshen2026!", "pwd_weak")]
#[case::own_phone("139111122221", "pwd_own_words")]
#[case::short("x9$kQ2!", "pwd_too_short")]
#[case::breached("1q2w3e4r5t", "pwd_common")]
#[actix_web::test]
async fn lg_20_a_weak_password_is_refused_with_its_reason(
    #[values(Sqlite)] backend: Backend,
    #[case] password: &str,
    #[case] code: &str,
) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/signup").await;
    let page = prove(&idp, &browser, &page, NEW).await;
    let answer = browser.submit(&page, &[("password", password), ("agree", "1")]).await;
    assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some(code)));
    assert!(password == "password" || !answer.body.contains(password));
    let unticked = browser.submit(&page, &[("password", STRONG)]).await;
    assert_eq!(unticked.error_code().as_deref(), Some("agree_required"));
}

/// No page can be skipped, and nothing in the body makes anybody more.
#[rstest]
#[actix_web::test]
async fn rg_02_a_form_brings_its_own_field_and_nothing_else(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/signup").await;
    let skipped = browser.submit(&page, &[("password", STRONG), ("agree", "1")]).await;
    assert_eq!(skipped.error_code().as_deref(), Some("field_required"), "no number was proved");
    let page = ask_code(&browser, &page, NEW).await;
    let skipped = browser.submit(&page, &[("password", STRONG), ("agree", "1"), ("proven", ACME_PHONE)]).await;
    assert_eq!(skipped.error_code().as_deref(), Some("field_required"));
    let code = idp.code_sent_to(NEW, CodePurpose::SignUp).await;
    let stranger = idp.browser();
    let theirs = stranger.open("/signup").await;
    let form = theirs.form().fields;
    let fields = [("interaction", form["interaction"].as_str()), ("csrf", &form["csrf"]), ("code", &code)];
    assert_eq!(stranger.post("/signup", &fields).await.status, StatusCode::CONFLICT, "another browser's code");
    let answer = browser.submit(&page, &[("code", &code)]).await;
    let page = browser.follow(answer).await;
    let swapped = [
        ("password", STRONG),
        ("agree", "1"),
        ("phone_verified", "true"),
        ("email", "victim@acme.example"),
        ("email_verified", "true"),
        ("owner_id", "104857600000"),
        ("account_id", "104857600000"),
        ("is_admin", "true"),
        ("mfa_enabled", "false"),
        ("principal_type", "iam_user"),
    ];
    let answer = browser.submit(&page, &swapped).await;
    assert_eq!(browser.follow(answer).await.path(), "/accounts");
    let accounts = idp.identity().list_accounts(String::new(), 100).await.expect("a list");
    let known = ["104857600000", "104857600001", "104857600002", "209715200000", "209715200001"];
    let new: Vec<_> = accounts.iter().filter(|account| !known.contains(&account.id.as_str())).collect();
    assert!(matches!(new.as_slice(), [one] if one.owner_id == one.id && one.alias.is_none()));
    let portrait = idp.identity().portray(new[0].id.as_str()).await.expect("somebody");
    assert_eq!(portrait.contacts.len(), 1, "one phone, no e-mail");
}

/// A proven number is proven for a while.
#[rstest]
#[actix_web::test]
async fn a_number_that_was_proved_long_ago_is_proved_again(#[values(Sqlite)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/signup").await;
    let page = prove(&idp, &browser, &page, NEW).await;
    idp.clock().advance(Duration::from_secs(601));
    let late = browser.submit(&page, &[("password", STRONG), ("agree", "1")]).await;
    assert_eq!(late.error_code().as_deref(), Some("tx_expired"), "{}", late.body);
    assert!(browser.get(&page.url).await.has("#phone"));
}

#[rstest]
#[actix_web::test]
async fn rg_04_a_closed_sign_up_makes_nobody(#[values(Sqlite, Postgres)] backend: Backend) {
    let open = idp(backend).await;
    let browser = open.browser();
    let page = browser.open("/signup").await;
    let page = prove(&open, &browser, &page, NEW).await;
    // Switched off meanwhile, and a house that reaches no phones.
    for settings in [[GATEWAY, &[("signup.enabled", "false")]].concat(), Vec::new()] {
        let closed = open.another_node(&settings).await;
        let there = browser.at(&closed);
        let answers = [
            there.get(&page.url).await,
            there.submit(&page, &[("password", STRONG), ("agree", "1")]).await,
            there.submit(&page, &[("phone", NEW)]).await,
        ];
        for answer in answers {
            assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::FORBIDDEN, Some("signup_off")));
        }
        let login = closed.browser().open("/login").await;
        assert!(!login.has("a[href^='/signup']"), "no link either");
    }
    let accounts = open.identity().list_accounts(String::new(), 100).await.expect("a list");
    assert_eq!(accounts.len(), 5, "those of the house");
}

/// RG-01: what somebody set up with a number that they never proved is worth
/// nothing to whoever proves it, and nothing to them any more.
#[rstest]
#[actix_web::test]
async fn rg_01_whoever_proves_a_number_owes_nothing_to_who_did_not(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let attacker = json!({"account": [{"id": "104857609999", "name": "Squatter", "email": "squat@evil.example",
        "phone": NEW, "password": PASSWORD, "claims": {"phone_number_verified": false}}]});
    idp.apply(&attacker).await;
    let squatter = Person { page: "/login", name: "squat@evil.example" };
    let theirs = idp.browser();
    theirs.sign_in(squatter).await;
    let squatters = idp.sub_of(squatter).await;
    let browser = idp.browser();
    let page = browser.open("/signup").await;
    let page = prove(&idp, &browser, &page, NEW).await;
    assert!(page.has("#password"), "an unproven account does not count: {}", page.body);
    let answer = browser.submit(&page, &[("password", STRONG), ("agree", "1")]).await;
    browser.follow(answer).await;
    // The number opens the new account alone, and the squatter's password opens nothing with it.
    let by_phone = Person { page: "/login", name: NEW };
    let login = idp.browser();
    let page = login.open("/login").await;
    assert_eq!(login.try_password(&page, by_phone, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login.try_password(&page, by_phone, STRONG).await.status, StatusCode::SEE_OTHER);
    let portrait = idp.identity().portray(squatter.name).await.expect("the squatter");
    assert_eq!(portrait.contacts.len(), 1, "the number is theirs no more");
    let told = idp.audit().await.iter().any(|event| {
        event.principal.as_ref().is_some_and(|id| id.as_str() == squatters) && event.detail.contains("unproven")
    });
    assert!(told, "and that is written down");
}

/// Whoever wrote down a number that is not theirs, with a session and tokens.
async fn trapped(idp: &TestIdp, email_verified: &str) -> (Browser, TokenSet) {
    let claims = json!({"phone_number_verified": false, "email_verified": email_verified == "proved"});
    let trap = json!({"account": [{"id": "104857609999", "name": "Squatter", "email": SQUATTER.name,
        "phone": NEW, "password": PASSWORD, "claims": claims}]});
    idp.apply(&trap).await;
    let theirs = idp.browser();
    let tokens = idp.client("console").signed_in(&theirs, SQUATTER, "openid offline_access").await;
    idp.letters().await;
    (theirs, tokens)
}

/// RG-01: an account of which nothing was ever proved goes to who has its number, and nothing of the squatter opens it.
#[rstest]
#[actix_web::test]
async fn rg_01_a_number_proved_by_message_voids_all_that_was_set_up_without_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp(backend).await;
    let (theirs, tokens) = trapped(&idp, "never").await;
    for round in 0..2 {
        let browser = idp.browser();
        let page = browser.asks_for_code(NEW).await;
        let code = idp.code_sent_to(NEW, CodePurpose::Login).await;
        let answer = browser.submit(&page, &[("code", &code)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser.follow(answer).await;
        assert!(!theirs.open("/accounts").await.has("[data-state=active]"), "round {round}: the squatter is signed in");
        idp.clock().advance(Duration::from_secs(61));
        idp.letters().await;
    }
    assert!(!idp.api().is_active(&tokens.access).await);
    let refreshed = idp.client("console").refresh(&tokens.refresh.unwrap()).await;
    assert_eq!(refreshed.json()["error"], json!("invalid_grant"));
    for name in [SQUATTER.name, NEW] {
        let browser = idp.browser();
        let login = browser.open("/login").await;
        let answer = browser.try_password(&login, Person { page: "/login", name }, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: the squatter's password");
    }
    let portrait = idp.identity().portray("104857609999").await.expect("the account");
    assert_eq!(portrait.contacts.len(), 1, "nor can the squatter's mailbox reset it");
    let told = |event: &menshen::domain::AuditEvent| event.detail.contains("proved for the first time");
    assert_eq!(idp.audit().await.iter().filter(|event| told(event)).count(), 1, "once");
}

/// RG-01: an account of somebody who proved their mailbox is theirs; a number that they only wrote down opens nothing.
#[rstest]
#[actix_web::test]
async fn rg_01_a_number_that_was_only_written_down_opens_nobody_elses_account(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp(backend).await;
    let (theirs, _tokens) = trapped(&idp, "proved").await;
    let browser = idp.browser();
    browser.asks_for_code(NEW).await;
    assert!(idp.letters().await.iter().all(|(_, letter)| letter.to != NEW), "as for a number that nobody has");
    assert!(theirs.open("/accounts").await.has("[data-state=active]"), "and the account is whose it was");
}
