//! Every way in from an authorization request to the claims of its tokens: by
//! plain HTTP without script, with codes and consents that went over the
//! vendors' wires, configured as the demo is.

use std::time::Duration;

use actix_web::test::TestRequest;
use menshen::simulator::fixture::{ALIPAY_APP, TAOBAO, WECHAT_MOBILE, XIAOMING};
use rstest::rstest;
use serde_json::{Value, json};

use crate::simulator::vendor::Vendors;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, LAB, OPS, Person};
use crate::support::idp::TestIdp;
use crate::support::relying_party::RelyingParty;

const ACME: &str = "104857600000";
const PRIVATE: &str = "104857600001";
const GLOBEX_ID: &str = "104857600002";
const ACME_PHONE: &str = "+8613800000001";
const GLOBEX_PHONE: &str = "+8613800000002";
const NEW_PHONE: &str = "+8613900000009";
const STRONG: &str = "seven-lamps-by-the-river";
const SCOPE: &str = "openid account";

/// Somebody on the way from a client to its tokens.
struct Walk {
    idp: TestIdp,
    vendors: Vendors,
    browser: Browser,
    client: RelyingParty,
}

impl Walk {
    async fn begin(backend: Backend) -> Self {
        let (idp, vendors) = TestIdp::with_simulator(backend, &[]).await;
        let (browser, client) = (idp.browser(), idp.client("console"));
        Self { idp, vendors, browser, client }
    }

    /// The same provider, in a browser that was never here.
    fn anew(self) -> Self {
        self.idp.clock().advance(Duration::from_secs(61));
        Self { browser: self.idp.browser(), ..self }
    }

    /// From the client's request over the login page to another one.
    async fn at(&self, path: &str) -> Answer {
        let login = self.browser.open(&self.client.request().with("scope", SCOPE).url()).await;
        if login.path() == path {
            return login;
        }
        let selector = format!("a[href^='{path}?']");
        let href = login.attribute(&selector, "href").unwrap_or_else(|| panic!("no link to {path}: {}", login.body));
        self.browser.get(&href).await
    }

    async fn send(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let answer = self.browser.submit(page, fields).await;
        self.browser.follow(answer).await
    }

    /// Types the code that arrived on the phone.
    async fn type_code(&self, page: &Answer, phone: &str) -> Answer {
        assert!(page.has("#code"), "{} {}", page.status, page.body);
        for _letter in 0..3 {
            self.idp.deliver().await;
        }
        let messages = self.vendors.told(&format!("/sms?phone={}", phone.replace('+', "%2B"))).await;
        let code = messages.as_array().and_then(|all| all.last()).map(|message| message["code"].clone());
        self.send(page, &[("code", code.as_ref().and_then(Value::as_str).expect("a code"))]).await
    }

    /// Takes the account of this name from a list.
    async fn pick(&self, page: &Answer, name: &str) -> Answer {
        let handles = page.attributes("button[name=account]", "value");
        let named = |handle: &&String| {
            let words = page.text(&format!("button[name=account][value='{handle}']"));
            words.is_some_and(|words| words.contains(name))
        };
        let handle = handles.iter().find(named).unwrap_or_else(|| panic!("no {name}: {}", page.body));
        self.send(page, &[("account", handle)]).await
    }

    /// Over the consent page of a vendor.
    async fn consent(&self, vendor: &str, path: &str, user: &str) -> Answer {
        let away = self.away(path).await;
        self.vendors.tell(&format!("/{vendor}/next"), json!({"user": user, "action": "allow"})).await;
        let back = self.vendors.get(&away).await.location.expect("a way back");
        self.browser.open(&back).await
    }

    /// Over WeChat's QR code, scanned by somebody.
    async fn scan(&self, user: &str) -> Answer {
        let away = self.away("/login/wechat").await;
        self.vendors.get(&away).await;
        let shown = self.vendors.told("/wx/qr").await;
        let uuid = shown.as_array().and_then(|all| all.last()).expect("a QR code")["uuid"].clone();
        let uuid = uuid.as_str().expect("its name").to_owned();
        for deed in ["scan", "confirm"] {
            self.vendors.tell(&format!("/wx/qr/{uuid}/{deed}"), json!({"user": user})).await;
        }
        let back = self.vendors.get(&format!("{away}&sim_uuid={uuid}")).await.location.expect("a way back");
        self.browser.open(&back).await
    }

    /// The path at the vendor to which a login page of ours leads.
    async fn away(&self, path: &str) -> String {
        let link = self.at(path).await.attribute("#continue", "href").expect("a way out");
        let link = link.strip_prefix(&self.vendors.url("")).unwrap_or_else(|| panic!("elsewhere: {link}"));
        link.split('#').next().expect("a path").to_owned()
    }

    /// At the client, with the claims of the ID token: whoever is new accepts the terms first.
    async fn lands(&self, page: Answer) -> Value {
        let page = if page.path() == "/terms" { self.send(&page, &[("agree", "1")]).await } else { page };
        assert!(page.returned().contains_key("code"), "{} {}", page.status, page.body);
        self.client.tokens(&self.client.code_from(&page)).await.claims()
    }
}

/// Whose, who owns, who pays, and how it was proved.
fn check(claims: &Value, kind: &str, [account, owner, payer]: [&str; 3], amr: &[&str]) {
    let expected = [
        ("principal_type", json!(kind)),
        ("account_id", json!(account)),
        ("owner_account_id", json!(owner)),
        ("billing_account_id", json!(payer)),
        ("amr", json!(amr)),
        ("acr", json!("aal1")),
    ];
    for (name, value) in expected {
        assert_eq!(claims[name], value, "{name} of {claims}");
    }
    assert!(claims["auth_time"].is_u64() && claims["sid"].is_string() && claims["sub"].is_string());
}

fn check_root(claims: &Value, account: &str, amr: &[&str]) {
    check(claims, "root", [account; 3], amr);
}

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
