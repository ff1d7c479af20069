//! The vendors that people are sent to, as what is the same for all of them sees them.

use menshen::simulator::fixture::XIAOMING;
use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::scene::Scene;
use crate::support::browser::Browser;

/// A vendor, its page, where a code is spent there, and somebody whom it knows.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub vendor: &'static str,
    pub page: &'static str,
    pub spends_at: &'static str,
    pub user: &'static str,
}

pub const WECHAT: Way =
    Way { vendor: "wechat", page: "/login/wechat", spends_at: "/sns/oauth2/access_token", user: XIAOMING };
pub const ALIPAY: Way = Way { vendor: "alipay", page: "/login/alipay", spends_at: "/gateway.do", user: "ali-ming" };
pub const TAOBAO: Way = Way { vendor: "taobao", page: "/login/taobao", spends_at: "/token", user: "tb-ming" };
pub const OIDC: Way = Way { vendor: "oidc", page: "/login/oidc/corp", spends_at: "/token", user: "00u1liming" };
pub const ALL: [Way; 4] = [WECHAT, ALIPAY, TAOBAO, OIDC];

impl Way {
    /// The address at which somebody comes back who agreed.
    pub async fn back(self, scene: &Scene, browser: &Browser) -> String {
        scene.way_back(browser, (self.vendor, self.page), self.user, "allow").await
    }

    pub async fn asked(self, scene: &Scene) -> usize {
        scene.calls(self.vendor, self.spends_at).await
    }

    /// The next call at which a code is spent meets this.
    pub async fn meets(self, scene: &Scene, mode: &str, args: Value) {
        scene.vendors.control(Method::DELETE, "/faults", Value::Null).await;
        scene.fault(self.vendor, self.spends_at, mode, args).await;
    }
}

/// The code in an address, and nothing else of it.
pub fn code_in(url: &str) -> String {
    let url = Url::parse("https://id.test").unwrap().join(url).unwrap();
    let named = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        (name == "code" || name == "auth_code").then(|| value.into_owned())
    };
    url.query_pairs().find_map(named).unwrap()
}

pub async fn assert_nobody_is_in(browser: &Browser) {
    assert!(!browser.open("/accounts").await.has("[data-state=active]"));
}
