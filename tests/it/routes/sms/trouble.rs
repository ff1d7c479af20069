//! Every gateway for text messages in every kind of trouble (connectors.md, failure
//! modes): no page notices, nothing is sent twice, and the next code arrives.

use std::time::{Duration, Instant};

use menshen::simulator::settings::SmsVendor;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::simulator::vendor::Vendors;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;
use crate::support::house::GLOBEX;
use crate::support::idp::{TestIdp, as_text};

const GLOBEX_PHONE: &str = "+8613800000002";
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A page may take so long, whatever a vendor does.
const LIMIT: Duration = Duration::from_secs(5);

/// A provider that sends through one gateway.
struct Office {
    idp: TestIdp,
    vendors: Vendors,
    gateway: &'static str,
}

impl Office {
    async fn open(backend: Backend, gateway: SmsVendor, more: &[(&str, &str)]) -> Self {
        let vendors = Vendors::at(TestDatabase::clock());
        let keys = vendors.running.fixture().sms(gateway);
        let keys: Vec<_> = keys.into_iter().map(|(key, value)| (format!("sms.{key}"), as_text(value))).collect();
        let keys = keys.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        // Many codes to one number, days apart on the clock but for this.
        let all: Vec<_> = keys.chain([("throttle.enabled", "false")]).chain(more.iter().copied()).collect();
        let gateway = match gateway {
            SmsVendor::Aliyun => "aliyun",
            SmsVendor::Tencent => "tencent",
            SmsVendor::Webhook => "hook",
        };
        Self { idp: TestIdp::beside(backend, &vendors, &all).await, vendors, gateway }
    }

    /// A new day, on which one call of the gateway meets this.
    async fn meets(&self, mode: &str, args: &Value) {
        self.idp.clock().advance(DAY);
        self.vendors.control(Method::DELETE, "/sms", Value::Null).await;
        self.calm().await;
        let fault = json!({"match": {"vendor": self.gateway}, "mode": mode, "times": 1, "args": args});
        self.vendors.tell("/faults", fault).await;
    }

    async fn calm(&self) {
        self.vendors.control(Method::DELETE, "/faults", Value::Null).await;
    }

    async fn asked(&self) -> usize {
        let calls = self.vendors.told(&format!("/requests?vendor={}", self.gateway)).await;
        calls.as_array().unwrap().len()
    }

    async fn arrived(&self) -> Vec<Value> {
        let phone = GLOBEX_PHONE.replace('+', "%2B");
        self.vendors.told(&format!("/sms?phone={phone}")).await.as_array().unwrap().clone()
    }

    /// Everything that the outbox will ever do with what is in it.
    async fn deliver_for_good(&self) {
        for _later in 0..4 {
            self.idp.deliver().await;
            self.idp.clock().advance(Duration::from_secs(65));
        }
    }
}

#[rstest]
#[case::aliyun(SmsVendor::Aliyun)]
#[case::tencent(SmsVendor::Tencent)]
#[case::webhook(SmsVendor::Webhook)]
#[actix_web::test]
async fn a_gateway_in_trouble_changes_no_page_and_sends_nothing_twice(#[case] gateway: SmsVendor) {
    let office = Office::open(Sqlite, gateway, &[]).await;
    for (mode, args) in [
        ("refuse", json!({})),
        ("reset", json!({})),
        ("http", json!({"status": 500})),
        ("http", json!({"status": 502})),
        ("http", json!({"status": 503})),
        ("garbage", json!({})),
        ("truncated", json!({})),
        ("html", json!({})),
        ("huge", json!({})),
        ("empty", json!({})),
        ("wrong_charset", json!({})),
        ("lost", json!({})),
        ("clock_skew", json!({})),
        ("timeout_after_effect", json!({})),
    ] {
        let what = format!("{gateway:?} {mode} {args}");
        office.meets(mode, &args).await;
        let before = office.asked().await;
        let (browser, begun) = (office.idp.browser(), Instant::now());
        let page = browser.asks_for_code(GLOBEX_PHONE).await;
        assert!(page.has("#code") && page.error_code().is_none(), "{what}: {}", page.body);
        assert!(begun.elapsed() < LIMIT, "{what}: the page waits for the gateway");
        office.deliver_for_good().await;
        assert_eq!(office.asked().await - before, 1, "{what}: nobody knows whether it went out");
        assert!(office.arrived().await.len() <= 1, "{what}");
        // Whoever asks once more gets a code, and it is good.
        office.calm().await;
        let answer = browser.asks_for_code(GLOBEX_PHONE).await;
        office.idp.deliver().await;
        let newest = office.arrived().await.pop().unwrap_or_else(|| panic!("{what}: nothing arrived"));
        let code = newest["code"].as_str().unwrap().to_owned();
        let done = browser.submit(&answer, &[("code", &code)]).await;
        assert_eq!(done.status.as_u16(), 303, "{what}: {}", done.body);
    }
}

/// What the vendor turned away it did not send: that goes out later, once, while it is of use.
#[rstest]
#[case::aliyun(SmsVendor::Aliyun, "errcode", json!({"code": "isv.BUSINESS_LIMIT_CONTROL"}))]
#[case::aliyun_429(SmsVendor::Aliyun, "http", json!({"status": 429}))]
#[case::tencent(SmsVendor::Tencent, "errcode", json!({"code": "LimitExceeded.PhoneNumberThirtySecondLimit"}))]
#[case::tencent_429(SmsVendor::Tencent, "http", json!({"status": 429}))]
#[case::webhook(SmsVendor::Webhook, "http", json!({"status": 429}))]
#[actix_web::test]
async fn a_message_that_was_turned_away_is_never_doubled(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] gateway: SmsVendor,
    #[case] mode: &str,
    #[case] args: Value,
) {
    let office = Office::open(backend, gateway, &[]).await;
    office.meets(mode, &args).await;
    let page = office.idp.browser().asks_for_code(GLOBEX_PHONE).await;
    assert!(page.has("#code") && page.error_code().is_none(), "{}", page.body);
    office.idp.deliver().await;
    assert!(office.arrived().await.is_empty(), "turned away");
    office.deliver_for_good().await;
    assert!(office.arrived().await.len() <= 1, "{:?}", office.arrived().await);
}

/// Credentials that the vendor does not know: an operator's matter, told once and to nobody else.
#[rstest]
#[case::aliyun(SmsVendor::Aliyun, "sms.access_key_secret")]
#[case::tencent(SmsVendor::Tencent, "sms.access_key_secret")]
#[case::webhook(SmsVendor::Webhook, "sms.webhook_secret")]
#[actix_web::test]
async fn a_wrong_signature_sends_nothing_and_closes_no_other_way(#[case] gateway: SmsVendor, #[case] secret: &str) {
    let office = Office::open(Sqlite, gateway, &[(secret, "another-secret-than-the-vendors")]).await;
    let browser = office.idp.browser();
    let page = browser.asks_for_code(GLOBEX_PHONE).await;
    assert!(page.has("#code") && page.error_code().is_none());
    office.deliver_for_good().await;
    assert_eq!((office.asked().await, office.arrived().await.len()), (1, 0), "refused, and not asked again");
    browser.sign_in(GLOBEX).await;
    assert!(browser.open("/accounts").await.has("[data-state=active]"));
}
