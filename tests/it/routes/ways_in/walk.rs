//! Somebody who walks from a client to its tokens, over pages and vendors.

use std::time::Duration;

use serde_json::{Value, json};

use crate::simulator::vendor::Vendors;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend;
use crate::support::idp::TestIdp;
use crate::support::relying_party::RelyingParty;

pub const SCOPE: &str = "openid account";

/// Somebody on the way from a client to its tokens.
pub struct Walk {
    pub idp: TestIdp,
    pub vendors: Vendors,
    pub browser: Browser,
    pub client: RelyingParty,
}

impl Walk {
    pub async fn begin(backend: Backend) -> Self {
        let (idp, vendors) = TestIdp::with_simulator(backend, &[]).await;
        let (browser, client) = (idp.browser(), idp.client("console"));
        Self { idp, vendors, browser, client }
    }

    /// The same provider, in a browser that was never here.
    pub fn anew(self) -> Self {
        self.idp.clock().advance(Duration::from_secs(61));
        Self { browser: self.idp.browser(), ..self }
    }

    /// From the client's request over the login page to another one.
    pub async fn at(&self, path: &str) -> Answer {
        let login = self.browser.open(&self.client.request().with("scope", SCOPE).url()).await;
        if login.path() == path {
            return login;
        }
        let selector = format!("a[href^='{path}?']");
        let href = login.attribute(&selector, "href").unwrap_or_else(|| panic!("no link to {path}: {}", login.body));
        self.browser.get(&href).await
    }

    pub async fn send(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let answer = self.browser.submit(page, fields).await;
        self.browser.follow(answer).await
    }

    /// Types the code that arrived on the phone.
    pub async fn type_code(&self, page: &Answer, phone: &str) -> Answer {
        assert!(page.has("#code"), "{} {}", page.status, page.body);
        for _letter in 0..3 {
            self.idp.deliver().await;
        }
        let messages = self.vendors.told(&format!("/sms?phone={}", phone.replace('+', "%2B"))).await;
        let code = messages.as_array().and_then(|all| all.last()).map(|message| message["code"].clone());
        self.send(page, &[("code", code.as_ref().and_then(Value::as_str).expect("a code"))]).await
    }

    /// Takes the account of this name from a list.
    pub async fn pick(&self, page: &Answer, name: &str) -> Answer {
        let handles = page.attributes("button[name=account]", "value");
        let named = |handle: &&String| {
            let words = page.text(&format!("button[name=account][value='{handle}']"));
            words.is_some_and(|words| words.contains(name))
        };
        let handle = handles.iter().find(named).unwrap_or_else(|| panic!("no {name}: {}", page.body));
        self.send(page, &[("account", handle)]).await
    }

    /// Over the consent page of a vendor.
    pub async fn consent(&self, vendor: &str, path: &str, user: &str) -> Answer {
        let away = self.away(path).await;
        self.vendors.tell(&format!("/{vendor}/next"), json!({"user": user, "action": "allow"})).await;
        let back = self.vendors.get(&away).await.location.expect("a way back");
        self.browser.open(&back).await
    }

    /// Over WeChat's QR code, scanned by somebody.
    pub async fn scan(&self, user: &str) -> Answer {
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
    pub async fn lands(&self, page: Answer) -> Value {
        let page = if page.path() == "/terms" { self.send(&page, &[("agree", "1")]).await } else { page };
        assert!(page.returned().contains_key("code"), "{} {}", page.status, page.body);
        self.client.tokens(&self.client.code_from(&page)).await.claims()
    }
}

/// Whose, who owns, who pays, and how it was proved.
pub fn check(claims: &Value, kind: &str, [account, owner, payer]: [&str; 3], amr: &[&str]) {
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

pub fn check_root(claims: &Value, account: &str, amr: &[&str]) {
    check(claims, "root", [account; 3], amr);
}
