//! Native apps of ours: JSON for whoever asks for it and may have it.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use menshen::simulator::fixture::{TENCENT_RAPIDAUTH, WECHAT_MOBILE, XIAOHONG};
use serde_json::json;

use super::one_tap::Phone;
use super::scene::Scene;
use super::wechat::bound;
use crate::simulator::vendor::Vendors;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::Sqlite;
use crate::support::idp::TestIdp;

async fn ask(idp: &TestIdp, app: &Browser, client: &str) -> Answer {
    let request = TestRequest::get().insert_header(("Accept", "application/json"));
    app.send(request, &idp.client(client).request().url()).await
}

/// Posts as an app does: without an origin.
async fn post(app: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    app.send(TestRequest::post().insert_header(("Accept", "application/json")).set_form(fields), path).await
}

#[actix_web::test]
async fn an_app_of_ours_gets_what_it_needs_and_signs_in_by_its_sdk() {
    let scene = Scene::start(Sqlite).await;
    bound(&scene).await;
    let app = scene.idp.browser();
    let told = ask(&scene.idp, &app, "native").await;
    assert_eq!((told.status, told.header("content-type")), (StatusCode::OK, Some("application/json")), "{}", told.body);
    let body = told.json();
    assert!(body["methods"].as_array().unwrap().contains(&json!("wechat")), "{body}");
    let field = |name: &str| body[name].as_str().unwrap().to_owned();
    let (interaction, csrf) = (field("interaction"), field("csrf"));
    let ticket = json!({"appid": WECHAT_MOBILE.id, "user": XIAOHONG, "scope": "snsapi_userinfo"});
    let code = scene.vendors.tell("/wx/code", ticket).await["code"].as_str().unwrap().to_owned();
    let wrong = post(&app, "/login/wechat/app", &[("interaction", &interaction), ("csrf", &csrf), ("code", "x")]).await;
    assert_eq!((wrong.status, wrong.json()["error"].clone()), (StatusCode::UNAUTHORIZED, json!("qr_expired")));
    let forged = post(&app, "/login/wechat/app", &[("interaction", &interaction), ("code", &code)]).await;
    assert_eq!((forged.status, forged.json()["error"].clone()), (StatusCode::FORBIDDEN, json!("cross_site")));
    let fields = [("interaction", interaction.as_str()), ("csrf", &csrf), ("code", &code)];
    let done = post(&app, "/login/wechat/app", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let native = scene.idp.client("native");
    let back = app.follow(done).await;
    assert_eq!(native.tokens(&native.code_from(&back)).await.claims()["amr"], json!(["wechat"]));
}

#[actix_web::test]
async fn another_aggregator_serves_the_same_app() {
    let vendors = Vendors::start();
    let endpoint = vendors.url("/tencent");
    let settings = [
        ("outbound.allow_private_addresses", "true"),
        ("login.one_tap.aggregator", "tencent"),
        ("login.one_tap.sdk_app_id", TENCENT_RAPIDAUTH.id),
        ("login.one_tap.app_key", TENCENT_RAPIDAUTH.secret),
        ("login.one_tap.endpoint", &endpoint),
    ];
    let scene = Scene { idp: TestIdp::configured(Sqlite, &settings).await, vendors };
    let phone = Phone::of(&scene).await;
    let token = async |vendor: &str| {
        let ticket = json!({"phone": "+8613800000002", "carrier": "cucc", "kind": "login", "vendor": vendor});
        scene.vendors.tell("/carrier/token", ticket).await["token"].as_str().unwrap().to_owned()
    };
    let elsewhere = phone.tap(&token("aliyun").await, &[("carrier", "cucc")]).await;
    assert_eq!((elsewhere.status, elsewhere.json()["error"].clone()), (StatusCode::UNAUTHORIZED, json!("qr_expired")));
    let done = phone.tap(&token("tencent").await, &[("carrier", "CUCC")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(scene.calls("tencent", "/v5/rapidauth/validate").await, 2);
}

#[actix_web::test]
async fn nobody_elses_client_gets_a_form_in_json() {
    let idp = TestIdp::start(Sqlite).await;
    for client in ["console", "report-tool", "spa"] {
        let answer = ask(&idp, &idp.browser(), client).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{client}");
        assert!(!answer.body.contains("csrf"), "{client}");
    }
}

#[actix_web::test]
async fn a_wrong_password_of_an_app_is_told_by_its_code() {
    let idp = TestIdp::start(Sqlite).await;
    let app = idp.browser();
    let body = ask(&idp, &app, "native").await.json();
    let field = |name: &str| body[name].as_str().unwrap().to_owned();
    let (interaction, csrf) = (field("interaction"), field("csrf"));
    let fields = [
        ("interaction", interaction.as_str()),
        ("csrf", &csrf),
        ("username", "ops@acme.example"),
        ("password", "no"),
        ("agree", "1"),
    ];
    let wrong = post(&app, "/login", &fields).await;
    assert_eq!((wrong.status, wrong.json()), (StatusCode::UNAUTHORIZED, json!({"error": "bad_credentials"})));
}
