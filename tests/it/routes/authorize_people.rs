//! `/authorize`: what is asked of the person, and whose code comes of it.

use std::time::Duration;

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, BOB, DEV, GLOBEX, LAB, OPS, PASSWORD};
use crate::support::idp::TestIdp;

#[rstest]
#[actix_web::test]
async fn az_24_prompt_none_asks_nothing_of_anybody(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let silent = idp.client("console").request().with("prompt", "none");
    let answer = browser.get(&silent.url()).await;
    assert_eq!(answer.returned_error(), "login_required");
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.cookie(), None, "no session is made");
    browser.sign_in(OPS).await;
    idp.client("console").code_from(&browser.get(&silent.url()).await);
    let third_party = idp.client("report-tool").request().with("prompt", "none");
    assert_eq!(browser.get(&third_party.url()).await.returned_error(), "consent_required");
    idp.clock().advance(Duration::from_secs(60));
    let stale = idp.client("console").request().with("prompt", "none").with("max_age", "30");
    assert_eq!(browser.get(&stale.url()).await.returned_error(), "login_required");
}

#[rstest]
#[actix_web::test]
async fn az_25_nobody_is_picked_silently_out_of_two(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let silent = console.request().with("prompt", "none");
    assert_eq!(browser.get(&silent.url()).await.returned_error(), "account_selection_required");
    // A hint makes it one.
    let hinted = silent.with("login_hint", OPS.name);
    let tokens = console.tokens(&console.code_from(&browser.get(&hinted.url()).await)).await;
    assert_eq!(tokens.claims()["sub"], json!(idp.sub_of(OPS).await));
    // A hint that fits nobody here falls back to nobody.
    let foreign = console.request().with("prompt", "none").with("login_hint", GLOBEX.name);
    assert_eq!(browser.get(&foreign.url()).await.returned_error(), "login_required");
}

#[rstest]
#[actix_web::test]
async fn of_two_accounts_the_person_chooses(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(DEV).await;
    let chooser = browser.open(&console.request().url()).await;
    assert_eq!(chooser.path(), "/accounts");
    let kinds = chooser.attributes("button[name=account]", "data-principal-type");
    assert_eq!(kinds.len(), 2, "exactly one button per entry: {kinds:?}");
    let back = browser.press(&chooser, "button[data-principal-type=sub_account]").await;
    let tokens = console.tokens(&console.code_from(&back)).await;
    assert_eq!(tokens.claims()["sub"], json!(idp.sub_of(DEV).await));
    // A handle of another browser, and one that nobody made, choose nothing.
    let other = idp.browser();
    other.sign_in(BOB).await;
    other.sign_in(GLOBEX).await;
    let theirs = other.open(&console.request().url()).await.attribute("button[name=account]", "value").unwrap();
    for handle in [theirs.as_str(), "mah_AAAA", "0", "-1", "999"] {
        let chooser = browser.open(&console.request().with("prompt", "consent").url()).await;
        let answer = if chooser.path() == "/accounts" {
            browser.submit(&chooser, &[("account", handle)]).await
        } else {
            // The client knows whom it got last; then the chooser is not shown.
            return;
        };
        assert!(answer.status.is_client_error(), "{handle}: {}", answer.status);
    }
}

#[rstest]
#[actix_web::test]
async fn az_27_after_prompt_login_the_tokens_are_of_whoever_typed_the_password(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let of_ops = console.signed_in(&browser, OPS, "openid").await.claims();
    idp.clock().advance(Duration::from_secs(60));
    let again = console.request().with("prompt", "login");
    let page = browser.open(&again.url()).await;
    assert!(page.has("#password") && page.body.contains("Acme"), "the known account is asked: {}", page.body);
    // Back, and once more; then as somebody else.
    let page = browser.open(&again.url()).await;
    let other = browser.get(&page.attribute("a[href*='other=1']", "href").unwrap()).await;
    let back = browser.sign_in_at(&other, ALICE).await;
    let of_alice = console.tokens(&console.code_from(&back)).await.claims();
    assert_eq!(of_alice["sub"], json!(idp.sub_of(ALICE).await));
    assert_ne!(of_alice["sid"], of_ops["sid"]);
    assert_eq!(of_alice["auth_time"].as_i64().unwrap(), of_ops["auth_time"].as_i64().unwrap() + 60);
    // The page of the known account; another name sent beside it signs in its own
    // bearer and nobody else.
    let hinted = console.request().with("prompt", "login").with("login_hint", OPS.name);
    let page = browser.open(&hinted.url()).await;
    let answer = browser.submit(&page, &[("password", PASSWORD)]).await;
    let claims = console.tokens(&console.code_from(&browser.follow(answer).await)).await.claims();
    assert_eq!((&claims["sub"], &claims["sid"]), (&of_ops["sub"], &of_ops["sid"]));
    let page = browser.open(&hinted.url()).await;
    let answer = browser.submit(&page, &[("username", GLOBEX.name), ("password", PASSWORD), ("agree", "1")]).await;
    let claims = console.tokens(&console.code_from(&browser.follow(answer).await)).await.claims();
    assert_eq!(claims["sub"], json!(idp.sub_of(GLOBEX).await));
    assert_ne!(claims["sid"], of_ops["sid"]);
}

#[rstest]
#[actix_web::test]
async fn az_28_max_age_asks_again_and_auth_time_moves(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let first = console.signed_in(&browser, OPS, "openid").await.claims();
    idp.clock().advance(Duration::from_secs(600));
    let young = console.request().with("max_age", "3600");
    let claims = console.tokens(&console.code_from(&browser.open(&young.url()).await)).await.claims();
    assert_eq!(claims["auth_time"], first["auth_time"]);
    for max_age in ["60", "0"] {
        let page = browser.open(&console.request().with("max_age", max_age).url()).await;
        assert!(page.has("#password"), "{max_age}: {}", page.body);
        let answer = browser.submit(&page, &[("password", PASSWORD)]).await;
        let back = browser.follow(answer).await;
        let claims = console.tokens(&console.code_from(&back)).await.claims();
        assert_eq!(claims["auth_time"].as_i64().unwrap(), first["auth_time"].as_i64().unwrap() + 600);
        assert_eq!(claims["sub"], first["sub"]);
    }
}

#[rstest]
#[actix_web::test]
async fn id_token_hint_means_this_person_and_no_other(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let of_ops = console.signed_in(&browser, OPS, "openid").await;
    let hint = of_ops.id_token.clone().unwrap();
    browser.sign_in(ALICE).await;
    let hinted = console.request().with("id_token_hint", &hint);
    let back = browser.open(&hinted.clone().with("prompt", "none").url()).await;
    assert_eq!(console.tokens(&console.code_from(&back)).await.claims()["sub"], of_ops.claims()["sub"]);
    // Somebody else's browser: a login page, and only that person helps.
    let stranger = idp.browser();
    assert_eq!(stranger.get(&hinted.clone().with("prompt", "none").url()).await.returned_error(), "login_required");
    let told = stranger.sign_in_for(&hinted, ALICE).await;
    assert!(told.has("#other-account") && told.body.contains("Alice"), "{}", told.body);
    assert_eq!(stranger.press(&told, "#cancel").await.returned_error(), "login_required");
    // A token of another client vouches for nobody here.
    let foreign = idp.client("spa").request().with("id_token_hint", &hint);
    assert_eq!(browser.get(&foreign.url()).await.returned_error(), "invalid_request");
}

#[rstest]
#[case::a_root(OPS.name, "/login", Some(OPS.name))]
#[case::an_iam_user(ALICE.name, "/login/iam", Some(ALICE.name))]
#[case::a_phone("+8613800000001", "/login", None)]
#[case::a_sub_account(DEV.name, "/login", Some(DEV.name))]
#[case::no_sub_account("nobody@acme.example", "/login", Some("nobody@acme.example"))]
#[case::nobody("ghost@nowhere", "/login/iam", Some("ghost@nowhere"))]
#[actix_web::test]
async fn login_hint_opens_the_right_page_whoever_exists(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] hint: &str,
    #[case] page: &str,
    #[case] typed: Option<&str>,
) {
    let idp = TestIdp::start(backend).await;
    let answer = idp.browser().open(&idp.client("console").request().with("login_hint", hint).url()).await;
    assert_eq!(answer.path(), page);
    assert_eq!(answer.attribute("#username", "value").as_deref().unwrap_or_default(), typed.unwrap_or_default());
}

#[rstest]
#[actix_web::test]
async fn login_hint_opens_a_sub_accounts_page_where_it_signed_in_before(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(DEV).await;
    let accounts = browser.open("/accounts").await;
    let handle = accounts.attribute("button[name=sign_out]", "value").unwrap();
    browser.press(&accounts, "button[name=sign_out]").await;
    let hinted = console.request().with("login_hint", DEV.name);
    let page = browser.open(&hinted.url()).await;
    assert_eq!(page.path(), "/login/sub");
    assert_eq!(page.attribute("#username", "value").as_deref(), Some(DEV.name));
    // Of another sub-account this browser knows nothing, and tells nothing.
    assert_eq!(browser.open(&hinted.with("login_hint", LAB.name).url()).await.path(), "/login");
    // Nor of one that was removed from it.
    let accounts = browser.open("/accounts").await;
    assert_eq!(browser.submit(&accounts, &[("remove", &handle)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.open(&console.request().with("login_hint", DEV.name).url()).await.path(), "/login");
}

#[rstest]
#[actix_web::test]
async fn the_claims_parameter_asks_by_name_and_by_subject(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let sub = idp.sub_of(OPS).await;
    let claims = json!({
        "id_token": {"email": null, "sub": {"value": sub}, "auth_time": {"essential": true}},
        "userinfo": {"name": {"essential": true}, "phone_number": null},
    });
    let request = console.request().with("claims", &claims.to_string());
    let back = browser.sign_in_for(&request, OPS).await;
    let tokens = console.tokens(&console.code_from(&back)).await;
    assert_eq!(tokens.claims()["email"], json!(OPS.name));
    let userinfo = idp.api().userinfo(&tokens.access).await.json();
    assert_eq!((&userinfo["name"], &userinfo["phone_number"]), (&json!("Acme 运维"), &json!("+8613800000001")));
    assert_eq!(userinfo["email"], Value::Null, "it was asked for elsewhere");
    // The same for somebody who is not this subject.
    let stranger = idp.browser();
    let told = stranger.sign_in_for(&request, ALICE).await;
    assert_eq!(stranger.press(&told, "#cancel").await.returned_error(), "login_required");
}

#[rstest]
#[actix_web::test]
async fn az_34_an_interaction_belongs_to_the_browser_that_began_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (attacker, victim, console) = (idp.browser(), idp.browser(), idp.client("console"));
    let login = attacker.open(&console.request().url()).await;
    for signed_in in [false, true] {
        if signed_in {
            victim.sign_in(OPS).await;
        }
        let opened = victim.open(&login.url).await;
        assert_eq!(opened.status, StatusCode::BAD_REQUEST, "{}", opened.body);
        assert!(!opened.has("#password"));
        // Nor with the attacker's own form.
        let fields = [("username", OPS.name), ("password", PASSWORD), ("agree", "1")];
        let posted = victim.submit(&login, &fields).await;
        assert!(posted.status.is_client_error() && posted.location().is_none(), "{}", posted.status);
        let resumed = login.url.replace("/login?", "/authorize/resume?");
        assert_eq!(victim.get(&resumed).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(attacker.open(&resumed).await.path(), "/login", "the attacker is as far as before");
    }
}

#[rstest]
#[actix_web::test]
async fn one_sign_in_opens_every_client_without_a_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console, spa) = (idp.browser(), idp.client("console"), idp.client("spa"));
    let first = console.signed_in(&browser, ALICE, "openid").await.claims();
    let hashes = idp.passwords.hashes();
    let second = spa.silently(&browser, "openid").await.claims();
    assert_eq!(idp.passwords.hashes(), hashes);
    assert_eq!((&second["sub"], &second["auth_time"]), (&first["sub"], &first["auth_time"]));
    assert_ne!(second["sid"], first["sid"], "a sid of its own for each client");
    assert_eq!(second["aud"], json!("spa"));
    // A third party asks first, and then has no question either.
    let report = browser.open(&idp.client("report-tool").request().url()).await;
    assert_eq!(report.path(), "/consent");
}

#[rstest]
#[actix_web::test]
async fn an_interaction_left_lying_says_how_to_begin_again(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let login = browser.open(&console.request().url()).await;
    idp.clock().advance(Duration::from_secs(30 * 60 + 1));
    let late = browser.try_password(&login, OPS, PASSWORD).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    let restart = late.attribute("a[href^='/authorize?']", "href").expect("a way to begin again");
    let login = browser.open(&restart).await;
    console.code_from(&browser.sign_in_at(&login, OPS).await);
    // And an interaction that is over gives out no second code.
    assert_eq!(browser.open(&login.url).await.status, StatusCode::BAD_REQUEST);
}

#[rstest]
#[case::asked("zh-CN", None, "zh-CN")]
#[case::asked_in_english("en", Some("zh-CN"), "en")]
#[case::unknown("fr", Some("zh-CN"), "zh-CN")]
#[case::hostile("\"><script>", Some("en"), "en")]
#[actix_web::test]
async fn the_pages_speak_the_language_that_the_client_asks_for(
    #[values(Sqlite)] backend: Backend,
    #[case] wished: &str,
    #[case] accepted: Option<&'static str>,
    #[case] expected: &str,
) {
    let idp = TestIdp::start(backend).await;
    let mut browser = idp.browser();
    browser.language = accepted.unwrap_or("en");
    let page = browser.open(&idp.client("console").request().with("ui_locales", wished).url()).await;
    assert_eq!(page.attribute("html", "lang").as_deref(), Some(expected));
    let title = page.text("title").unwrap();
    assert!(title.contains(if expected == "en" { "Sign in" } else { "登录" }), "{title}");
    assert!(!page.body.contains("<script"));
}
