//! A provider beside simulated vendors, and somebody with a phone.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menshen::domain::Language;
use menshen::notify::{Channel, Content, Post};
use menshen::simulator::fixture::{ALIPAY_APP, ALIYUN, OIDC, OIDC_NAME, TAOBAO, WECHAT_H5, WECHAT_MOBILE, WECHAT_WEB};
use menshen::store::outbox;
use serde_json::{Value, json};
use url::Url;

use crate::simulator::vendor::Vendors;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend;
use crate::support::idp::TestIdp;
use crate::support::sms::GATEWAY;

/// Of Acme's two accounts, of Globex' one, of nobody.
pub const ACME_PHONE: &str = "13800000001";
pub const GLOBEX_PHONE: &str = "13800000002";
pub const NEW_PHONE: &str = "13900000009";

pub struct Scene {
    pub idp: TestIdp,
    pub vendors: Vendors,
}

impl Scene {
    pub async fn start(backend: Backend) -> Self {
        Self::configured(backend, &[]).await
    }

    /// With settings of the test's own.
    pub async fn configured(backend: Backend, more: &[(&str, &str)]) -> Self {
        let vendors = Vendors::start();
        let settings = settings(&vendors);
        let all: Vec<_> =
            settings.iter().map(|(key, value)| (*key, value.as_str())).chain(more.iter().copied()).collect();
        Self { idp: TestIdp::configured(backend, &all).await, vendors }
    }

    /// Another node over the same database, with the same vendors.
    pub async fn another_node(&self, more: &[(&str, &str)]) -> TestIdp {
        let settings = settings(&self.vendors);
        let all: Vec<_> =
            settings.iter().map(|(key, value)| (*key, value.as_str())).chain(more.iter().copied()).collect();
        self.idp.another_node(&all).await
    }

    /// Opens a vendor's page from the console's request.
    pub async fn leave(&self, browser: &Browser, page: &str) -> Leaving {
        let login = browser.open(&self.idp.client("console").request().with("scope", "openid account").url()).await;
        let selector = format!("a[href^='{page}?']");
        let href = login.attribute(&selector, "href").unwrap_or_else(|| panic!("no link to {page}: {}", login.body));
        Leaving::of(browser.get(&href).await)
    }

    /// What WeChat sends a browser back with when `user` agrees.
    pub async fn wechat_code(&self, user: &str) -> String {
        let app = json!({"appid": WECHAT_WEB.id, "user": user, "scope": "snsapi_login"});
        self.vendors.tell("/wx/code", app).await["code"].as_str().expect("a code").to_owned()
    }

    /// Comes back from WeChat as `user`.
    pub async fn scan(&self, browser: &Browser, user: &str) -> Answer {
        let leaving = self.leave(browser, "/login/wechat").await;
        let code = self.wechat_code(user).await;
        browser.open(&callback("/login/wechat", &[("code", &code), ("state", &leaving.state)])).await
    }

    /// Goes to a vendor's page and comes back as `user`, who agrees or not there.
    pub async fn consent(&self, browser: &Browser, (vendor, page): (&str, &str), user: &str, action: &str) -> Answer {
        browser.open(&self.way_back(browser, (vendor, page), user, action).await).await
    }

    /// The same as far as the address at which the vendor sends them back.
    pub async fn way_back(&self, browser: &Browser, (vendor, page): (&str, &str), user: &str, action: &str) -> String {
        let leaving = self.leave(browser, page).await;
        if vendor == "wechat" {
            let code = self.wechat_code(user).await;
            return callback(page, &[("code", &code), ("state", &leaving.state)]);
        }
        let link = leaving.page.attribute("#continue", "href").expect("a way out");
        self.vendors.tell(&format!("/{vendor}/next"), json!({"user": user, "action": action})).await;
        let path = link.strip_prefix(&self.vendors.url("")).expect("the vendor's").split('#').next().expect("a path");
        let there = self.vendors.get(path).await;
        there.location.unwrap_or_else(|| panic!("{vendor} keeps them: {} {}", there.status, there.body))
    }

    /// Types the number, then the code that was sent, into the page that binds.
    pub async fn prove(&self, browser: &Browser, bind: &Answer, phone: &str) -> Answer {
        let code = self.code_for(browser, bind, phone).await;
        let sent = browser.submit(&code.0, &[("code", &code.1)]).await;
        let next = browser.follow(sent).await;
        self.past_terms(browser, next).await
    }

    /// Nothing was ticked on the way: who never accepted the terms is asked.
    pub async fn past_terms(&self, browser: &Browser, page: Answer) -> Answer {
        if page.path() != "/terms" {
            return page;
        }
        let accepted = browser.submit(&page, &[("agree", "1")]).await;
        browser.follow(accepted).await
    }

    /// Types the number; the next page, and the code that was sent.
    pub async fn code_for(&self, browser: &Browser, bind: &Answer, phone: &str) -> (Answer, String) {
        assert!(bind.has("#phone"), "{} {}", bind.status, bind.body);
        let next = browser.submit(bind, &[("phone", phone)]).await;
        let page = browser.follow(next).await;
        assert!(page.has("#code"), "{} {}", page.status, page.body);
        (page, self.sent_code().await)
    }

    /// The code in the newest letter that nobody has taken yet.
    pub async fn sent_code(&self) -> String {
        use menshen::base::Clock as _;
        let until = self.idp.clock().now() + std::time::Duration::from_secs(3_600);
        let rows = self.idp.write(move |tx| outbox::claim(tx, &["sms"], until, 100)).await;
        let row = rows.last().expect("a letter");
        let letter = Post::new(Arc::clone(&self.idp.vault)).open(Channel::Sms, &row.once_key, &row.payload);
        let letter = letter.expect("a letter of ours");
        assert_eq!(letter.language, Language::English);
        match letter.content {
            Content::Code { code, .. } => code,
            Content::Notice(_) | Content::Nothing => panic!("no code in the letter"),
        }
    }

    /// The calls of a vendor whose path ends so.
    pub async fn calls(&self, vendor: &str, route: &str) -> usize {
        let told = self.vendors.told(&format!("/requests?vendor={vendor}")).await;
        let entries = told.as_array().expect("a list");
        entries.iter().filter(|entry| entry["path"].as_str().is_some_and(|path| path.ends_with(route))).count()
    }

    /// How often a code was traded at WeChat.
    pub async fn exchanges(&self) -> usize {
        self.calls("wechat", "/sns/oauth2/access_token").await
    }

    pub async fn fault(&self, vendor: &str, route: &str, mode: &str, args: Value) {
        self.vendors
            .tell("/faults", json!({"match": {"vendor": vendor, "route": route}, "mode": mode, "args": args}))
            .await;
    }
}

/// A page from which somebody leaves, and what the vendor is to bring back.
pub struct Leaving {
    pub page: Answer,
    pub state: String,
}

impl Leaving {
    pub fn of(page: Answer) -> Self {
        let href =
            page.attribute("#continue", "href").unwrap_or_else(|| panic!("no way out: {} {}", page.status, page.body));
        let url = Url::parse(&href).expect("an address");
        let state = url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        Self { page, state }
    }
}

/// The address at which a vendor sends a browser back.
pub fn callback(page: &str, params: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    format!("{page}/callback?{query}")
}

fn settings(vendors: &Vendors) -> Vec<(&'static str, String)> {
    let fixture = vendors.running.fixture();
    let keys = &fixture.keys;
    let mut settings: Vec<_> = GATEWAY.map(|(key, value)| (key, value.to_owned())).into();
    settings.extend([
        ("outbound.allow_private_addresses", "true".to_owned()),
        ("login.wechat.app_id", WECHAT_WEB.id.into()),
        ("login.wechat.app_secret", WECHAT_WEB.secret.into()),
        ("login.wechat.h5_app_id", WECHAT_H5.id.into()),
        ("login.wechat.h5_app_secret", WECHAT_H5.secret.into()),
        ("login.wechat.native_app_id", WECHAT_MOBILE.id.into()),
        ("login.wechat.native_app_secret", WECHAT_MOBILE.secret.into()),
        ("login.wechat.open_base", fixture.url("/wx/open")),
        ("login.wechat.api_base", fixture.url("/wx/api")),
        ("login.alipay.app_id", ALIPAY_APP.into()),
        ("login.alipay.private_key", STANDARD.encode(keys.app().pkcs8())),
        ("login.alipay.alipay_public_key", keys.alipay().public_base64()),
        ("login.alipay.open_base", fixture.url("/alipay/openauth")),
        ("login.alipay.gateway", fixture.url("/alipay/gateway.do")),
        ("login.taobao.app_key", TAOBAO.id.into()),
        ("login.taobao.app_secret", TAOBAO.secret.into()),
        ("login.taobao.oauth_base", fixture.url("/taobao")),
        ("login.taobao.top_gateway", fixture.url("/taobao/router/rest")),
        ("login.one_tap.access_key_id", ALIYUN.id.into()),
        ("login.one_tap.access_key_secret", ALIYUN.secret.into()),
        ("login.one_tap.endpoint", fixture.url("/aliyun/")),
        ("login.oidc.corp.issuer", fixture.oidc_issuer(OIDC_NAME)),
        ("login.oidc.corp.client_id", OIDC.id.into()),
        ("login.oidc.corp.client_secret", OIDC.secret.into()),
        ("login.oidc.corp.label_en", "Corp".into()),
    ]);
    settings
}
