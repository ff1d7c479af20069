//! Alipay: consent, the gateway's checks, and replies signed over their bytes.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menshen::base::Clock as _;
use menshen::simulator::Certificates;
use menshen::simulator::fixture::{ALIPAY_APP, ALIPAY_OPENID_APP, ALIPAY_PID};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::vendor::{Answer, Vendors, encoded};

const CALLBACK: &str = "http://localhost:8080/login/alipay/callback";

fn bare(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).expect("base64")
}

/// Signs as the app does, from the private key that the fixture hands out.
fn sign(vendors: &Vendors, text: &str) -> String {
    let key = RsaKeyPair::from_pkcs8(&bare(&vendors.running.fixture().keys.app().private_pem())).expect("a key");
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("a signature");
    STANDARD.encode(signature)
}

fn covered(params: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = params.iter().filter(|(_, value)| !value.is_empty()).collect();
    sorted.sort();
    sorted.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn params(vendors: &Vendors, app_id: &str, method: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let beijing = OffsetDateTime::from_unix_timestamp(vendors.clock.now().seconds() + 8 * 3_600).expect("a moment");
    let timestamp =
        beijing.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]")).expect("a timestamp");
    let public = [
        ("app_id", app_id),
        ("method", method),
        ("format", "JSON"),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("timestamp", &timestamp),
        ("version", "1.0"),
    ];
    public.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn send(vendors: &Vendors, params: &[(String, String)], sign: &str) -> Answer {
    let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let form: Vec<_> = form.into_iter().chain([("sign", sign)]).collect();
    vendors.post_form("/alipay/gateway.do", &form).await
}

async fn call(vendors: &Vendors, app_id: &str, method: &str, more: &[(&str, &str)]) -> Answer {
    let params = params(vendors, app_id, method, more);
    let sign = sign(vendors, &covered(&params));
    send(vendors, &params, &sign).await
}

/// The reply under `key`, when its signature holds over its very bytes.
fn verified(vendors: &Vendors, answer: &Answer, key: &str) -> Option<Value> {
    let (_, rest) = answer.body.split_once(&format!("{{\"{key}\":"))?;
    let (text, tail) = rest.split_once('}').map(|(inner, tail)| (format!("{inner}}}"), tail))?;
    let (_, sign) = tail.split_once("\"sign\":\"")?;
    let sign = STANDARD.decode(sign.split('"').next()?).ok()?;
    let public = STANDARD.decode(vendors.running.fixture().keys.alipay().public_base64()).ok()?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(text.as_bytes(), &sign).ok()?;
    serde_json::from_str(&text).ok()
}

const TOKEN: &str = "alipay_system_oauth_token_response";
const USER: &str = "alipay_user_info_share_response";

async fn code(vendors: &Vendors, app_id: &str, scope: &str) -> String {
    let body = json!({"app_id": app_id, "user": "ali-ming", "scope": scope});
    vendors.tell("/alipay/code", body).await["auth_code"].as_str().expect("a code").to_owned()
}

async fn token(vendors: &Vendors, app_id: &str, code: &str) -> Answer {
    call(vendors, app_id, "alipay.system.oauth.token", &[("grant_type", "authorization_code"), ("code", code)]).await
}

fn authorize(state: &str) -> String {
    let query =
        encoded(&[("app_id", ALIPAY_APP), ("scope", "auth_user"), ("redirect_uri", CALLBACK), ("state", state)]);
    format!("/alipay/openauth/oauth2/publicAppAuthorize.htm?{query}")
}

#[tokio::test]
async fn a_person_agrees_and_the_server_learns_who_it_is() {
    let vendors = Vendors::start();
    assert!(vendors.get(&authorize("abc")).await.body.contains("阿明"));
    let back = vendors.post_form(&authorize("abc"), &[("user", "ali-ming"), ("action", "allow")]).await;
    assert_eq!(back.redirected("app_id").as_deref(), Some(ALIPAY_APP));
    assert_eq!(back.redirected("state").as_deref(), Some("abc"));
    let code = back.redirected("auth_code").unwrap();

    let answer = token(&vendors, ALIPAY_APP, &code).await;
    assert_eq!(answer.content_type, "text/html;charset=utf-8");
    let told = verified(&vendors, &answer, TOKEN).unwrap();
    assert_eq!((&told["user_id"], &told["expires_in"]), (&json!("2088000000000101"), &json!(1_296_000)));
    let access = told["access_token"].as_str().unwrap();
    let answer = call(&vendors, ALIPAY_APP, "alipay.user.info.share", &[("auth_token", access)]).await;
    let told = verified(&vendors, &answer, USER).unwrap();
    assert_eq!((&told["code"], &told["nick_name"]), (&json!("10000"), &json!("阿明")));
    assert!(answer.body.contains("https:\\/\\/"), "slashes are escaped: {}", answer.body);

    let replayed = token(&vendors, ALIPAY_APP, &code).await.json();
    assert_eq!(replayed["error_response"]["sub_code"], "isv.code-invalid");
}

#[tokio::test]
async fn who_refuses_comes_back_without_a_code_and_a_wrong_request_not_at_all() {
    let vendors = Vendors::start();
    vendors.tell("/alipay/next", json!({"user": "ali-ming", "action": "deny"})).await;
    let back = vendors.get(&authorize("abc")).await;
    assert_eq!((back.status, back.redirected("auth_code"), back.redirected("state")), (302, None, Some("abc".into())));
    for wrong in [
        authorize("not-base64!"),
        authorize("abc").replace("localhost", "evil.test"),
        authorize("a").replace("auth_user", "all"),
    ] {
        assert!(vendors.get(&wrong).await.location.is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn newer_apps_are_told_an_open_id_and_silent_ones_no_name() {
    let vendors = Vendors::start();
    let silent = code(&vendors, ALIPAY_OPENID_APP, "auth_base").await;
    let told = verified(&vendors, &token(&vendors, ALIPAY_OPENID_APP, &silent).await, TOKEN).unwrap();
    assert!(told["open_id"].is_string() && told.get("user_id").is_none());
    let access = told["access_token"].as_str().unwrap();
    let refused = call(&vendors, ALIPAY_OPENID_APP, "alipay.user.info.share", &[("auth_token", access)]).await;
    assert_eq!(verified(&vendors, &refused, USER).unwrap()["sub_code"], "isv.insufficient-isv-permissions");
    let foreign = code(&vendors, ALIPAY_APP, "auth_user").await;
    let refused = token(&vendors, ALIPAY_OPENID_APP, &foreign).await.json();
    assert_eq!(refused["error_response"]["sub_code"], "isv.code-invalid");
}

#[tokio::test]
async fn the_gateway_checks_the_signature_and_echoes_what_it_covers() {
    let vendors = Vendors::start();
    let code = code(&vendors, ALIPAY_APP, "auth_user").await;
    let more = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let params = params(&vendors, ALIPAY_APP, "alipay.system.oauth.token", &more);
    let refused = send(&vendors, &params, &sign(&vendors, "something else")).await.json();
    assert_eq!(refused["error_response"]["sub_code"], "isv.invalid-signature");
    assert!(refused["error_response"]["sub_msg"].as_str().unwrap().ends_with(&covered(&params)));
    let journal = vendors.told("/requests?vendor=alipay").await.to_string();
    assert!(!journal.contains(&code) && journal.contains("验签字符串为：***"), "{journal}");

    // Public parameters in the query, the rest in the body, is fine as well.
    let (public, rest): (Vec<_>, Vec<_>) =
        params.iter().partition(|(name, _)| !["grant_type", "code"].contains(&name.as_str()));
    let text = |pairs: Vec<&(String, String)>| {
        encoded(&pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
    };
    let sign = sign(&vendors, &covered(&params));
    let path = format!("/alipay/gateway.do?{}&{}", text(public), encoded(&[("sign", &sign)]));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert!(verified(&vendors, &vendors.post_with(&path, &form, &text(rest)).await, TOKEN).is_some());
}

#[tokio::test]
async fn certificates_are_named_by_their_numbers() {
    let vendors = Vendors::start();
    let code = code(&vendors, ALIPAY_APP, "auth_user").await;
    let (app, root) = (Certificates::app_sn(), Certificates::root_sn());
    let more = |app: &'static str| [("grant_type", "authorization_code"), ("app_cert_sn", app)];
    let wrong = call(&vendors, ALIPAY_APP, "alipay.system.oauth.token", &more("0123")).await.json();
    assert_eq!(wrong["error_response"]["sub_code"], "isv.invalid-app-cert-sn");
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("app_cert_sn", app.as_str()),
        ("alipay_root_cert_sn", root.as_str()),
    ];
    let answer = call(&vendors, ALIPAY_APP, "alipay.system.oauth.token", &right).await;
    assert_eq!(answer.json()["alipay_cert_sn"], Certificates::alipay_sn());
    assert!(verified(&vendors, &answer, TOKEN).is_some());
    let certificates = vendors.running.fixture().certificates();
    for pem in [&certificates.root, &certificates.app, &certificates.alipay] {
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    }
}

#[tokio::test]
async fn replies_that_lie_do_not_verify() {
    let vendors = Vendors::start();
    for how in ["altered", "missing", "other_key"] {
        let code = code(&vendors, ALIPAY_APP, "auth_user").await;
        let fault = json!({"match": {"vendor": "alipay"}, "mode": "bad_signature", "times": 1, "args": {"how": how}});
        vendors.tell("/faults", fault).await;
        let answer = token(&vendors, ALIPAY_APP, &code).await;
        assert!(answer.json()[TOKEN]["user_id"].is_string(), "{how}");
        assert!(verified(&vendors, &answer, TOKEN).is_none(), "{how}");
    }
}

#[tokio::test]
async fn the_sdk_opens_only_for_a_text_that_the_server_signed() {
    let vendors = Vendors::start();
    let fields = [
        ("apiname", "com.alipay.account.auth"),
        ("method", "alipay.open.auth.sdk.code.get"),
        ("app_id", ALIPAY_APP),
        ("app_name", "mc"),
        ("auth_type", "AUTHACCOUNT"),
        ("biz_type", "openservice"),
        ("pid", ALIPAY_PID),
        ("product_id", "APP_FAST_LOGIN"),
        ("scope", "kuaijie"),
        ("sign_type", "RSA2"),
        ("target_id", "t-0001"),
    ];
    let owned: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let text = covered(&owned);
    let info = |sign: &str| format!("{text}&{}", encoded(&[("sign", sign)]));
    let open = |info: String, action: &'static str| {
        let body = json!({"infoStr": info, "user": "ali-hong", "action": action}).to_string();
        let vendors = &vendors;
        async move { vendors.post_with("/alipay/sdk/auth", &[("content-type", "application/json")], &body).await.json() }
    };
    let signed = info(&sign(&vendors, &text));
    let opened = open(signed.clone(), "allow").await;
    assert_eq!(opened["resultStatus"], "9000");
    let result = opened["result"].as_str().unwrap();
    assert!(result.contains("result_code=200") && result.contains("user_id=2088000000000102"));
    let code = result.split("auth_code=").nth(1).unwrap().split('&').next().unwrap();
    assert!(verified(&vendors, &token(&vendors, ALIPAY_APP, code).await, TOKEN).is_some());
    assert_eq!(open(signed, "deny").await["resultStatus"], "6001");
    assert_eq!(open(info("AAAA"), "allow").await["resultStatus"], "4000");
}
