//! Taobao: the token that tells who somebody is, and the TOP gateway.

use aws_lc_rs::hmac;
use menshen::base::Clock as _;
use menshen::simulator::fixture::TAOBAO;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::vendor::{Answer, Vendors, encoded, hex};

const CALLBACK: &str = "http://localhost:8080/login/taobao/callback";

fn authorize() -> String {
    let query = encoded(&[
        ("response_type", "code"),
        ("client_id", TAOBAO.id),
        ("redirect_uri", CALLBACK),
        ("state", "s"),
        ("view", "web"),
    ]);
    format!("/taobao/authorize?{query}")
}

async fn exchange(vendors: &Vendors, code: &str, secret: &str, redirect_uri: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", TAOBAO.id),
        ("client_secret", secret),
        ("redirect_uri", redirect_uri),
        ("view", "web"),
    ];
    vendors.post_form("/taobao/token", &form).await
}

async fn agreed(vendors: &Vendors) -> String {
    let back = vendors.post_form(&authorize(), &[("user", "tb-ming"), ("action", "allow")]).await;
    back.redirected("code").expect("a code")
}

#[tokio::test]
async fn the_token_tells_who_it_is_once() {
    let vendors = Vendors::start();
    assert!(vendors.get(&authorize()).await.body.contains("淘小明"));
    let code = agreed(&vendors).await;
    let strange = exchange(&vendors, &code, "wrong", CALLBACK).await;
    assert_eq!((strange.status, &strange.json()["error"]), (401, &json!("invalid_client")));
    let told = exchange(&vendors, &code, TAOBAO.secret, CALLBACK).await.json();
    assert_eq!(told["taobao_user_nick"], "%E6%B7%98%E5%B0%8F%E6%98%8E");
    assert_eq!(told["taobao_open_uid"], "AAHSimTaobaoOpenUid000000001");
    assert_eq!((&told["re_expires_in"], &told["taobao_user_id"]), (&json!(0), &json!("5151000001")));
    let replayed = exchange(&vendors, &code, TAOBAO.secret, CALLBACK).await.json();
    assert_eq!(replayed["error_description"], "authorize code expire");
    let elsewhere = exchange(&vendors, &agreed(&vendors).await, TAOBAO.secret, "http://localhost/other").await.json();
    assert_eq!(elsewhere["error_description"], "redirect_uri is invalidate");
    let denied = vendors.post_form(&authorize(), &[("user", "tb-ming"), ("action", "deny")]).await;
    assert_eq!(denied.redirected("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn an_app_without_rights_is_told_no_user_id() {
    let vendors = Vendors::start();
    vendors.tell("/apps", json!({"vendor": "taobao", "app_id": TAOBAO.id, "id_mode": "hidden"})).await;
    let told = exchange(&vendors, &agreed(&vendors).await, TAOBAO.secret, CALLBACK).await.json();
    assert_eq!(told["taobao_user_id"], "-1");
    assert!(told["taobao_open_uid"].as_str().unwrap().starts_with("AAH"));
}

async fn top(vendors: &Vendors, secret: &str, more: &[(&str, &str)]) -> Value {
    let beijing = OffsetDateTime::from_unix_timestamp(vendors.clock.now().seconds() + 8 * 3_600).expect("a moment");
    let timestamp =
        beijing.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]")).expect("a timestamp");
    let mut params = vec![
        ("app_key", TAOBAO.id),
        ("timestamp", timestamp.as_str()),
        ("format", "json"),
        ("v", "2.0"),
        ("sign_method", "hmac-sha256"),
    ];
    params.extend(more);
    params.sort_unstable();
    let text: String = params.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let sign = hex(hmac::sign(&key, text.as_bytes()).as_ref()).to_uppercase();
    params.push(("sign", &sign));
    vendors.post_form("/taobao/router/rest", &params).await.json()
}

#[tokio::test]
async fn a_native_app_is_checked_at_the_gateway() {
    let vendors = Vendors::start();
    let sdk = vendors.post_form("/baichuan/login", &[("user", "tb-hong")]).await.json();
    let code = sdk["topAuthCode"].as_str().unwrap();
    let create = [("method", "taobao.top.auth.token.create"), ("code", code)];
    assert_eq!(top(&vendors, "wrong", &create).await["error_response"]["code"], 25);
    let told = top(&vendors, TAOBAO.secret, &create).await;
    let inner = told["top_auth_token_create_response"]["token_result"].as_str().unwrap();
    let inner: Value = serde_json::from_str(inner).unwrap();
    assert_eq!(inner["taobao_open_uid"], sdk["openId"]);
    assert_eq!(top(&vendors, TAOBAO.secret, &create).await["error_response"]["code"], 15);
    let session = sdk["topAccessToken"].as_str().unwrap();
    let told = top(&vendors, TAOBAO.secret, &[("method", "taobao.openuid.get"), ("session", session)]).await;
    assert_eq!(told["openuid_get_response"]["open_uid"], sdk["openId"]);
    let stale = top(&vendors, TAOBAO.secret, &[("method", "taobao.openuid.get"), ("session", "x")]).await;
    assert_eq!(stale["error_response"]["code"], 27);
}
