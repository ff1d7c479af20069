//! Tencent's text messages and number authentication, Jiguang's, and the
//! receiver of the generic webhook.

use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menshen::base::Clock as _;
use menshen::simulator::fixture::{HOOK, JIGUANG, SIGN_NAME, TENCENT, TENCENT_RAPIDAUTH, TENCENT_SMS_APP};
use serde_json::{Value, json};

use super::vendor::{Vendors, encoded, hex};

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

async fn tencent(vendors: &Vendors, secret: &str, numbers: &[&str], code: &str) -> Value {
    let body = json!({"PhoneNumberSet": numbers, "SmsSdkAppId": TENCENT_SMS_APP, "TemplateId": "510001",
        "SignName": SIGN_NAME, "TemplateParamSet": [code, "5"]})
    .to_string();
    let (at, host) = (vendors.clock.now().seconds().to_string(), vendors.running.http_address().to_string());
    let canonical = format!(
        "POST\n/tencent/sms/\n\ncontent-type:application/json; charset=utf-8\nhost:{host}\nx-tc-action:sendsms\n\ncontent-type;host;x-tc-action\n{}",
        sha256(&body)
    );
    let to_sign = format!("TC3-HMAC-SHA256\n{at}\n2026-01-01/sms/tc3_request\n{}", sha256(&canonical));
    let key = mac(&mac(&mac(format!("TC3{secret}").as_bytes(), "2026-01-01"), "sms"), "tc3_request");
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential={}/2026-01-01/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature={}",
        TENCENT.id,
        hex(&mac(&key, &to_sign))
    );
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json; charset=utf-8"),
        ("x-tc-action", "SendSms"),
        ("x-tc-version", "2021-01-11"),
        ("x-tc-region", "ap-guangzhou"),
        ("x-tc-timestamp", at.as_str()),
    ];
    let answer = vendors.post_with("/tencent/sms/", &headers, &body).await;
    assert_eq!(answer.status, 200);
    answer.json()["Response"].clone()
}

#[tokio::test]
async fn tencent_tells_each_numbers_fate() {
    let vendors = Vendors::start();
    let forged = tencent(&vendors, "wrong", &["+8613800000001"], "123456").await;
    assert_eq!(forged["Error"]["Code"], "AuthFailure.SignatureFailure");
    let sent = tencent(&vendors, TENCENT.secret, &["+8613800000001", "+1415"], "123456").await;
    assert_eq!(sent["SendStatusSet"][0]["Code"], "Ok");
    assert_eq!(sent["SendStatusSet"][1]["Code"], "InvalidParameterValue.IncorrectPhoneNumber");
    let again = tencent(&vendors, TENCENT.secret, &["+8613800000001"], "123456").await;
    assert_eq!(again["SendStatusSet"][0]["Code"], "LimitExceeded.PhoneNumberThirtySecondLimit");
    let message = vendors.told("/sms").await;
    assert_eq!((&message[0]["vendor"], &message[0]["code"]), (&json!("tencent"), &json!("123456")));
    assert_eq!(message.as_array().unwrap().len(), 1);
    let fault = json!({"match": {"action": "SendSms"}, "mode": "clock_skew", "times": 1});
    vendors.tell("/faults", fault).await;
    let late = tencent(&vendors, TENCENT.secret, &["+8613800000001"], "123457").await;
    assert_eq!(late["Error"]["Code"], "AuthFailure.SignatureExpire");
}

async fn carrier_token(vendors: &Vendors, vendor: &str) -> String {
    let body = json!({"phone": "+8613800000001", "carrier": "cucc", "vendor": vendor});
    vendors.tell("/carrier/token", body).await["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_second_aggregator_trades_tokens_of_its_own() {
    let vendors = Vendors::start();
    let token = carrier_token(&vendors, "tencent").await;
    let at = vendors.clock.now().seconds().to_string();
    let ask = |token: String, key: &'static str| {
        let sig = sha256(&format!("appkey={key}&random=7226249334&time={at}"));
        let body = json!({"sig": sig, "time": at, "carrier": "unicom", "token": token}).to_string();
        let path = format!("/tencent/v5/rapidauth/validate?sdkappid={}&random=7226249334", TENCENT_RAPIDAUTH.id);
        let vendors = &vendors;
        async move { vendors.post_with(&path, &[("content-type", "application/json")], &body).await.json() }
    };
    assert_ne!(ask(token.clone(), "wrong").await["result"], 0);
    assert_eq!(ask(token.clone(), TENCENT_RAPIDAUTH.secret).await["mobile"], "13800000001");
    assert_ne!(ask(token, TENCENT_RAPIDAUTH.secret).await["result"], 0);
    let foreign = carrier_token(&vendors, "aliyun").await;
    assert_ne!(ask(foreign, TENCENT_RAPIDAUTH.secret).await["result"], 0, "of another aggregator");
}

#[tokio::test]
async fn jiguang_encrypts_the_number_for_its_customer() {
    let vendors = Vendors::start();
    let token = carrier_token(&vendors, "jiguang").await;
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", JIGUANG.id, JIGUANG.secret)));
    let body = json!({"loginToken": token, "exID": "e1"}).to_string();
    let headers = [("authorization", basic.as_str()), ("content-type", "application/json")];
    let told = vendors.post_with("/jiguang/v1/web/loginTokenVerify", &headers, &body).await.json();
    assert_eq!((&told["code"], &told["exID"]), (&json!(8000), &json!("e1")));
    let key = PrivateDecryptingKey::from_pkcs8(&vendors.running.fixture().keys.jiguang().pkcs8()).unwrap();
    let key = Pkcs1PrivateDecryptingKey::new(key).unwrap();
    let mut clear = vec![0; key.min_output_size()];
    let sealed = STANDARD.decode(told["phone"].as_str().unwrap()).unwrap();
    assert_eq!(key.decrypt(&sealed, &mut clear).unwrap(), b"13800000001");
    assert_eq!(vendors.post_with("/jiguang/v1/web/loginTokenVerify", &headers, &body).await.json()["code"], 9003);
}

#[tokio::test]
async fn the_webhook_wants_its_signature_and_takes_a_message_once() {
    let vendors = Vendors::start();
    let body = json!({"to": "+8613800000001", "type": "SignIn", "payload": {"code": "123456"}}).to_string();
    let at = vendors.clock.now().seconds().to_string();
    let signature = format!("t={at},v1={}", hex(&mac(HOOK.secret.as_bytes(), &format!("{at}.{body}"))));
    let post = |signature: String| {
        let body = body.clone();
        let vendors = &vendors;
        async move {
            let headers = [("x-signature", signature.as_str()), ("idempotency-key", "k1")];
            vendors.post_with("/hook/sms", &headers, &body).await
        }
    };
    assert_eq!(vendors.post_with("/hook/sms", &[], &body).await.status, 401);
    assert_eq!(post(signature.replace("v1=", "v1=00")).await.status, 401);
    assert_eq!(post(signature.clone()).await.status, 200);
    assert_eq!(post(signature).await.json()["repeated"], true);
    let arrived = vendors.told(&format!("/sms?{}", encoded(&[("phone", "+8613800000001")]))).await;
    assert_eq!((arrived.as_array().unwrap().len(), &arrived[0]["code"]), (1, &json!("123456")));
}
