//! Every way in from an authorization request to the claims of its tokens: by
//! plain HTTP without script, with codes and consents that went over the
//! vendors' wires, configured as the demo is.

use actix_web::test::TestRequest;
use menshen::simulator::fixture::{ALIPAY_APP, TAOBAO, WECHAT_MOBILE, XIAOMING};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, LAB, OPS, Person};

mod walk;

use walk::{SCOPE, Walk, check, check_root};

const ACME: &str = "104857600000";
const PRIVATE: &str = "104857600001";
const GLOBEX_ID: &str = "104857600002";
const ACME_PHONE: &str = "+8613800000001";
const GLOBEX_PHONE: &str = "+8613800000002";
const NEW_PHONE: &str = "+8613900000009";
const STRONG: &str = "seven-lamps-by-the-river";

#[rstest]
#[case::mail(OPS, "root", [ACME; 3])]
#[case::main_mail_on_the_sub_page(Person { page: "/login/sub", ..OPS }, "root", [ACME; 3])]
#[case::sub_account(DEV, "sub_account", ["209715200000", ACME, ACME])]
#[case::sub_account_that_pays(LAB, "sub_account", ["209715200001", ACME, "209715200001"])]
#[case::iam_user(ALICE, "iam_user", [ACME; 3])]
#[case::iam_user_by_id(Person { name: "alice@104857600000", ..ALICE }, "iam_user", [ACME; 3])]
#[actix_web::test]
async fn a_name_and_a_password(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] person: Person,
    #[case] kind: &str,
    #[case] accounts: [&str; 3],
) {
    let walk = Walk::begin(backend).await;
    let login = walk.at(person.page).await;
    let back = walk.browser.sign_in_at(&login, person).await;
    check(&walk.lands(back).await, kind, accounts, &["pwd"]);
}

#[rstest]
#[actix_web::test]
async fn a_phone_and_a_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let walk = Walk::begin(backend).await;
    let login = walk.at("/login").await;
    let back = walk.browser.sign_in_at(&login, Person { page: "/login", name: GLOBEX_PHONE }).await;
    check_root(&walk.lands(back).await, GLOBEX_ID, &["pwd"]);
}

#[rstest]
#[actix_web::test]
async fn a_text_message_with_the_account_before_or_after_the_code(#[values(Sqlite, Postgres)] backend: Backend) {
    let walk = Walk::begin(backend).await;
    let rows = walk.send(&walk.at("/login/sms").await, &[("phone", GLOBEX_PHONE)]).await;
    let (row, _) = crate::support::sms::rows(&rows).into_iter().find(|(_, label)| label.contains("02")).expect("a row");
    let page = walk.send(&rows, &[("account", &row)]).await;
    let back = walk.type_code(&page, GLOBEX_PHONE).await;
    check_root(&walk.lands(back).await, GLOBEX_ID, &["sms"]);

    let walk = walk.anew();
    let rows = walk.send(&walk.at("/login/sms").await, &[("phone", ACME_PHONE)]).await;
    let page = walk.send(&rows, &[("account", "other")]).await;
    let chooser = walk.type_code(&page, ACME_PHONE).await;
    let back = walk.pick(&chooser, "个人项目").await;
    check_root(&walk.lands(back).await, PRIVATE, &["sms"]);
}

#[rstest]
#[actix_web::test]
async fn a_scanned_wechat_is_bound_by_phone_and_code_and_then_known(#[values(Sqlite, Postgres)] backend: Backend) {
    let walk = Walk::begin(backend).await;
    let bind = walk.scan(XIAOMING).await;
    let page = walk.send(&bind, &[("phone", ACME_PHONE)]).await;
    let choice = walk.type_code(&page, ACME_PHONE).await;
    let back = walk.pick(&choice, "个人项目").await;
    check_root(&walk.lands(back).await, PRIVATE, &["wechat", "sms"]);
    let walk = walk.anew();
    let back = walk.scan(XIAOMING).await;
    check_root(&walk.lands(back).await, PRIVATE, &["wechat"]);
}

#[rstest]
#[case::alipay("alipay", "/login/alipay", "ali-ming", "alipay")]
#[case::taobao("taobao", "/login/taobao", "tb-ming", "taobao")]
#[case::oidc("oidc", "/login/oidc/corp", "00u1liming", "fed")]
#[actix_web::test]
async fn consent_at_a_vendor(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] vendor: &str,
    #[case] path: &str,
    #[case] user: &str,
    #[case] amr: &str,
) {
    let walk = Walk::begin(backend).await;
    let bind = walk.consent(vendor, path, user).await;
    let page = walk.send(&bind, &[("phone", GLOBEX_PHONE)]).await;
    let back = walk.type_code(&page, GLOBEX_PHONE).await;
    check_root(&walk.lands(back).await, GLOBEX_ID, &[amr, "sms"]);
    let walk = walk.anew();
    let back = walk.consent(vendor, path, user).await;
    check_root(&walk.lands(back).await, GLOBEX_ID, &[amr]);
}

#[rstest]
#[case::wechat("wechat", json!({"appid": WECHAT_MOBILE.id, "user": XIAOMING, "scope": "snsapi_userinfo"}))]
#[case::alipay("alipay", json!({"app_id": ALIPAY_APP, "user": "ali-ming"}))]
#[case::taobao("taobao", json!({"client_id": TAOBAO.id, "user": "tb-ming"}))]
#[actix_web::test]
async fn the_sdk_of_another_app(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] vendor: &str,
    #[case] ticket: Value,
) {
    let (walk, own) = app_begins(backend).await;
    let control = if vendor == "wechat" { "wx" } else { vendor };
    let given = walk.vendors.tell(&format!("/{control}/code"), ticket).await;
    let code = ["code", "auth_code"].iter().find_map(|name| given[name].as_str()).expect("a code");
    let [interaction, csrf] = &own;
    let fields = [("interaction", interaction.as_str()), ("csrf", csrf), ("code", code)];
    let answer = walk.browser.post(&format!("/login/{vendor}/app"), &fields).await;
    let bind = walk.browser.follow(answer).await;
    let page = walk.send(&bind, &[("phone", GLOBEX_PHONE)]).await;
    let back = walk.type_code(&page, GLOBEX_PHONE).await;
    check_root(&walk.lands(back).await, GLOBEX_ID, &[vendor, "sms"]);
}

/// A native app asks for a sign-in: interaction and token of its forms.
async fn app_begins(backend: Backend) -> (Walk, [String; 2]) {
    let walk = Walk::begin(backend).await;
    let client = walk.idp.client("native");
    let walk = Walk { client, ..walk };
    let request = TestRequest::get().insert_header(("Accept", "application/json"));
    let told = walk.browser.send(request, &walk.client.request().with("scope", SCOPE).url()).await.json();
    let own = ["interaction", "csrf"].map(|name| told[name].as_str().expect(name).to_owned());
    (walk, own)
}

#[rstest]
#[actix_web::test]
async fn one_tap_on_the_phone_with_the_number(#[values(Sqlite, Postgres)] backend: Backend) {
    let (walk, [interaction, csrf]) = app_begins(backend).await;
    let ticket = json!({"phone": ACME_PHONE, "carrier": "ctcc", "kind": "login", "vendor": "aliyun"});
    let given = walk.vendors.tell("/carrier/token", ticket).await;
    let token = given["token"].as_str().expect("a token");
    let fields = [
        ("interaction", interaction.as_str()),
        ("csrf", &csrf),
        ("carrier", "ctcc"),
        ("token", token),
        ("attempt", "a1"),
    ];
    let answer = walk.browser.post("/login/one-tap", &fields).await;
    let chooser = walk.browser.follow(answer).await;
    let back = walk.pick(&chooser, "个人项目").await;
    check_root(&walk.lands(back).await, PRIVATE, &["one_tap"]);
}

#[rstest]
#[actix_web::test]
async fn a_new_account(#[values(Sqlite, Postgres)] backend: Backend) {
    let walk = Walk::begin(backend).await;
    let page = walk.send(&walk.at("/signup").await, &[("phone", NEW_PHONE)]).await;
    let details = walk.type_code(&page, NEW_PHONE).await;
    let back = walk.send(&details, &[("password", STRONG), ("agree", "1")]).await;
    let claims = walk.lands(back).await;
    let account = claims["account_id"].as_str().expect("an account").to_owned();
    check_root(&claims, &account, &["sms"]);
    assert!(![ACME, PRIVATE, GLOBEX_ID].contains(&account.as_str()));
    // `prompt=create` begins there at once.
    let request = walk.client.request().with("prompt", "create").url();
    assert_eq!(walk.idp.browser().open(&request).await.path(), "/signup");
}

#[rstest]
#[actix_web::test]
async fn a_new_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let walk = Walk::begin(backend).await;
    let page = walk.send(&walk.at("/reset").await, &[("username", GLOBEX_PHONE)]).await;
    let page = walk.type_code(&page, GLOBEX_PHONE).await;
    let done = walk.send(&page, &[("new_password", STRONG)]).await;
    let login = walk.browser.open(&done.attribute("#sign-in", "href").expect("a way on")).await;
    let answer = walk.browser.try_password(&login, GLOBEX, STRONG).await;
    let back = walk.browser.follow(answer).await;
    check_root(&walk.lands(back).await, GLOBEX_ID, &["pwd"]);
}
