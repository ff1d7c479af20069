//! `/login/bind`: a vendor's identity that nobody has yet, and an account.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::base::id::PrincipalId;
use menshen::domain::ContactKind;
use menshen::identity::Switch;
use menshen::simulator::fixture::{XIAOHONG, XIAOMING};
use menshen::store::identifiers;
use rstest::rstest;
use serde_json::json;

use super::scene::{ACME_PHONE, GLOBEX_PHONE, NEW_PHONE, Scene, callback};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{GLOBEX, ME, OPS};

#[rstest]
#[actix_web::test]
async fn a_number_with_one_account_binds_it_and_lets_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    assert_eq!(bind.path(), "/login/bind");
    assert!(bind.body.contains("小明") && bind.has("#next") && bind.has("#cancel"), "{}", bind.body);
    let back = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
    let console = scene.idp.client("console");
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    assert_eq!(claims["sub"], json!(scene.idp.sub_of(GLOBEX).await));
    assert_eq!(claims["amr"], json!(["wechat", "sms"]), "both were shown here");
    let bound = scene.idp.audit().await.into_iter().find(|event| event.kind.as_str() == "binding.added");
    assert_eq!(bound.and_then(|event| event.principal).unwrap().as_str(), scene.idp.sub_of(GLOBEX).await);
    // The next time there is nothing to ask, and no number is shown.
    let again = scene.scan(&scene.idp.browser(), XIAOMING).await;
    assert_eq!(console.tokens(&console.code_from(&again)).await.claims()["amr"], json!(["wechat"]));
}

#[rstest]
#[actix_web::test]
async fn of_several_accounts_one_is_chosen_among_those_that_have_none(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let choice = scene.prove(&browser, &bind, ACME_PHONE).await;
    assert_eq!(choice.attributes("button[name=account]", "value").len(), 2, "{}", choice.body);
    let made_up = browser.submit(&choice, &[("account", "p_made_up")]).await;
    assert_eq!(made_up.error_code().as_deref(), Some("select_required"));
    let back = browser.press(&choice, "button[name=account]").await;
    assert!(scene.past_terms(&browser, back).await.returned().contains_key("code"));
    // The other WeChat finds one account left, a minute later: so long a number waits for its next code.
    scene.idp.clock().advance(Duration::from_secs(61));
    let second = scene.idp.browser();
    let bind = scene.scan(&second, XIAOHONG).await;
    let choice = scene.prove(&second, &bind, ACME_PHONE).await;
    assert_eq!(choice.attributes("button[name=account]", "value").len(), 1);
}

#[actix_web::test]
async fn a_number_without_account_makes_none_by_itself() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let nobody = scene.prove(&browser, &bind, NEW_PHONE).await;
    assert!(nobody.has("#nobody") && nobody.has("#other-number"), "{}", nobody.body);
    let again = browser.press(&nobody, "#other-number").await;
    let back = scene.prove(&browser, &again, GLOBEX_PHONE).await;
    assert!(back.returned().contains_key("code"), "{}", back.body);
}

#[rstest]
#[actix_web::test]
async fn a_new_account_is_made_with_the_proved_number_and_gets_the_identity(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let nobody = scene.prove(&browser, &bind, NEW_PHONE).await;
    let details = browser.open(&nobody.attribute("#register", "href").expect("a way to sign up")).await;
    assert!(details.has("#password"), "the number is proved already: {} {}", details.status, details.body);
    let made = browser.submit(&details, &[("password", "open-the-green-gate-3"), ("agree", "1")]).await;
    let back = browser.follow(made).await;
    let console = scene.idp.client("console");
    let first = console.tokens(&console.code_from(&back)).await.claims();
    let subject = first["sub"].clone();
    assert_eq!(first["amr"], json!(["wechat", "sms"]));
    // From now on the WeChat opens it.
    let again = scene.scan(&scene.idp.browser(), XIAOMING).await;
    let claims = console.tokens(&console.code_from(&again)).await.claims();
    assert_eq!((&claims["sub"], &claims["amr"]), (&subject, &json!(["wechat"])));
}

#[actix_web::test]
async fn a_disabled_account_is_bound_to_nothing() {
    let scene = Scene::start(Sqlite).await;
    scene.idp.switch(GLOBEX, Switch::Disable).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let refused = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
    assert_eq!(refused.error_code().as_deref(), Some("principal_disabled"));
    scene.idp.switch(GLOBEX, Switch::Enable).await;
    assert!(scene.scan(&scene.idp.browser(), XIAOMING).await.has("#phone"), "not bound");
}

#[rstest]
#[actix_web::test]
async fn of_two_binds_of_one_wechat_one_wins(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let (one, other) = (scene.idp.browser(), scene.idp.browser());
    let (here, there) = (scene.scan(&one, XIAOMING).await, scene.scan(&other, XIAOMING).await);
    let (page, code) = scene.code_for(&one, &here, GLOBEX_PHONE).await;
    let choice = scene.prove(&other, &there, ACME_PHONE).await;
    let back = one.submit(&page, &[("code", &code)]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let lost = other.press(&choice, "button[name=account]").await;
    assert_eq!((lost.status, lost.error_code().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some("wechat_taken")));
    let claims = async |browser: &crate::support::browser::Browser| {
        let console = scene.idp.client("console");
        let back = scene.scan(browser, XIAOMING).await;
        let back = scene.past_terms(browser, back).await;
        console.tokens(&console.code_from(&back)).await.claims()
    };
    assert_eq!(claims(&scene.idp.browser()).await["sub"], json!(scene.idp.sub_of(GLOBEX).await));
}

#[rstest]
#[actix_web::test]
async fn wx_06_what_waits_is_bound_by_its_own_code_in_its_own_browser_in_time(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let (page, code) = scene.code_for(&browser, &bind, GLOBEX_PHONE).await;
    let form = page.form();
    let fields =
        [("interaction", form.fields["interaction"].as_str()), ("csrf", &form.fields["csrf"]), ("code", &code)];
    // In another browser, and without the token.
    assert!(scene.idp.browser().post("/login/bind", &fields).await.status.is_client_error());
    assert!(browser.post("/login/bind", &[fields[0], fields[2]]).await.status.is_client_error());
    // Somebody else's callback in the same interaction: the code is not for that identity.
    let href = page.attribute("#cancel", "href").unwrap();
    let leaving = super::scene::Leaving::of(browser.get(&href).await);
    let hers = scene.wechat_code(XIAOHONG).await;
    let second = browser.open(&callback("/login/wechat", &[("code", &hers), ("state", &leaving.state)])).await;
    assert!(second.has("#phone"), "the number is to be proved anew: {}", second.body);
    let replayed = browser.submit(&second, &[("code", &code)]).await;
    assert_eq!(replayed.error_code().as_deref(), Some("field_required"));
    // Late.
    let (page, code) = {
        scene.idp.clock().advance(Duration::from_secs(61));
        scene.code_for(&browser, &second, GLOBEX_PHONE).await
    };
    scene.idp.clock().advance(Duration::from_secs(10 * 60));
    let late = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!((late.status, late.error_code().as_deref()), (StatusCode::BAD_REQUEST, Some("bind_expired")));
    assert!(late.has("#restart"));
    for who in [XIAOMING, XIAOHONG] {
        assert!(scene.scan(&scene.idp.browser(), who).await.has("#phone"), "{who} is bound");
    }
}

#[actix_web::test]
async fn wx_06_a_bind_is_done_once() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let (page, code) = scene.code_for(&browser, &bind, GLOBEX_PHONE).await;
    let wrong = browser.submit(&page, &[("code", "000000")]).await;
    let wrong = if wrong.status == StatusCode::SEE_OTHER { panic!("a lucky guess") } else { wrong };
    assert_eq!((wrong.status, wrong.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("bad_code")));
    let first = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(second.error_code().as_deref(), Some("bind_expired"));
}

/// WX-06: a code that was sent to sign in binds nothing.
#[rstest]
#[actix_web::test]
async fn wx_06_a_code_to_sign_in_binds_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let interaction = bind.form().fields["interaction"].clone();
    let login = browser.get(&format!("/login/sms?interaction={interaction}")).await;
    let answer = browser.submit(&login, &[("phone", GLOBEX_PHONE)]).await;
    let rows = browser.follow(answer).await;
    let answer = browser.submit(&rows, &[("account", "other")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let code = scene.sent_code().await;
    // Typed where the number to bind is asked for, and once more where its code is.
    let typed = browser.submit(&bind, &[("code", &code)]).await;
    assert!(typed.status.is_client_error(), "{} {}", typed.status, typed.body);
    scene.idp.clock().advance(Duration::from_secs(61));
    let bind = browser.open(&format!("/login/bind?interaction={interaction}")).await;
    if bind.has("#phone") {
        let (page, own) = scene.code_for(&browser, &bind, GLOBEX_PHONE).await;
        if own != code {
            assert_eq!(browser.submit(&page, &[("code", &code)]).await.error_code().as_deref(), Some("bad_code"));
        }
    }
    assert!(scene.scan(&scene.idp.browser(), XIAOMING).await.has("#phone"), "bound to nobody");
}

#[actix_web::test]
async fn up_01_what_a_vendor_says_of_a_person_finds_no_account() {
    // The simulator's 小明 has the phone number of Acme's root at WeChat.
    let scene = Scene::start(Sqlite).await;
    let bind = scene.scan(&scene.idp.browser(), XIAOMING).await;
    assert!(bind.has("#phone"), "asked for a proof of our own");
    for person in [OPS, ME] {
        assert!(!bind.body.contains(person.name));
    }
}

/// RG-04: where nobody may sign up, no vendor and no proved number makes an account either.
#[rstest]
#[actix_web::test]
async fn rg_04_no_other_way_makes_an_account_where_sign_up_is_closed(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &[("signup.enabled", "false")]).await;
    let accounts = async || scene.idp.identity().list_accounts(String::new(), 100).await.unwrap().len();
    let before = accounts().await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let nobody = scene.prove(&browser, &bind, NEW_PHONE).await;
    assert!(nobody.has("#nobody") && !nobody.has("#register"), "{}", nobody.body);
    let form = nobody.form();
    let fields = [
        ("interaction", form.fields["interaction"].as_str()),
        ("csrf", &form.fields["csrf"]),
        ("password", "open-the-green-gate-3"),
        ("agree", "1"),
    ];
    let posted = browser.post("/signup", &fields).await;
    assert_eq!((posted.status, posted.error_code().as_deref()), (StatusCode::FORBIDDEN, Some("signup_off")));
    // By a number that was somebody's when the code was sent.
    let other = scene.idp.browser();
    let page = other.asks_for_code(GLOBEX_PHONE).await;
    let code = scene.sent_code().await;
    let root = PrincipalId::from_text(scene.idp.sub_of(GLOBEX).await);
    scene.idp.write(move |tx| identifiers::remove(tx, &root, ContactKind::Phone)).await;
    let proved = other.submit(&page, &[("code", &code)]).await;
    assert_eq!((proved.status, proved.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("bad_code")));
    assert_eq!(accounts().await, before);
}

#[actix_web::test]
async fn the_page_of_a_binding_is_nothing_without_one() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let login = browser.open("/login").await;
    let name = login.form().fields["interaction"].clone();
    let nothing = browser.get(&format!("/login/bind?interaction={name}")).await;
    assert_eq!((nothing.status, nothing.error_code().as_deref()), (StatusCode::BAD_REQUEST, Some("bind_expired")));
}
