//! `/signup`: who gets an account, and who gets none.

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
use crate::support::house::{ACME_PHONE, OPS, PASSWORD, Person};
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

/// A page without what is different in every answer.
fn bare(answer: &Answer) -> String {
    let form = answer.form();
    let body =
        ["csrf", "interaction"].iter().fold(answer.body.clone(), |body, name| body.replace(&form.fields[*name], name));
    body.replace("139****2222", "masked").replace("138****0001", "masked")
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
