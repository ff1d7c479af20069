//! `/consent`, `/terms`, `/password` and `/me/apps`: what stands between a
//! sign-in and its code, and taking it back.

use actix_web::http::StatusCode;
use menshen::base::Secret;
use menshen::identity::{MustChange, by_operator};
use rstest::rstest;
use serde_json::json;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, OPS, PASSWORD};
use crate::support::idp::TestIdp;
use crate::support::relying_party::token_set;

const SCOPE: &str = "offline_access openid profile";

#[rstest]
#[actix_web::test]
async fn lc_04_consent_is_remembered_and_taken_back_with_every_token(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let request = report.request().with("scope", SCOPE).with("prompt", "consent");
    let page = browser.sign_in_for(&request, OPS).await;
    assert_eq!(page.path(), "/consent");
    assert!(page.body.contains("Report Tool") && page.body.contains("report.test"));
    let tokens = report.tokens(&report.code_from(&browser.press(&page, "#consent-approve").await)).await;
    assert_eq!(tokens.scope, SCOPE);
    // Remembered: no question for the same or less, one for more.
    let less = browser.open(&report.request().with("scope", "openid profile").url()).await;
    report.code_from(&less);
    let more = browser.open(&report.request().with("scope", "openid profile email").url()).await;
    assert_eq!(more.path(), "/consent");
    // Another person is asked anew.
    let other = idp.browser();
    assert_eq!(other.sign_in_for(&report.request(), ALICE).await.path(), "/consent");
    // Taken back: every token dies, and the question is asked again.
    let apps = browser.open("/me/apps").await;
    assert!(apps.body.contains("Report Tool"), "{}", apps.body);
    let apps = browser.press(&apps, "button[name=revoke]").await;
    assert!(!apps.has("button[name=revoke]"), "{}", apps.body);
    assert_eq!(idp.api().introspect_as(&report, &tokens.access).await, json!({"active": false}));
    assert_eq!(report.refresh(&tokens.refresh.unwrap()).await.json()["error"], json!("invalid_grant"));
    assert_eq!(browser.open(&report.request().with("scope", SCOPE).url()).await.path(), "/consent");
}

#[rstest]
#[actix_web::test]
async fn a_person_may_say_no(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let page = browser.sign_in_for(&report.request(), OPS).await;
    let back = browser.press(&page, "#consent-deny").await;
    assert_eq!(back.returned_error(), "access_denied");
    assert_eq!(browser.open(&report.request().url()).await.path(), "/consent", "a no is not a yes");
}

#[rstest]
#[actix_web::test]
async fn az_35_hidden_fields_widen_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let page = browser.sign_in_for(&report.request(), OPS).await;
    let widened = [
        ("scope", "openid profile email phone address account"),
        ("client_id", "console"),
        ("account", "mah_forged"),
        ("sub", "p_somebody"),
        ("redirect_uri", "https://evil.test/cb"),
    ];
    let answer = browser.submit(&page, &widened).await;
    let tokens = report.tokens(&report.code_from(&browser.follow(answer).await)).await;
    assert_eq!((tokens.scope.as_str(), &tokens.claims()["sub"]), ("openid", &json!(idp.sub_of(OPS).await)));
    assert_eq!(tokens.claims()["aud"], json!("report-tool"));
    let more = browser.open(&report.request().with("scope", "openid profile").url()).await;
    assert_eq!(more.path(), "/consent", "nothing more was stored either");
}

#[rstest]
#[actix_web::test]
async fn a_page_cannot_be_skipped_by_opening_another(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let login = browser.open(&report.request().url()).await;
    for path in ["/consent", "/terms", "/password", "/accounts", "/authorize/resume"] {
        let answer = browser.open(&login.url.replace("/login", path)).await;
        assert!(answer.location().is_none() && !answer.body.contains("mac_"), "{path}: {:?}", answer.location());
    }
    // A form of the consent page before anybody signed in.
    let fields = login.form().fields;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for path in ["/consent", "/terms", "/password"] {
        let posted = browser.post(path, &fields).await;
        let end = browser.follow(posted).await;
        assert!(end.location().is_none(), "{path}: {:?}", end.location());
    }
}

#[rstest]
#[actix_web::test]
async fn new_terms_are_asked_once_and_a_no_signs_nobody_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    console.signed_in(&browser, OPS, "openid").await;
    let idp = idp.another_node(&[("agreements.version", "2")]).await;
    let (browser, console) = (browser.at(&idp), idp.client("console"));
    assert_eq!(
        browser.get(&console.request().with("prompt", "none").url()).await.returned_error(),
        "interaction_required"
    );
    let terms = browser.open(&console.request().url()).await;
    assert_eq!(terms.path(), "/terms");
    let unticked = browser.submit(&terms, &[]).await;
    assert_eq!(
        (unticked.status, unticked.error_code().as_deref()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("agree_required"))
    );
    assert_eq!(browser.press(&terms, "#agree-decline").await.returned_error(), "access_denied");
    let terms = browser.open(&console.request().url()).await;
    let answer = browser.submit(&terms, &[("agree", "1")]).await;
    console.code_from(&browser.follow(answer).await);
    console.silently(&browser, "openid").await;
}

#[rstest]
#[actix_web::test]
async fn a_sign_in_without_the_tick_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    for person in [OPS, DEV] {
        let page = browser.open(person.page).await;
        let answer = browser.submit(&page, &[("username", person.name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.error_code().as_deref(), Some("agree_required"));
    }
}

#[rstest]
#[actix_web::test]
async fn a_forced_change_of_password_comes_before_any_code(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let old = console.signed_in(&browser, ALICE, SCOPE).await;
    let given = Secret::new("a-given-word-of-the-owner-3".to_owned());
    let identity = idp.identity();
    identity.reset_password(ALICE.name, &given, MustChange::AtNextLogin, &by_operator()).await.unwrap();
    assert!(!idp.api().is_active(&old.access).await, "a new password ends what the old one opened");
    assert_eq!(console.refresh(old.refresh.as_deref().unwrap()).await.json()["error"], json!("invalid_grant"));
    let login = browser.open(&console.request().url()).await;
    let answer = browser.try_password(&login, ALICE, given.expose()).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.path(), "/password");
    // No way round it.
    assert_eq!(browser.open(&console.request().url()).await.path(), "/password");
    assert_eq!(
        browser.get(&console.request().with("prompt", "none").url()).await.returned_error(),
        "interaction_required"
    );
    for (new, again, code) in [
        (given.expose().as_str(), given.expose().as_str(), "pwd_same"),
        ("short", "short", "pwd_too_short"),
        ("password1", "password1", "pwd_common"),
        ("a-much-better-word-of-alice-9", "another", "pwd_mismatch"),
    ] {
        let answer = browser.submit(&page, &[("new_password", new), ("new_password_again", again)]).await;
        assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some(code)));
    }
    let new = "a-much-better-word-of-alice-9";
    let answer = browser.submit(&page, &[("new_password", new), ("new_password_again", new)]).await;
    let back = browser.follow(answer).await;
    token_set(&console.exchange(&console.code_from(&back)).await);
    let elsewhere = idp.browser();
    let login = elsewhere.open("/login/iam").await;
    assert_eq!(elsewhere.try_password(&login, ALICE, given.expose()).await.status, StatusCode::UNAUTHORIZED);
}
