//! What a proof on `/login/bind` is worth, and what it is not: numbers that
//! nobody proved, codes for another purpose, and who is told.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::domain::CodePurpose;
use menshen::notify::{Channel, Content, Occasion};
use menshen::simulator::fixture::{XIAOHONG, XIAOMING};
use rstest::rstest;
use serde_json::{Value, json};

use super::scene::{ACME_PHONE, GLOBEX_PHONE, NEW_PHONE, Scene, callback};
use super::wechat::bound;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{DEV, GLOBEX, PASSWORD, Person};

const CORP: (&str, &str) = ("oidc", "/login/oidc/corp");
const TROJAN: Person = Person { page: "/login", name: "evil@trojan.example" };

/// Somebody else's account that claims `phone`, which its holder never proved.
async fn trojan(scene: &Scene, phone: &str) {
    let claims = json!({"phone_number_verified": false});
    let account =
        json!({"alias": "trojan", "email": TROJAN.name, "phone": phone, "password": PASSWORD, "claims": claims});
    scene.idp.apply(&json!({"account": [account]})).await;
}

#[rstest]
#[actix_web::test]
async fn rg_01_an_account_that_only_claims_the_number_gets_nobodys_identity(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    trojan(&scene, NEW_PHONE).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let nobody = scene.prove(&browser, &bind, NEW_PHONE).await;
    assert!(nobody.has("#nobody") && !nobody.body.contains("trojan"), "{}", nobody.body);
    // Who really has the number makes an account of their own, and it gets the identity.
    let details = browser.open(&nobody.attribute("#register", "href").expect("a way to sign up")).await;
    let made = browser.submit(&details, &[("password", "open-the-green-gate-3"), ("agree", "1")]).await;
    let back = browser.follow(made).await;
    let console = scene.idp.client("console");
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    assert_ne!(claims["sub"], json!(scene.idp.sub_of(TROJAN).await));
}

#[rstest]
#[actix_web::test]
async fn an_account_that_never_proved_its_number_is_not_opened_by_who_has_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    // Written down with the number that Globex has and proved.
    trojan(&scene, GLOBEX_PHONE).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let back = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
    let console = scene.idp.client("console");
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    assert_eq!(claims["sub"], json!(scene.idp.sub_of(GLOBEX).await), "the one that proved it, without a question");
}

#[rstest]
#[actix_web::test]
async fn a_sub_account_binds_its_organisations_identity_and_no_other(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let phone = "13900000007";
    let sub = json!({"email": DEV.name, "phone": phone});
    scene.idp.apply(&json!({"account": [{"alias": "acme", "sub_account": [sub]}]})).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    assert!(scene.prove(&browser, &bind, phone).await.has("#nobody"), "WeChat is for main accounts");
    scene.idp.clock().advance(Duration::from_secs(61));
    let browser = scene.idp.browser();
    let bind = scene.consent(&browser, CORP, "00u1liming", "allow").await;
    let back = scene.prove(&browser, &bind, phone).await;
    let console = scene.idp.client("console");
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    assert_eq!((&claims["sub"], &claims["amr"]), (&json!(scene.idp.sub_of(DEV).await), &json!(["fed", "sms"])));
}

#[rstest]
#[actix_web::test]
async fn a_code_that_binds_opens_no_account_at_the_sign_up(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    // A code to sign up shows the accounts of the number, and what their buttons send.
    let leaving = scene.leave(&browser, "/login/wechat").await;
    let login = browser.get(&leaving.page.attribute("a[href^='/login?']", "href").expect("the login page")).await;
    let sign_up = browser.get(&login.attribute("a[href^='/signup?']", "href").expect("the sign-up")).await;
    let asked = browser.submit(&sign_up, &[("phone", ACME_PHONE)]).await;
    let page = browser.follow(asked).await;
    let code = scene.idp.code_sent_to(&format!("+86{ACME_PHONE}"), CodePurpose::SignUp).await;
    let proved = browser.submit(&page, &[("code", &code)]).await;
    let known = browser.follow(proved).await;
    let handle = known.attribute("button[name=account]", "value").expect("an account");
    // The same person comes back from WeChat, and proves the number for the binding.
    scene.idp.clock().advance(Duration::from_secs(61));
    let code = scene.wechat_code(XIAOMING).await;
    let bind = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await;
    let choice = scene.prove(&browser, &bind, ACME_PHONE).await;
    assert!(choice.path() == "/login/bind" && choice.has("button[name=account]"), "{}", choice.body);
    // At the sign-up that opens none of them: neither the page offers one, nor does a form take one.
    let here = browser.get(&sign_up.url).await;
    assert!(!here.has("button[name=account]"), "{}", here.body);
    let form = here.form();
    let fields =
        [("interaction", form.fields["interaction"].as_str()), ("csrf", &form.fields["csrf"]), ("account", &handle)];
    assert_eq!(browser.post("/signup", &fields).await.status, StatusCode::CONFLICT);
    assert!(!browser.open("/accounts").await.has("[data-state=active]"));
    // The page that binds still does.
    let next = browser.press(&choice, "button[name=account]").await;
    assert!(scene.past_terms(&browser, next).await.returned().contains_key("code"));
}

/// Who was told of a binding since we looked last.
async fn told(scene: &Scene) -> Vec<(Channel, String, Occasion)> {
    let notice = |(channel, letter): (Channel, menshen::notify::Letter)| match letter.content {
        Content::Notice(notice) => Some((channel, letter.to, notice.occasion)),
        Content::Code { .. } | Content::Nothing => None,
    };
    let binding = |(_, _, occasion): &(Channel, String, Occasion)| matches!(occasion, Occasion::BindingAdded { .. });
    let mut told: Vec<_> = scene.idp.letters().await.into_iter().filter_map(notice).filter(binding).collect();
    told.sort_by(|one, other| one.1.cmp(&other.1));
    told
}

#[rstest]
#[actix_web::test]
async fn a_binding_is_told_to_every_proven_contact_and_only_when_it_is_made(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::configured(backend, &[("mail.host", "mail.test"), ("mail.from", "no-reply@id.test")]).await;
    bound(&scene).await;
    let occasion = || Occasion::BindingAdded { connector: "wechat".into() };
    let expected =
        [(Channel::Sms, format!("+86{GLOBEX_PHONE}"), occasion()), (Channel::Mail, GLOBEX.name.to_owned(), occasion())];
    assert_eq!(told(&scene).await, expected);
    // WX-05: what is refused changed nothing.
    scene.idp.clock().advance(Duration::from_secs(61));
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let refused = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
    assert_eq!(refused.error_code().as_deref(), Some("account_has_wechat"));
    assert_eq!(told(&scene).await, []);
    // Nor does a login by what is bound.
    assert!(scene.scan(&scene.idp.browser(), XIAOHONG).await.returned().contains_key("code"));
    assert_eq!(told(&scene).await, []);
}

#[rstest]
#[actix_web::test]
async fn a_number_that_an_account_lost_while_its_holder_chose_binds_it_no_more(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let bind = scene.scan(&browser, XIAOMING).await;
    let choice = scene.prove(&browser, &bind, ACME_PHONE).await;
    let moved: Vec<Value> = ["ops@acme.example", "me@acme.example"]
        .map(|email| json!({"email": email, "phone": "+8613900000088"}))
        .to_vec();
    scene.idp.apply(&json!({"account": moved})).await;
    let refused = browser.press(&choice, "button[name=account]").await;
    assert_eq!(refused.error_code().as_deref(), Some("select_required"));
    assert!(scene.scan(&scene.idp.browser(), XIAOMING).await.has("#phone"), "not bound");
}
