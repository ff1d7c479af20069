//! Text messages through Alibaba Cloud: signatures, templates, limits, and who
//! sees what.

use std::time::Duration;

use menshen::simulator::fixture::{ALIYUN, Credentials, SIGN_NAME};
use reqwest::Method;
use serde_json::{Value, json};

use super::vendor::Vendors;

const PHONE: &str = "13800000001";

#[tokio::test]
async fn a_code_arrives_and_whoever_waits_is_told() {
    let vendors = Vendors::start();
    let (message, sent) = tokio::join!(
        vendors.told("/sms/wait?phone=+8613800000001&timeout_ms=5000"),
        vendors.send_sms(PHONE, "123456"),
    );
    assert_eq!(sent.json()["Code"], "OK");
    assert_eq!(message["code"], "123456");
    assert_eq!(message["phone"], "+8613800000001");
    assert_eq!(message["biz_id"], sent.json()["BizId"]);
    assert_eq!(message["text"], "【某云】您的登录验证码为123456，5分钟内有效，请勿告知他人。");
    assert_eq!(vendors.told("/sms?phone=%2B8613800000001").await.as_array().unwrap().len(), 1);
    assert_eq!(vendors.told("/sms?phone=%2B8613800000009").await, json!([]));
    let nobody = vendors.control(Method::GET, "/sms/wait?phone=13800000009&timeout_ms=10", Value::Null).await;
    assert_eq!(nobody.status, 408);
}

#[tokio::test]
async fn one_number_gets_one_a_minute_five_an_hour_ten_a_day() {
    let vendors = Vendors::start();
    let mut said = Vec::new();
    for minute in 0..7 {
        let answer = vendors.send_sms(PHONE, "123456").await.json();
        said.push((minute, answer["Code"].as_str().unwrap().to_owned(), answer["Message"].clone()));
        if minute == 0 {
            let at_once = vendors.send_sms(PHONE, "123457").await.json();
            assert_eq!(at_once["Code"], "isv.BUSINESS_LIMIT_CONTROL");
            assert_eq!(at_once["Message"], "触发分钟级流控Permits:1");
        }
        vendors.clock.advance(Duration::from_secs(61));
    }
    assert!(said[..5].iter().all(|(_, code, _)| code == "OK"), "{said:?}");
    assert_eq!(said[5].2, "触发小时级流控Permits:5");
    for hour in 0..2 {
        vendors.clock.advance(Duration::from_secs(3_600));
        for _ in 0..4 {
            vendors.send_sms(PHONE, "123456").await;
            vendors.clock.advance(Duration::from_secs(61));
        }
        assert!(hour < 2);
    }
    vendors.clock.advance(Duration::from_secs(3_600));
    assert_eq!(vendors.send_sms(PHONE, "123456").await.json()["Message"], "触发天级流控Permits:10");
    assert_eq!(vendors.send_sms("13800000009", "123456").await.json()["Code"], "OK", "another number");
    vendors.tell("/limits", json!({"sms": "off"})).await;
    assert_eq!(vendors.send_sms(PHONE, "123456").await.json()["Code"], "OK");
}

#[tokio::test]
async fn what_was_not_approved_is_not_sent() {
    let vendors = Vendors::start();
    let good = [
        ("PhoneNumbers", PHONE),
        ("SignName", SIGN_NAME),
        ("TemplateCode", "SMS_100000001"),
        ("TemplateParam", "{\"code\":\"123456\"}"),
    ];
    for (name, value, code) in [
        ("PhoneNumbers", "+14155550100", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("SignName", "别人的签名", "isv.SMS_SIGNATURE_ILLEGAL"),
        ("TemplateCode", "SMS_1", "isv.SMS_TEMPLATE_ILLEGAL"),
        ("TemplateParam", "{\"code\":123456}", "isv.INVALID_JSON_PARAM"),
        ("TemplateParam", "{}", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("TemplateParam", "{\"code\":\"1234567\"}", "isv.PARAM_LENGTH_LIMIT"),
    ] {
        let mut params = good;
        params.iter_mut().filter(|(is, _)| *is == name).for_each(|pair| pair.1 = value);
        let answer = vendors.aliyun("SendSms", &params).await;
        assert_eq!((answer.status, &answer.json()["Code"]), (200, &json!(code)), "{name}={value}");
    }
    assert_eq!(vendors.told("/sms").await, json!([]));
}

#[tokio::test]
async fn the_gateway_checks_key_signature_time_and_nonce() {
    let vendors = Vendors::start();
    let now = vendors.clock_text();
    let ask = |who: Credentials, date: &str, nonce: &'static str| {
        let date = date.to_owned();
        let vendors = &vendors;
        async move {
            let answer = vendors.aliyun_as(who, ("GetMobile", &date, nonce), &[("AccessToken", "t")]).await;
            (answer.status, answer.json()["Code"].as_str().unwrap().to_owned())
        }
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let stranger = Credentials { id: "LTAInobody", secret: "x" };
    let forger = Credentials { id: ALIYUN.id, secret: "x" };
    assert_eq!(ask(stranger, &now, "n1").await, refused(404, "InvalidAccessKeyId.NotFound"));
    assert_eq!(ask(forger, &now, "n2").await, refused(400, "SignatureDoesNotMatch"));
    assert_eq!(ask(ALIYUN, "2025-12-31T23:40:00Z", "n3").await, refused(400, "InvalidTimeStamp.Expired"));
    assert_eq!(ask(ALIYUN, &now, "n4").await, refused(200, "isv.TOKEN_INVALID"));
    assert_eq!(ask(ALIYUN, &now, "n4").await, refused(400, "SignatureNonceUsed"));
}

#[tokio::test]
async fn a_carriers_token_is_traded_once_for_its_number() {
    let vendors = Vendors::start();
    let give = |kind: &'static str| {
        vendors.tell(
            "/carrier/token",
            json!({"phone": "+8613800000001", "carrier": "cmcc", "kind": kind, "vendor": "aliyun"}),
        )
    };
    let text = |token: Value| token["token"].as_str().unwrap().to_owned();
    let token = text(give("login").await);
    let traded = vendors.aliyun("GetMobile", &[("AccessToken", &token), ("OutId", "a1")]).await.json();
    assert_eq!(traded["GetMobileResultDTO"]["Mobile"], PHONE);
    let again = vendors.aliyun("GetMobile", &[("AccessToken", &token)]).await.json();
    assert_eq!(again["Code"], "isv.TOKEN_INVALID");
    let other = text(give("verify").await);
    let misused = vendors.aliyun("GetMobile", &[("AccessToken", &other)]).await.json();
    assert_eq!(misused["Code"], "isv.TOKEN_UNAUTHORIZED_USED");
    let late = text(give("login").await);
    vendors.clock.advance(Duration::from_secs(120));
    assert_eq!(vendors.aliyun("GetMobile", &[("AccessToken", &late)]).await.json()["Code"], "isv.TOKEN_INVALID");
}

#[tokio::test]
async fn the_journal_tells_who_and_why_and_no_secret() {
    let vendors = Vendors::start();
    vendors.send_sms(PHONE, "271828").await;
    vendors.send_sms(PHONE, "314159").await;
    let token = vendors.tell("/carrier/token", json!({"phone": PHONE, "carrier": "ctcc"})).await;
    let token = token["token"].as_str().unwrap();
    vendors.aliyun("GetMobile", &[("AccessToken", token)]).await;
    let journal = vendors.told("/requests?vendor=aliyun").await;
    let text = journal.to_string();
    for secret in ["271828", "314159", token, ALIYUN.secret] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(journal[0]["action"], "SendSms");
    assert_eq!(journal[0]["verdict"], "accepted");
    assert_eq!(journal[1]["verdict"], "refused");
    assert_eq!(journal[1]["why"], "over the limit of one signature and number");
    let since = journal[1]["seq"].as_u64().unwrap();
    assert_eq!(vendors.told(&format!("/requests?since={since}")).await.as_array().unwrap().len(), 1);
}
