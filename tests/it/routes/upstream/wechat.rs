//! `/login/wechat`: the QR panel, the ways in, and a vendor in trouble.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use menshen::base::Timestamp;
use menshen::identity::Switch;
use menshen::simulator::fixture::{WECHAT_H5, WECHAT_WEB, XIAOHONG, XIAOMING};
use rstest::rstest;
use serde_json::{Value, json};

use super::scene::{GLOBEX_PHONE, Leaving, Scene, callback};
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::GLOBEX;
use crate::support::idp::TestIdp;

/// Binds 小红 to Globex.
pub async fn bound(scene: &Scene) -> Browser {
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOHONG).await;
    let back = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
    assert!(back.returned().contains_key("code"), "{}", back.body);
    browser
}

#[rstest]
#[actix_web::test]
async fn a_bound_wechat_signs_in_and_the_tokens_say_how(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    bound(&scene).await;
    let browser = scene.idp.browser();
    let back = scene.scan(&browser, XIAOHONG).await;
    let console = scene.idp.client("console");
    let tokens = console.tokens(&console.code_from(&back)).await;
    let claims = tokens.claims();
    assert_eq!(claims["amr"], json!(["wechat"]));
    assert_eq!(claims["acr"], json!("aal1"));
    assert_eq!(claims["sub"], json!(scene.idp.sub_of(GLOBEX).await));
    assert_eq!(claims["principal_type"], json!("root"));
}

#[actix_web::test]
async fn the_panel_frames_one_origin_on_this_page_alone_and_a_link_stands_beside_it() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let leaving = scene.leave(&browser, "/login/wechat").await;
    let page = &leaving.page;
    let frame = page.attribute("iframe#qr-panel", "src").expect("a frame");
    assert!(frame.starts_with(&scene.vendors.url("/wx/open/connect/qrconnect?")), "{frame}");
    for part in ["login_type=jssdk", "self_redirect=false", "scope=snsapi_login", &leaving.state, WECHAT_WEB.id] {
        assert!(frame.contains(part), "{frame}");
    }
    let sandbox = page.attribute("iframe", "sandbox");
    assert_eq!(sandbox.as_deref(), Some("allow-scripts allow-same-origin allow-top-navigation"));
    let policy = page.header("content-security-policy").unwrap();
    let origin = scene.vendors.url("");
    assert!(policy.ends_with(&format!("frame-src {origin}")), "{policy}");
    assert!(page.attribute("#continue", "href").unwrap().ends_with("#wechat_redirect"));
    assert!(page.has("a[href^='/login?']") && !page.body.contains("<script"));
    let other = browser.get(&page.attribute("a[href^='/login?']", "href").unwrap()).await;
    assert!(!other.header("content-security-policy").unwrap().contains("frame-src"));
}

#[actix_web::test]
async fn inside_wechat_there_is_no_code_to_scan_but_a_way_on() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let login = browser.open("/login/wechat").await;
    let inside = TestRequest::get().insert_header(("User-Agent", "Mozilla/5.0 (iPhone) MicroMessenger/8.0.38"));
    let leaving = Leaving::of(scene.idp.send(cookies(inside, &browser), &login.url).await);
    assert!(!leaving.page.has("iframe"));
    let href = leaving.page.attribute("#continue", "href").unwrap();
    assert!(href.contains("/connect/oauth2/authorize?appid=") && href.contains(WECHAT_H5.id), "{href}");
    let app = json!({"appid": WECHAT_H5.id, "user": XIAOMING, "scope": "snsapi_userinfo"});
    let code = scene.vendors.tell("/wx/code", app).await["code"].as_str().unwrap().to_owned();
    let back = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await;
    assert!(back.has("#phone"), "the exchange is made with the app of the service account: {}", back.body);
}

fn cookies(request: TestRequest, browser: &Browser) -> TestRequest {
    let jar: Vec<_> = browser.jar.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
    request.insert_header(("Cookie", jar.join("; "))).insert_header(("Host", "id.test")).peer_addr(browser.peer)
}

#[actix_web::test]
async fn who_says_no_at_wechat_is_back_on_the_login_page() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let leaving = scene.leave(&browser, "/login/wechat").await;
    let back = browser.open(&callback("/login/wechat", &[("state", &leaving.state)])).await;
    assert_eq!((back.status, back.error_code().as_deref()), (StatusCode::OK, Some("qr_denied")));
    assert_ne!(Leaving::of(back).state, leaving.state, "a new state for the next try");
    assert_eq!(scene.exchanges().await, 0);
}

#[actix_web::test]
async fn other_ways_in_are_open_while_wechat_is_away() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    scene.fault("wechat", "/sns/oauth2/access_token", "refuse", Value::Null).await;
    let back = scene.scan(&browser, XIAOMING).await;
    assert_eq!(back.status, StatusCode::SERVICE_UNAVAILABLE);
    let done = browser.sign_in_at(&browser.turn_to(&back, GLOBEX).await, GLOBEX).await;
    assert!(done.returned().contains_key("code"));
}

/// When Globex last came in by its WeChat.
async fn used_at(scene: &Scene) -> Option<Timestamp> {
    let [held] = scene.idp.identity().list_bindings(GLOBEX.name).await.unwrap().try_into().expect("one binding");
    held.last_used_at
}

#[actix_web::test]
async fn wx_12_a_disabled_account_is_not_opened_by_its_wechat() {
    let scene = Scene::start(Sqlite).await;
    bound(&scene).await;
    let before = used_at(&scene).await;
    assert!(before.is_some());
    scene.idp.switch(GLOBEX, Switch::Disable).await;
    scene.idp.clock().advance(Duration::from_secs(60));
    let browser = scene.idp.browser();
    let back = scene.scan(&browser, XIAOHONG).await;
    assert_eq!((back.status, back.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("principal_disabled")));
    assert_eq!(used_at(&scene).await, before, "nobody came in by it");
}

#[actix_web::test]
async fn wx_12_a_vendor_that_is_switched_off_meanwhile_lets_nobody_in() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let leaving = scene.leave(&browser, "/login/wechat").await;
    let code = scene.wechat_code(XIAOMING).await;
    let off = scene.another_node(&[("login.wechat.enabled", "false")]).await;
    let there = browser.at(&off);
    let back = there.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await;
    assert_eq!(back.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.exchanges().await, 0);
}

#[actix_web::test]
async fn a_vendor_without_credentials_is_absent() {
    let idp = TestIdp::start(Sqlite).await;
    let login = idp.browser().open("/login").await;
    for page in ["wechat", "alipay", "taobao"] {
        assert!(!login.has(&format!("a[href^='/login/{page}']")), "{page}");
        assert_eq!(idp.browser().open(&format!("/login/{page}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[rstest]
#[actix_web::test]
async fn a_native_app_signs_in_by_the_code_of_its_sdk_once(#[values(Sqlite, Postgres)] backend: Backend) {
    use menshen::simulator::fixture::WECHAT_MOBILE;
    let scene = Scene::start(backend).await;
    bound(&scene).await;
    let app = scene.idp.browser();
    let page = scene.leave(&app, "/login/wechat").await.page;
    let form = app.get(&page.attribute("a[href^='/login?']", "href").unwrap()).await.form();
    let ticket = json!({"appid": WECHAT_MOBILE.id, "user": XIAOHONG, "scope": "snsapi_userinfo"});
    let code = scene.vendors.tell("/wx/code", ticket).await["code"].as_str().unwrap().to_owned();
    let before = scene.exchanges().await;
    let fields =
        [("interaction", form.fields["interaction"].as_str()), ("csrf", &form.fields["csrf"]), ("code", &code)];
    let first = app.post("/login/wechat/app", &fields).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.body);
    let again = app.post("/login/wechat/app", &fields).await;
    assert!(again.status.is_client_error(), "{}", again.status);
    assert_eq!(scene.exchanges().await - before, 1);
    assert!(app.follow(first).await.returned().contains_key("code"));
}

#[actix_web::test]
async fn names_that_lead_to_two_people_let_nobody_in() {
    let scene = Scene::start(Sqlite).await;
    bound(&scene).await;
    // 小明 binds without a unionid, then WeChat says that he is 小红.
    let drift = |set: Value, remove: Value| json!({"set": set, "remove": remove});
    let none = || drift(json!({}), json!(["unionid"]));
    scene.fault("wechat", "/sns/oauth2/access_token", "set", none()).await;
    scene.fault("wechat", "/sns/userinfo", "set", none()).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let choice = scene.prove(&browser, &bind, super::scene::ACME_PHONE).await;
    browser.press(&choice, "button[name=account]").await;
    scene.vendors.control(reqwest::Method::DELETE, "/faults", Value::Null).await;
    let hers = drift(json!({"unionid": menshen::simulator::fixture::XIAOHONG_UNIONID}), json!([]));
    scene.fault("wechat", "/sns/oauth2/access_token", "set", hers.clone()).await;
    scene.fault("wechat", "/sns/userinfo", "set", hers).await;
    let back = scene.scan(&scene.idp.browser(), XIAOMING).await;
    assert_eq!((back.status, back.error_code().as_deref()), (StatusCode::CONFLICT, Some("identity_conflict")));
    scene.vendors.control(reqwest::Method::DELETE, "/faults", Value::Null).await;
    // By himself he is still who he was, and from now on his unionid is known too.
    let browser = scene.idp.browser();
    let back = scene.scan(&browser, XIAOMING).await;
    let back = scene.past_terms(&browser, back).await;
    assert!(back.returned().contains_key("code"), "{}", back.body);
}
