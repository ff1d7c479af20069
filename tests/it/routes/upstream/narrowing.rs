//! A client that takes some login methods alone (`allowed_login_methods`): what
//! its pages show, and what else is refused.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use menshen::domain::{AuditKind, Outcome};
use menshen::simulator::fixture::{XIAOHONG, XIAOMING};
use rstest::rstest;
use serde_json::{Value, json};

use super::one_tap::{Phone, asked, token};
use super::scene::{GLOBEX_PHONE, Leaving, NEW_PHONE, Scene, callback};
use super::wechat::bound;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{GLOBEX, PASSWORD, SECRET};
use crate::support::idp::ISSUER;
use crate::support::relying_party::{RelyingParty, STATE};
use crate::support::sms::OTHER;

/// Registers the client `narrow`, which takes these methods alone.
pub async fn narrow(scene: &Scene, methods: &[&str]) -> RelyingParty {
    narrowed(scene, &json!({"allowed_login_methods": methods})).await
}

/// Registers the client `narrow` with these keys of its own.
async fn narrowed(scene: &Scene, keys: &Value) -> RelyingParty {
    let mut client = json!({"client_id": "narrow", "client_secret": SECRET, "client_name": "Narrow", "first_party": true,
        "redirect_uris": ["https://narrow.test/cb"], "scope": "openid account"});
    client.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    scene.idp.apply(&json!({"client": [client]})).await;
    scene.idp.client("narrow")
}

pub fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", answer.url, answer.body);
    assert_eq!(answer.error_code().as_deref(), Some("login_method_refused"), "{}", answer.url);
}

pub async fn signed_in(browser: &Browser) -> bool {
    browser.open("/accounts").await.has("[data-state=active]")
}

/// Types the number and the code of a page of the login by message.
pub async fn by_message(scene: &Scene, browser: &Browser, page: &Answer, phone: &str) -> Answer {
    let rows = browser.submit(page, &[("phone", phone)]).await;
    let rows = browser.follow(rows).await;
    let sent = browser.submit(&rows, &[("account", OTHER)]).await;
    let code = browser.follow(sent).await;
    let done = browser.submit(&code, &[("code", &scene.sent_code().await)]).await;
    let next = browser.follow(done).await;
    scene.past_terms(browser, next).await
}

#[rstest]
#[actix_web::test]
async fn the_pages_of_a_narrow_client_show_less(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let client = narrow(&scene, &["sms", "wechat", "oidc"]).await;
    let browser = scene.idp.browser();
    let page = browser.open(&client.request().url()).await;
    assert_eq!(page.path(), "/login/sms", "the account page is none of them");
    for there in ["/login/sms?", "/login/wechat?", "/login/oidc/corp?"] {
        assert!(page.has(&format!("a[href^='{there}']")), "{there}: {}", page.body);
    }
    for absent in ["/login?", "/login/sub?", "/login/iam?", "/login/alipay?", "/login/taobao?"] {
        assert!(!page.has(&format!("a[href^='{absent}']")), "{absent}: {}", page.body);
    }
    // A hint at a method that is not taken is no way round.
    let hinted = browser.open(&client.request().with("login_method_hint", "iam_user").url()).await;
    assert_eq!(hinted.path(), "/login/sms");
    // Where everything begins leads to what there is; the other pages say so.
    let name = page.form().fields["interaction"].clone();
    assert_eq!(browser.open(&format!("/login?interaction={name}")).await.path(), "/login/sms");
    for other in ["/login/sub", "/login/iam", "/login/alipay", "/login/taobao", "/login/one-tap"] {
        let refused = browser.get(&format!("{other}?interaction={name}")).await;
        is_refused(&refused);
        assert!(refused.attribute("#restart", "href").is_some_and(|href| href.starts_with("/login/sms?")), "{other}");
    }
    // Elsewhere everything is as it was.
    let login = scene.idp.browser().open(&scene.idp.client("console").request().url()).await;
    assert!(login.path() == "/login" && login.has("a[href^='/login/alipay?']"));
}

#[rstest]
#[actix_web::test]
async fn a_form_by_another_method_is_not_looked_at(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let client = narrow(&scene, &["sms"]).await;
    let browser = scene.idp.browser();
    let form = browser.open(&client.request().url()).await.form();
    let own = [("interaction", form.fields["interaction"].as_str()), ("csrf", &form.fields["csrf"])];
    let taps = token(&scene, "+8613800000002").await;
    let before = scene.idp.flow.passwords.hashes();
    for (path, fields) in [
        ("/login", vec![("username", GLOBEX.name), ("password", PASSWORD), ("agree", "1")]),
        ("/login/sub", vec![("username", GLOBEX.name), ("password", PASSWORD), ("agree", "1")]),
        ("/login/iam", vec![("username", "alice@globex")]),
        ("/login/iam/globex", vec![("username", "alice"), ("password", PASSWORD)]),
        ("/login/wechat/app", vec![("code", "x")]),
        ("/login/alipay/app", vec![("auth_code", "x")]),
        ("/login/taobao/app", vec![("code", "x")]),
        ("/login/one-tap", vec![("token", taps.as_str()), ("carrier", "cmcc"), ("attempt", "a")]),
    ] {
        let all: Vec<_> = own.into_iter().chain(fields).collect();
        is_refused(&browser.post(path, &all).await);
        let app = TestRequest::post().insert_header(("Accept", "application/json")).set_form(&all);
        let told = browser.send(app, path).await;
        assert_eq!((told.status, told.json()), (StatusCode::FORBIDDEN, json!({"error": "login_method_refused"})));
    }
    assert_eq!(scene.idp.flow.passwords.hashes(), before, "no password was compared");
    assert_eq!((asked(&scene).await, signed_in(&browser).await), (0, false));
    // Nothing was used up by it.
    assert_eq!(Phone::of(&scene).await.tap(&taps, &[]).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[actix_web::test]
async fn who_comes_back_by_another_method_is_not_asked_about(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    bound(&scene).await;
    let client = narrow(&scene, &[]).await;
    let browser = scene.idp.browser();
    let login = browser.open(&client.request().url()).await;
    let href = login.attribute("a[href^='/login/wechat?']", "href").expect("the way to WeChat");
    let leaving = Leaving::of(browser.get(&href).await);
    let (code, before) = (scene.wechat_code(XIAOHONG).await, scene.exchanges().await);
    narrow(&scene, &["sms", "alipay"]).await;
    let back = callback("/login/wechat", &[("code", &code), ("state", &leaving.state)]);
    is_refused(&browser.open(&back).await);
    assert_eq!((scene.exchanges().await - before, signed_in(&browser).await), (0, false));
    // What was refused unseen is as good as before.
    narrow(&scene, &["wechat"]).await;
    assert!(browser.open(&back).await.returned().contains_key("code"));
}

#[rstest]
#[actix_web::test]
async fn an_identity_that_waits_is_not_bound_for_a_client_that_takes_none(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let client = narrow(&scene, &["wechat"]).await;
    let browser = scene.idp.browser();
    let page = browser.open(&client.request().url()).await;
    let leaving = Leaving::of(page);
    let code = scene.wechat_code(XIAOMING).await;
    let bind = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await;
    let (page, code) = scene.code_for(&browser, &bind, GLOBEX_PHONE).await;
    narrow(&scene, &["sms"]).await;
    is_refused(&browser.submit(&page, &[("code", &code)]).await);
    is_refused(&browser.get(&page.url).await);
    assert!(scene.scan(&scene.idp.browser(), XIAOMING).await.has("#phone"), "not bound");
}

#[rstest]
#[actix_web::test]
async fn a_live_sign_in_by_another_method_proves_itself_again(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let client = narrow(&scene, &["sms"]).await;
    let console = scene.idp.client("console");
    let browser = scene.idp.browser();
    browser.sign_in(GLOBEX).await;
    let silent = |party: &RelyingParty| party.request().with("prompt", "none").url();
    assert_eq!(browser.get(&silent(&client)).await.returned_error(), "login_required");
    assert!(browser.get(&silent(&console)).await.returned().contains_key("code"), "elsewhere it is as good as ever");
    let page = browser.open(&client.request().url()).await;
    assert_eq!(page.path(), "/login/sms");
    let back = by_message(&scene, &browser, &page, GLOBEX_PHONE).await;
    let claims = client.tokens(&client.code_from(&back)).await.claims();
    assert_eq!((&claims["sub"], &claims["amr"]), (&json!(scene.idp.sub_of(GLOBEX).await), &json!(["sms"])));
    assert!(browser.get(&silent(&client)).await.returned().contains_key("code"), "from now on silently");
}

#[rstest]
#[actix_web::test]
async fn an_account_is_made_where_the_client_takes_what_it_ends_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let client = narrow(&scene, &["password", "iam_user"]).await;
    let browser = scene.idp.browser();
    let login = browser.open(&client.request().url()).await;
    assert!(login.path() == "/login" && !login.has("a[href^='/signup']"), "{}", login.body);
    let form = login.form();
    let own =
        [("interaction", form.fields["interaction"].as_str()), ("csrf", &form.fields["csrf"]), ("phone", NEW_PHONE)];
    is_refused(&browser.get(&format!("/signup?interaction={}", form.fields["interaction"])).await);
    is_refused(&browser.post("/signup", &own).await);
    // Asking for a new account is the client's own mistake, so the client hears of it.
    let asked = browser.open(&client.request().with("prompt", "create").url()).await.returned();
    let told = ["error", "error_description", "state", "iss"].map(|name| asked[name].as_str());
    let said = "prompt=create: this client takes no new accounts";
    assert_eq!(told, ["invalid_request", said, STATE, ISSUER]);
    // By the identity of a vendor that it takes.
    let client = narrow(&scene, &["wechat"]).await;
    let leaving = Leaving::of(browser.open(&client.request().url()).await);
    let code = scene.wechat_code(XIAOMING).await;
    let bind = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await;
    let nobody = scene.prove(&browser, &bind, NEW_PHONE).await;
    let details = browser.open(&nobody.attribute("#register", "href").expect("a way to sign up")).await;
    let made = browser.submit(&details, &[("password", "open-the-green-gate-3"), ("agree", "1")]).await;
    let back = browser.follow(made).await;
    assert_eq!(client.tokens(&client.code_from(&back)).await.claims()["amr"], json!(["wechat", "sms"]));
}

/// Who makes an account here has a main account of their own.
#[rstest]
#[actix_web::test]
async fn nobody_is_asked_to_make_an_account_that_the_client_would_not_take(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    for (keys, taken) in [
        (json!({}), true),
        (json!({"allowed_principal_types": ["root", "iam_user"]}), true),
        (json!({"allowed_principal_types": ["sub_account", "iam_user"]}), false),
        (json!({"allowed_owner_accounts": ["acme"]}), false),
        (json!({"allowed_login_methods": ["password", "sms"]}), true),
    ] {
        let request = narrowed(&scene, &keys).await.request();
        let login = scene.idp.browser().open(&request.url()).await;
        assert_eq!(login.has("a[href^='/signup']"), taken, "{keys}: {}", login.body);
        let asked = scene.idp.browser().open(&request.with("prompt", "create").url()).await;
        assert_eq!(asked.path() == "/signup", taken, "{keys}: {}", asked.url);
        assert!(taken || asked.returned_error() == "invalid_request", "{keys}");
    }
}

/// Who did not know it learns it before anything is made.
#[rstest]
#[case::by_owner(json!({"allowed_owner_accounts": ["acme"]}), false)]
#[case::by_kind(json!({"allowed_principal_types": ["sub_account"]}), false)]
#[case::not_at_all(json!({}), true)]
#[actix_web::test]
async fn a_number_without_an_account_makes_none_for_a_client_that_would_not_take_it(
    #[case] mut keys: Value,
    #[case] taken: bool,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    keys["allowed_login_methods"] = json!(["sms", "wechat"]);
    let browser = scene.idp.browser();
    let url = narrowed(&scene, &keys).await.request().url();
    // Beside a vendor's identity that nobody has.
    let leaving = Leaving::of(
        browser.open(&browser.open(&url).await.attribute("a[href^='/login/wechat?']", "href").unwrap()).await,
    );
    let code = scene.wechat_code(XIAOMING).await;
    let bind = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await;
    let nobody = scene.prove(&browser, &bind, NEW_PHONE).await;
    assert_eq!((nobody.has("#nobody"), nobody.has("#register")), (true, taken), "{}", nobody.body);
    // By an address that was kept.
    let interaction = bind.form().fields["interaction"].clone();
    let next = browser.open(&format!("/signup?interaction={interaction}")).await;
    if taken {
        assert_eq!((next.status, next.path()), (StatusCode::OK, "/signup"), "{}", next.body);
        return;
    }
    let told = (next.status, next.error_code());
    assert_eq!(told, (StatusCode::FORBIDDEN, Some("newcomer_refused".to_owned())), "{}", next.body);
    let again = next.attribute("#restart", "href").expect("a way on");
    assert!(again.starts_with("/login/sms?"), "{again}");
    assert_eq!(browser.open(&again).await.status, StatusCode::OK);
    assert!(!signed_in(&browser).await);
}

#[rstest]
#[actix_web::test]
async fn an_app_is_told_the_methods_that_its_client_takes(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let native = |methods: &[&str]| {
        json!({"client": [{"client_id": "native", "client_name": "Native", "token_endpoint_auth_method": "none",
            "first_party": true, "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"],
            "scope": "openid", "allowed_login_methods": methods}]})
    };
    scene.idp.apply(&native(&["one_tap", "wechat"])).await;
    let phone = Phone::of(&scene).await;
    let request = || TestRequest::get().insert_header(("Accept", "application/json"));
    let app = scene.idp.browser();
    let told = app.send(request(), &scene.idp.client("native").request().url()).await.json();
    assert_eq!(told["methods"], json!(["wechat", "one_tap"]));
    assert_eq!(phone.tap(&token(&scene, "+8613800000002").await, &[]).await.status, StatusCode::SEE_OTHER);
    // One tap alone: a browser has nothing here, and is told so.
    scene.idp.apply(&native(&["one_tap"])).await;
    let page = scene.idp.browser().open(&scene.idp.client("native").request().url()).await;
    assert!(page.path() == "/login/one-tap" && page.has("#in-app") && !page.has("#by-message"), "{}", page.body);
    let told = app.send(request(), &scene.idp.client("native").request().url()).await.json();
    assert_eq!(told["methods"], json!(["one_tap"]));
    let refused =
        |event: &menshen::domain::AuditEvent| event.kind == AuditKind::Login && event.outcome == Outcome::Refused;
    assert!(!scene.idp.audit().await.iter().any(refused), "nobody was refused");
}
