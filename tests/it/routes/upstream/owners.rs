//! An owner that leaves its people some login methods alone (`login_methods`):
//! told to nobody but who proved themselves, and nothing lives on beside it.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::domain::{AuditKind, Outcome};
use menshen::simulator::fixture::{XIAOHONG, XIAOMING};
use rstest::rstest;
use serde_json::json;

use super::narrowing::{by_message, is_refused, signed_in};
use super::one_tap::{Phone, token};
use super::scene::{GLOBEX_PHONE, NEW_PHONE, Scene};
use super::wechat::bound;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, OPS, OTHER_ALICE, SECRET};

/// The account of this alias leaves its people these methods.
async fn leaves(scene: &Scene, alias: &str, methods: &[&str]) {
    scene.idp.apply(&json!({"account": [{"alias": alias, "login_methods": methods}]})).await;
}

#[rstest]
#[actix_web::test]
async fn a_right_proof_by_another_method_opens_nothing_and_is_told_and_a_wrong_one_is_wrong(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    leaves(&scene, "acme", &["password", "iam_user"]).await;
    let browser = scene.idp.browser();
    let login = browser.open("/login/sub").await;
    let wrong = browser.try_password(&login, DEV, "wrong").await;
    assert_eq!((wrong.status, wrong.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("bad_credentials")));
    let right = browser.try_password(&login, DEV, crate::support::house::PASSWORD).await;
    is_refused(&right);
    assert!(right.attribute("#restart", "href").is_some_and(|href| href.starts_with("/login?")));
    assert!(!signed_in(&browser).await);
    // The root's address works on that page too, and is refused there too.
    let login = browser.open("/login/sub").await;
    let root = crate::support::house::Person { page: "/login/sub", ..OPS };
    is_refused(&browser.try_password(&login, root, crate::support::house::PASSWORD).await);
    let trail = scene.idp.audit().await;
    let refused = trail.iter().find(|event| event.kind == AuditKind::Login).expect("a row");
    assert_eq!(
        (refused.outcome, refused.detail.as_str()),
        (Outcome::Refused, "sub_account: a method that is not allowed")
    );
    assert!(refused.principal.is_some());
    // What is left opens everything, and other owners' people have all of it.
    for person in [OPS, ALICE, OTHER_ALICE, GLOBEX] {
        scene.idp.browser().sign_in(person).await;
    }
    // An empty list is no list.
    leaves(&scene, "acme", &[]).await;
    scene.idp.browser().sign_in(DEV).await;
}

#[rstest]
#[actix_web::test]
async fn a_number_is_no_way_in_where_the_owner_leaves_none(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    leaves(&scene, "globex", &["password", "wechat"]).await;
    let browser = scene.idp.browser();
    let page = browser.open("/login/sms").await;
    is_refused(&by_message(&scene, &browser, &page, GLOBEX_PHONE).await);
    assert!(!signed_in(&browser).await);
    let phone = Phone::of(&scene).await;
    let tapped = phone.tap(&token(&scene, "+8613800000002").await, &[]).await;
    assert_eq!((tapped.status, tapped.json()), (StatusCode::FORBIDDEN, json!({"error": "login_method_refused"})));
    assert!(!signed_in(&phone.browser).await);
}

#[rstest]
#[actix_web::test]
async fn a_sign_in_that_lives_when_its_method_is_taken_away_proves_itself_again(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let (browser, console) = (scene.idp.browser(), scene.idp.client("console"));
    let page = browser.open("/login/sms").await;
    by_message(&scene, &browser, &page, GLOBEX_PHONE).await;
    let silent = console.request().with("prompt", "none").url();
    assert!(browser.get(&silent).await.returned().contains_key("code"));
    leaves(&scene, "globex", &["password"]).await;
    assert_eq!(browser.get(&silent).await.returned_error(), "login_required");
    let again = browser.open(&console.request().url()).await;
    assert_eq!(again.path(), "/login", "the page of a method that is left");
    let back = browser.submit(&again, &[("password", crate::support::house::PASSWORD)]).await;
    let back = browser.follow(back).await;
    assert!(scene.past_terms(&browser, back).await.returned().contains_key("code"));
    assert!(browser.get(&silent).await.returned().contains_key("code"));
}

#[rstest]
#[actix_web::test]
async fn nothing_is_bound_that_the_owner_would_not_take(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    bound(&scene).await;
    leaves(&scene, "globex", &["password"]).await;
    let browser = scene.idp.browser();
    is_refused(&scene.scan(&browser, XIAOHONG).await);
    assert!(!signed_in(&browser).await);
    scene.idp.clock().advance(Duration::from_secs(61));
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let (page, code) = scene.code_for(&browser, &bind, GLOBEX_PHONE).await;
    is_refused(&browser.submit(&page, &[("code", &code)]).await);
    assert!(!signed_in(&browser).await);
    leaves(&scene, "globex", &[]).await;
    assert!(scene.scan(&scene.idp.browser(), XIAOMING).await.has("#phone"), "not bound");
    assert!(scene.scan(&scene.idp.browser(), XIAOHONG).await.returned().contains_key("code"), "and hers stays");
}

#[rstest]
#[actix_web::test]
async fn the_pages_of_a_client_of_one_owners_people_show_what_that_owner_leaves(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    leaves(&scene, "globex", &["password", "iam_user"]).await;
    let client = |owners: &[&str]| {
        json!({"client": [{"client_id": "narrow", "client_secret": SECRET, "client_name": "Narrow", "first_party": true,
            "redirect_uris": ["https://narrow.test/cb"], "scope": "openid", "allowed_owner_accounts": owners}]})
    };
    for owner in ["globex", "104857600002"] {
        scene.idp.apply(&client(&[owner])).await;
        let page = scene.idp.browser().open(&scene.idp.client("narrow").request().url()).await;
        assert!(page.has("a[href^='/login/iam?']") && !page.has("a[href^='/login/sms?']"), "{owner}: {}", page.body);
    }
    // Of several owners a stranger learns nothing.
    scene.idp.apply(&client(&["globex", "acme"])).await;
    let page = scene.idp.browser().open(&scene.idp.client("narrow").request().url()).await;
    assert!(page.has("a[href^='/login/sms?']"));
    let hinted = scene.idp.client("console").request().with("owner_hint", "globex").url();
    assert!(scene.idp.browser().open(&hinted).await.has("a[href^='/login/sms?']"));
}

#[rstest]
#[actix_web::test]
async fn an_app_of_certain_owners_is_told_that_a_number_without_account_is_none_of_theirs(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let native = json!({"client_id": "native", "client_name": "Native", "token_endpoint_auth_method": "none",
        "first_party": true, "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"],
        "scope": "openid", "allowed_owner_accounts": ["globex"]});
    scene.idp.apply(&json!({"client": [native]})).await;
    let phone = Phone::of(&scene).await;
    let refused = phone.tap(&token(&scene, &format!("+86{NEW_PHONE}")).await, &[]).await;
    assert_eq!((refused.status, refused.json()), (StatusCode::FORBIDDEN, json!({"error": "newcomer_refused"})));
    assert!(!signed_in(&phone.browser).await);
    assert!(phone.tap(&token(&scene, &format!("+86{GLOBEX_PHONE}")).await, &[]).await.location().is_some());
}
