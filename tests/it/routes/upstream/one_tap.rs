//! `/login/one-tap`: a carrier's token, the number, the account.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use menshen::domain::{AuditKind, Outcome};
use menshen::identity::Switch;
use rstest::rstest;
use serde_json::{Value, json};

use super::scene::{NEW_PHONE, Scene};
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::GLOBEX;
use crate::support::idp::TestIdp;

const GLOBEX_NUMBER: &str = "+8613800000002";
const ACME_NUMBER: &str = "+8613800000001";

/// A native app on somebody's phone.
pub struct Phone {
    pub browser: Browser,
    pub interaction: String,
    pub csrf: String,
}

impl Phone {
    pub async fn of(scene: &Scene) -> Self {
        let browser = scene.idp.browser();
        let request = TestRequest::get().insert_header(("Accept", "application/json"));
        let told = browser.send(request, &scene.idp.client("native").request().url()).await.json();
        assert!(told["methods"].as_array().unwrap().contains(&json!("one_tap")), "{told}");
        let field = |name: &str| told[name].as_str().unwrap().to_owned();
        Self { interaction: field("interaction"), csrf: field("csrf"), browser }
    }

    /// The same app in other hands of the test.
    fn again(&self, idp: &TestIdp) -> Self {
        let (interaction, csrf) = (self.interaction.clone(), self.csrf.clone());
        Self { browser: self.browser.at(idp), interaction, csrf }
    }

    pub async fn tap(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("interaction", self.interaction.as_str()),
            ("csrf", &self.csrf),
            ("token", token),
            ("attempt", "a-1"),
        ];
        fields.extend(more);
        if !more.iter().any(|(name, _)| *name == "carrier") {
            fields.push(("carrier", "cmcc"));
        }
        post(&self.browser, "application/json", &fields).await
    }

    async fn signed_in(&self) -> bool {
        self.browser.open("/accounts").await.has("[data-state=active]")
    }
}

/// Posts as an app does: without an origin.
async fn post(browser: &Browser, accept: &str, fields: &[(&str, &str)]) -> Answer {
    let request = TestRequest::post().insert_header(("Accept", accept)).set_form(fields);
    browser.send(request, "/login/one-tap").await
}

/// What the SDK of a carrier gives the phone with this number.
pub async fn token(scene: &Scene, number: &str) -> String {
    let ticket = json!({"phone": number, "carrier": "cmcc", "kind": "login", "vendor": "aliyun"});
    scene.vendors.tell("/carrier/token", ticket).await["token"].as_str().expect("a token").to_owned()
}

/// How often the aggregator was asked.
pub async fn asked(scene: &Scene) -> usize {
    scene.calls("aliyun", "/aliyun/").await
}

fn told(answer: &Answer) -> (StatusCode, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn is(status: StatusCode, error: &str) -> (StatusCode, String) {
    (status, error.to_owned())
}

async fn sign_ins(scene: &Scene) -> usize {
    let good = |kind, outcome| kind == AuditKind::Login && outcome == Outcome::Success;
    scene.idp.audit().await.iter().filter(|event| good(event.kind, event.outcome)).count()
}

#[rstest]
#[actix_web::test]
async fn ot_02_a_number_with_one_account_signs_in_whatever_else_the_app_says(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let phone = Phone::of(&scene).await;
    let claimed = [("phone", ACME_NUMBER), ("account", "104857600000"), ("username", "ops@acme.example")];
    let done = phone.tap(&token(&scene, GLOBEX_NUMBER).await, &claimed).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let next = phone.browser.follow(done).await;
    let back = scene.past_terms(&phone.browser, next).await;
    let native = scene.idp.client("native");
    let claims = native.tokens(&native.code_from(&back)).await.claims();
    assert_eq!(claims["sub"], json!(scene.idp.sub_of(GLOBEX).await));
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["one_tap"]), &json!("aal1")));
}

#[rstest]
#[actix_web::test]
async fn of_several_accounts_one_is_chosen(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let phone = Phone::of(&scene).await;
    let done = phone.tap(&token(&scene, ACME_NUMBER).await, &[]).await;
    assert!(done.location().is_some_and(|to| to.starts_with("/accounts?")), "{:?}", done.location());
    let choice = phone.browser.follow(done).await;
    assert_eq!(choice.attributes("button[name=account]", "value").len(), 2);
    let next = phone.browser.press(&choice, "button[name=account]").await;
    let back = scene.past_terms(&phone.browser, next).await;
    let native = scene.idp.client("native");
    assert_eq!(native.tokens(&native.code_from(&back)).await.claims()["amr"], json!(["one_tap"]));
}

#[rstest]
#[actix_web::test]
async fn a_number_without_account_makes_one_that_it_opens(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let phone = Phone::of(&scene).await;
    let number = format!("+86{NEW_PHONE}");
    let done = phone.tap(&token(&scene, &number).await, &[]).await;
    assert!(done.location().is_some_and(|to| to.starts_with("/signup?")), "{:?} {}", done.location(), done.body);
    let details = phone.browser.follow(done).await;
    assert!(details.has("#password") && !details.has("#phone"), "the number is proved: {}", details.body);
    let made = phone.browser.submit(&details, &[("password", "open-the-green-gate-3"), ("agree", "1")]).await;
    let back = phone.browser.follow(made).await;
    let native = scene.idp.client("native");
    let first = native.tokens(&native.code_from(&back)).await.claims();
    assert_eq!(first["amr"], json!(["one_tap"]), "no message was sent");
    let other = Phone::of(&scene).await;
    let done = other.tap(&token(&scene, &number).await, &[]).await;
    let back = other.browser.follow(done).await;
    assert_eq!(native.tokens(&native.code_from(&back)).await.claims()["sub"], first["sub"]);
}

#[rstest]
#[actix_web::test]
async fn rg_04_where_registration_is_off_a_number_without_account_makes_none(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::configured(backend, &[("signup.enabled", "false")]).await;
    let phone = Phone::of(&scene).await;
    let refused = phone.tap(&token(&scene, &format!("+86{NEW_PHONE}")).await, &[]).await;
    assert_eq!(told(&refused), is(StatusCode::FORBIDDEN, "signup_off"));
    assert!(!phone.signed_in().await);
}

#[rstest]
#[actix_web::test]
async fn ot_01_a_token_is_traded_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let (phone, thief) = (Phone::of(&scene).await, Phone::of(&scene).await);
    let token = token(&scene, GLOBEX_NUMBER).await;
    assert_eq!(phone.tap(&token, &[]).await.status, StatusCode::SEE_OTHER);
    for _ in 0..3 {
        assert_eq!(told(&thief.tap(&token, &[]).await), is(StatusCode::UNAUTHORIZED, "qr_expired"));
    }
    scene.idp.clock().advance(Duration::from_secs(31 * 60));
    assert!(thief.tap(&token, &[]).await.status.is_client_error(), "its interaction is over");
    let late = Phone::of(&scene).await;
    assert_eq!(told(&late.tap(&token, &[]).await), is(StatusCode::UNAUTHORIZED, "qr_expired"));
    assert_eq!((asked(&scene).await, sign_ins(&scene).await), (1, 1));
}

#[rstest]
#[actix_web::test]
async fn ot_01_of_fifty_at_once_one_asks_and_one_signs_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let phones = [Phone::of(&scene).await, Phone::of(&scene).await];
    let token = token(&scene, GLOBEX_NUMBER).await;
    let sent: Vec<_> = (0..50)
        .map(|at: usize| {
            let (phone, token) = (phones[at % 2].again(&scene.idp), token.clone());
            actix_web::rt::spawn(async move { phone.tap(&token, &[]).await })
        })
        .collect();
    let mut won = 0;
    for answer in sent {
        let answer = answer.await.unwrap();
        won += usize::from(answer.status == StatusCode::SEE_OTHER);
        assert!(answer.status == StatusCode::SEE_OTHER || answer.status.is_client_error(), "{}", answer.status);
    }
    assert_eq!((won, asked(&scene).await, sign_ins(&scene).await), (1, 1, 1));
}

#[rstest]
#[actix_web::test]
async fn a_post_that_is_not_whole_asks_nobody_and_leaves_the_token_good(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let (phone, other) = (Phone::of(&scene).await, Phone::of(&scene).await);
    let token = token(&scene, GLOBEX_NUMBER).await;
    let whole = [
        ("interaction", phone.interaction.as_str()),
        ("csrf", &phone.csrf),
        ("carrier", "cmcc"),
        ("token", &token),
        ("attempt", "a-1"),
    ];
    let without = |name: &str| whole.into_iter().filter(|(one, _)| *one != name).collect::<Vec<_>>();
    let with = |name, value| without(name).into_iter().chain([(name, value)]).collect::<Vec<_>>();
    let (cross, missing) =
        (is(StatusCode::FORBIDDEN, "cross_site"), is(StatusCode::UNPROCESSABLE_ENTITY, "field_required"));
    for (fields, expected) in [
        (without("csrf"), cross.clone()),
        (with("csrf", &other.csrf), cross),
        (without("interaction"), is(StatusCode::BAD_REQUEST, "tx_expired")),
        (with("interaction", &other.interaction), is(StatusCode::BAD_REQUEST, "tx_expired")),
        (without("token"), missing.clone()),
        (with("token", "  "), missing.clone()),
        (with("carrier", "carrier-pigeon"), missing),
    ] {
        assert_eq!(told(&post(&phone.browser, "application/json", &fields).await), expected, "{fields:?}");
    }
    assert_eq!((asked(&scene).await, sign_ins(&scene).await), (0, 0));
    // Not every SDK names its carrier.
    assert_eq!(post(&phone.browser, "application/json", &without("carrier")).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::nothing("set", json!({"remove": ["GetMobileResultDTO"]}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::null("set", json!({"set": {"GetMobileResultDTO": {"Mobile": null}}}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::masked("set", json!({"set": {"GetMobileResultDTO": {"Mobile": "138****0002"}}}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::foreign("set", json!({"set": {"GetMobileResultDTO": {"Mobile": "+12025550100"}}}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::two("set", json!({"set": {"GetMobileResultDTO": {"Mobile": ["13800000001", "13800000002"]}}}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::refused("errcode", json!({"code": "isv.TOKEN_INVALID"}), StatusCode::UNAUTHORIZED)]
#[case::wrong_keys("errcode", json!({"code": "InvalidAccessKeyId.NotFound"}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::error_500("http", json!({"status": 500}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::garbage("garbage", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[case::html("html", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[case::truncated("truncated", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[case::empty("empty", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[case::hung_up("reset", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[case::closed("refuse", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[case::slow("slow", json!({"delay_ms": 4_000}), StatusCode::SERVICE_UNAVAILABLE)]
#[case::silent("timeout_after_effect", Value::Null, StatusCode::SERVICE_UNAVAILABLE)]
#[actix_web::test]
async fn ot_03_without_a_plain_number_nobody_is_let_in_and_soon(
    #[case] mode: &str,
    #[case] args: Value,
    #[case] status: StatusCode,
) {
    let scene = Scene::start(Sqlite).await;
    let phone = Phone::of(&scene).await;
    let token = token(&scene, GLOBEX_NUMBER).await;
    scene.fault("aliyun", "/aliyun/", mode, args).await;
    let begun = std::time::Instant::now();
    let answer = phone.tap(&token, &[]).await;
    // Three seconds for the vendor, and a machine that does other things.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let error = if status == StatusCode::UNAUTHORIZED { "qr_expired" } else { "upstream_unavailable" };
    assert_eq!(told(&answer), is(status, error));
    assert_eq!(answer.header("retry-after").is_some(), status == StatusCode::SERVICE_UNAVAILABLE);
    assert!(asked(&scene).await <= 1, "a token is never traded again");
    assert!(!phone.signed_in().await);
    let trail = scene.idp.audit().await;
    assert!(trail.iter().any(|event| event.detail.starts_with("one_tap: ") && event.outcome == Outcome::Refused));
    assert!(!trail.iter().any(|event| event.detail.contains(&token) || event.detail.contains("13800000002")));
    // The same page, in a browser: a message instead.
    let own =
        [("interaction", phone.interaction.as_str()), ("csrf", &phone.csrf), ("carrier", "cmcc"), ("token", &token)];
    let page = post(&phone.browser, "text/html", &own).await;
    assert_eq!((page.status, page.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("qr_expired")));
    assert!(page.attribute("#by-message", "href").is_some_and(|href| href.starts_with("/login/sms?")), "{}", page.body);
}

#[actix_web::test]
async fn a_disabled_account_is_not_opened_by_its_number() {
    let scene = Scene::start(Sqlite).await;
    scene.idp.switch(GLOBEX, Switch::Disable).await;
    let phone = Phone::of(&scene).await;
    let refused = phone.tap(&token(&scene, GLOBEX_NUMBER).await, &[]).await;
    assert_eq!(told(&refused), is(StatusCode::UNAUTHORIZED, "principal_disabled"));
    assert!(!phone.signed_in().await);
}

#[actix_web::test]
async fn a_browser_is_told_that_it_is_for_the_app_and_nothing_links_there() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let page = browser.open("/login/one-tap").await;
    assert_eq!((page.status, page.has("#in-app"), page.has("#error")), (StatusCode::OK, true, false), "{}", page.body);
    let sms = browser.get(&page.attribute("#by-message", "href").expect("a way on")).await;
    assert!(sms.has("#phone") && !sms.has("a[href^='/login/one-tap']"), "{}", sms.body);
    // Without an aggregator there is no such page.
    assert_eq!(TestIdp::start(Sqlite).await.browser().open("/login/one-tap").await.status, StatusCode::NOT_FOUND);
}
