//! The two sides of each wire, written apart, meet: our connectors and the
//! simulated vendors, each with signatures of its own.

use std::sync::Arc;

use menshen::base::SeededEntropy;
use menshen::config::{self, Config, MethodSection};
use menshen::connectors::aliyun::{AliyunOneTap, AliyunOneTapSettings};
use menshen::connectors::tencent::{TencentOneTap, TencentOneTapSettings};
use menshen::connectors::{
    Alipay, AlipayPlace, AlipaySettings, Carrier, CarrierToken, Class, NumberAggregator, SmsPurpose, SmsRequest,
    Taobao, TaobaoPlace, TaobaoSettings, WeChat, WeChatPlace, WeChatSettings, Wire, sms_gateway,
};
use menshen::domain::Language;
use menshen::domain::contact::Phone;
use menshen::outbound::Outbound;
use menshen::simulator::fixture::{
    ALIPAY_APP, TAOBAO, WECHAT_H5, WECHAT_MOBILE, WECHAT_WEB, XIAOMING, XIAOMING_UNIONID,
};
use menshen::simulator::settings::{Aggregator, Keys, SmsVendor, section};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::vendor::Vendors;

fn wire(vendors: &Vendors) -> Wire {
    let outbound = config::Outbound { ca_file: None, allow_private_addresses: true };
    Wire {
        outbound: Outbound::new(&outbound).expect("a client"),
        clock: Arc::new(vendors.clock.clone()),
        entropy: Arc::new(SeededEntropy::new(2)),
    }
}

fn method(name: &str, keys: &Keys) -> MethodSection {
    let toml = section(&format!("login.{name}"), keys);
    Config::from_parts(&toml, []).expect("a configuration").login.method(name)
}

fn phone() -> Phone {
    Phone::parse("13800000001", "+86").expect("a number")
}

async fn code(vendors: &Vendors, path: &str, body: Value, name: &str) -> String {
    vendors.tell(path, body).await[name].as_str().expect("a code").to_owned()
}

async fn fault(vendors: &Vendors, fault: Value) {
    vendors.control(Method::DELETE, "/faults", Value::Null).await;
    vendors.tell("/faults", fault).await;
}

/// Opens a page of a vendor as the browser would, with the answer given beforehand.
async fn opened(vendors: &Vendors, vendor: &str, user: &str, url: &str, name: &str) -> String {
    vendors.tell(&format!("/{vendor}/next"), json!({"user": user})).await;
    let url = Url::parse(url).expect("an address");
    let back = vendors.get(&format!("{}?{}", url.path(), url.query().unwrap_or_default())).await;
    back.redirected(name).unwrap_or_else(|| panic!("{back:?}"))
}

#[tokio::test]
async fn a_message_goes_out_through_every_gateway() {
    let vendors = Vendors::start();
    for vendor in [SmsVendor::Aliyun, SmsVendor::Tencent, SmsVendor::Webhook] {
        vendors.control(Method::DELETE, "/sms", Value::Null).await;
        let toml = section("sms", &vendors.running.fixture().sms(vendor));
        let config = Config::from_parts(&toml, []).expect("a configuration");
        let gateway = sms_gateway(&config.sms, &wire(&vendors)).unwrap().unwrap();
        let to = phone();
        let request = |code: &'static str, purpose| SmsRequest {
            phone: &to,
            purpose,
            params: if code == "123456" {
                &[("code", "123456"), ("minutes", "5")]
            } else {
                &[("code", "654321"), ("minutes", "5")]
            },
            language: Language::Chinese,
            once_key: code,
        };
        let sent = gateway.send(&request("123456", SmsPurpose::Login)).await;
        assert!(sent.is_ok(), "{vendor:?}: {:?} {}", sent.err(), vendors.told("/requests").await);
        let arrived = vendors.told("/sms?phone=+8613800000001").await;
        assert_eq!(arrived[0]["code"], "123456", "{vendor:?}: {arrived}");
        if vendor != SmsVendor::Webhook {
            let again = if vendor == SmsVendor::Aliyun { "654321" } else { "123456" };
            let error = gateway.send(&request(again, SmsPurpose::Login)).await.unwrap_err();
            assert!(matches!(error.class(), Class::Throttled { .. }), "{vendor:?}: {error}");
        }
        let other = vendors.running.fixture().sms(vendor).into_iter().map(|(key, value)| match key {
            "access_key_secret" | "webhook_secret" => (key, "another-secret-than-the-vendors".into()),
            _ => (key, value),
        });
        let config = Config::from_parts(&section("sms", &other.collect()), []).expect("a configuration");
        let gateway = sms_gateway(&config.sms, &wire(&vendors)).unwrap().unwrap();
        let error = gateway.send(&request("654321", SmsPurpose::Bind)).await.unwrap_err();
        assert_eq!(error.class(), Class::Misconfigured, "{vendor:?}: {error}");
    }
}

#[tokio::test]
async fn wechat_tells_who_somebody_is_in_every_place() {
    let vendors = Vendors::start();
    let keys = vendors.running.fixture().wechat();
    let wechat = WeChat::new(&wire(&vendors), WeChatSettings::read(&method("wechat", &keys)).unwrap());
    for (place, app, scope) in [
        (WeChatPlace::Website, WECHAT_WEB, "snsapi_login"),
        (WeChatPlace::InApp, WECHAT_H5, "snsapi_userinfo"),
        (WeChatPlace::NativeApp, WECHAT_MOBILE, "snsapi_userinfo"),
    ] {
        let body = json!({"appid": app.id, "user": XIAOMING, "scope": scope});
        let code = code(&vendors, "/wx/code", body, "code").await;
        let person = wechat.exchange(place, &code).await.unwrap();
        assert_eq!(person.display_name(), Some("小明"));
        let values: Vec<_> = person.keys().iter().map(|key| key.value.clone()).collect();
        assert_eq!(values, [XIAOMING_UNIONID.to_owned(), vendors.running.fixture().openid(app, XIAOMING)], "{place:?}");
        assert_eq!(wechat.exchange(place, &code).await.unwrap_err().class(), Class::CodeSpent);
    }
    let panel = wechat.panel_url("http://localhost:8080/login/wechat/callback", "s1").unwrap();
    let page = vendors.get(&panel.replace(&vendors.url(""), "")).await;
    assert!(page.body.contains("/wx/open/connect/qrcode/"), "{}", page.body);
    let inside = wechat.in_app_url("http://localhost:8080/login/wechat/callback", "s1").unwrap();
    assert!(!opened(&vendors, "wx", XIAOMING, &inside, "code").await.is_empty());
}

#[tokio::test]
async fn alipay_is_believed_by_its_signature_alone() {
    let vendors = Vendors::start();
    let keys = vendors.running.fixture().alipay();
    let settings = AlipaySettings::read(&method("alipay", &keys)).unwrap();
    let alipay = Alipay::new(&wire(&vendors), settings).unwrap();
    let url = alipay.website_url("http://localhost:8080/login/alipay/callback", "St4te").unwrap();
    let code = opened(&vendors, "alipay", "ali-ming", &url, "auth_code").await;
    let person = alipay.exchange(AlipayPlace::Website, &code).await;
    let person = person.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((person.keys()[0].value.as_str(), person.display_name()), ("2088000000000101", Some("阿明")));
    assert_eq!(alipay.exchange(AlipayPlace::Website, &code).await.unwrap_err().class(), Class::CodeSpent);
    for how in ["altered", "missing", "other_key"] {
        let code = super_code(&vendors).await;
        fault(&vendors, json!({"match": {"vendor": "alipay"}, "mode": "bad_signature", "args": {"how": how}})).await;
        assert_eq!(alipay.exchange(AlipayPlace::Website, &code).await.unwrap_err().class(), Class::Malformed, "{how}");
    }
    vendors.control(Method::DELETE, "/faults", Value::Null).await;

    let info = alipay.native_app_info("t-0001").unwrap().unwrap();
    let body = json!({"infoStr": info, "user": "ali-hong", "action": "allow"}).to_string();
    let opened = vendors.post_with("/alipay/sdk/auth", &[("content-type", "application/json")], &body).await.json();
    let result = opened["result"].as_str().unwrap();
    let code = result.split("auth_code=").nth(1).unwrap_or_else(|| panic!("{opened}")).split('&').next().unwrap();
    let person = alipay.exchange(AlipayPlace::NativeApp, code).await.unwrap();
    assert_eq!(person.keys()[0].value.as_str(), "2088000000000102");
}

async fn super_code(vendors: &Vendors) -> String {
    code(vendors, "/alipay/code", json!({"app_id": ALIPAY_APP, "user": "ali-ming"}), "auth_code").await
}

#[tokio::test]
async fn alipay_in_certificate_mode_checks_whose_certificate_signed() {
    let vendors = Vendors::start();
    let folder = tempfile::tempdir().unwrap();
    let certificates = vendors.running.fixture().certificates();
    let file = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).expect("a file");
        toml::Value::String(path.display().to_string())
    };
    let certified = [
        ("app_certificate", file("app.crt", &certificates.app)),
        ("alipay_certificate", file("alipay.crt", &certificates.alipay)),
        ("root_certificate", file("root.crt", &certificates.root)),
    ];
    let kept = ["app_id", "private_key", "open_base", "gateway"];
    let own = vendors.running.fixture().alipay().into_iter().filter(|(key, _)| kept.contains(key));
    let keys: Keys = own.chain(certified).collect();
    let settings = AlipaySettings::read(&method("alipay", &keys)).unwrap();
    let alipay = Alipay::new(&wire(&vendors), settings).unwrap_or_else(|error| panic!("{error}"));
    let person = alipay.exchange(AlipayPlace::Website, &super_code(&vendors).await).await;
    assert_eq!(person.unwrap_or_else(|error| panic!("{error}")).keys()[0].value.as_str(), "2088000000000101");
}

#[tokio::test]
async fn taobao_tells_who_somebody_is_by_both_ways() {
    let vendors = Vendors::start();
    let keys = vendors.running.fixture().taobao();
    let taobao = Taobao::new(&wire(&vendors), TaobaoSettings::read(&method("taobao", &keys)).unwrap());
    let back = "http://localhost:8080/login/taobao/callback";
    let url = taobao.website_url(back, "s1").unwrap();
    let first = opened(&vendors, "taobao", "tb-ming", &url, "code").await;
    let person = taobao.exchange(TaobaoPlace::Website, &first, back).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(person.keys()[0].value.as_str(), "AAHSimTaobaoOpenUid000000001");
    assert_eq!(person.display_name(), Some("淘小明"));
    let native = code(&vendors, "/taobao/code", json!({"client_id": TAOBAO.id, "user": "tb-hong"}), "code").await;
    let person = taobao.exchange(TaobaoPlace::NativeApp, &native, "").await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(person.keys()[0].value.as_str(), "AAHSimTaobaoOpenUid000000002");
    let spent = taobao.exchange(TaobaoPlace::Website, &first, back).await.unwrap_err();
    assert_eq!(spent.class(), Class::CodeSpent);
}

#[tokio::test]
async fn both_aggregators_trade_a_token_for_its_number() {
    let vendors = Vendors::start();
    let fixture = vendors.running.fixture();
    let wire = wire(&vendors);
    let aliyun = AliyunOneTapSettings::read(&method("one_tap", &fixture.one_tap(Aggregator::Aliyun))).unwrap().unwrap();
    let tencent =
        TencentOneTapSettings::read(&method("one_tap", &fixture.one_tap(Aggregator::Tencent))).unwrap().unwrap();
    let aggregators: [Box<dyn NumberAggregator>; 2] =
        [Box::new(AliyunOneTap::new(&wire, aliyun)), Box::new(TencentOneTap::new(&wire, tencent))];
    for aggregator in aggregators {
        let body = json!({"phone": "+8613800000001", "carrier": "cmcc", "vendor": aggregator.name()});
        let token = code(&vendors, "/carrier/token", body, "token").await;
        let token = CarrierToken { token: &token, carrier: Some(Carrier::Mobile), attempt: "a1" };
        let number = aggregator.number(&token).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(number.as_str(), "+8613800000001");
        assert_eq!(aggregator.number(&token).await.unwrap_err().class(), Class::CodeSpent, "{}", aggregator.name());
    }
}
