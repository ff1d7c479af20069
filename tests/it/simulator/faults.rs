//! What goes wrong on purpose, as the caller meets it.

use std::time::{Duration, Instant};

use menshen::simulator::fixture::{WECHAT_WEB, XIAOMING};
use reqwest::Method;
use serde_json::{Value, json};

use super::vendor::{Vendors, encoded};

async fn exchange_path(vendors: &Vendors) -> String {
    let code = vendors.tell("/wx/code", json!({"appid": WECHAT_WEB.id, "user": XIAOMING})).await;
    let query = encoded(&[
        ("appid", WECHAT_WEB.id),
        ("secret", WECHAT_WEB.secret),
        ("code", code["code"].as_str().unwrap()),
        ("grant_type", "authorization_code"),
    ]);
    format!("/wx/api/sns/oauth2/access_token?{query}")
}

async fn fault(vendors: &Vendors, mode: &str, args: Value) {
    let fault =
        json!({"match": {"vendor": "wechat", "route": "/access_token"}, "mode": mode, "times": 1, "args": args});
    vendors.tell("/faults", fault).await;
}

#[tokio::test]
async fn a_refused_connection_spends_nothing_and_a_reset_one_spends_the_code() {
    let vendors = Vendors::start();
    let path = exchange_path(&vendors).await;
    fault(&vendors, "refuse", json!({})).await;
    assert!(vendors.try_get(&path).await.is_err());
    fault(&vendors, "reset", json!({})).await;
    assert!(vendors.try_get(&path).await.is_err());
    assert_eq!(vendors.get(&path).await.json()["errcode"], 40_163);
    let journal = vendors.told("/requests").await;
    assert_eq!((&journal[0]["verdict"], &journal[0]["fault"]), (&json!("faulted"), &json!("refuse")));
    assert_eq!((&journal[1]["verdict"], &journal[1]["fault"]), (&json!("accepted"), &json!("reset")));
}

#[tokio::test]
async fn answers_come_late_or_as_something_else() {
    let vendors = Vendors::start();
    fault(&vendors, "slow", json!({"delay_ms": 300})).await;
    let path = exchange_path(&vendors).await;
    let begun = Instant::now();
    assert!(vendors.get(&path).await.json()["openid"].is_string());
    assert!(begun.elapsed() >= Duration::from_millis(300));

    for (mode, args) in [
        ("http_503", json!({})),
        ("garbage", json!({})),
        ("truncated", json!({})),
        ("html", json!({})),
        ("empty", json!({})),
    ] {
        fault(&vendors, mode, args).await;
        let path = exchange_path(&vendors).await;
        let answer = vendors.get(&path).await;
        assert!(serde_json::from_str::<Value>(&answer.body).is_err(), "{mode}: {}", answer.body);
        assert_eq!(answer.status, if mode == "http_503" { 503 } else { 200 });
    }
    fault(&vendors, "huge", json!({})).await;
    let path = exchange_path(&vendors).await;
    assert_eq!(vendors.get(&path).await.body.len(), 64 * 1024 * 1024);
}

#[tokio::test]
async fn values_change_their_type_their_word_and_their_identity() {
    let vendors = Vendors::start();
    fault(&vendors, "wrong_type", json!({"ids": true})).await;
    let path = exchange_path(&vendors).await;
    let answer = vendors.get(&path).await.json();
    assert_eq!((&answer["expires_in"], &answer["openid"]), (&json!("7200"), &json!(7)));
    assert!(answer.get("unionid").is_none());

    fault(&vendors, "set", json!({"set": {"unionid": "drifted"}})).await;
    let path = exchange_path(&vendors).await;
    assert_eq!(vendors.get(&path).await.json()["unionid"], "drifted");

    fault(&vendors, "errcode", json!({"code": 42_003, "message": "oauth_code expired"})).await;
    let path = exchange_path(&vendors).await;
    assert_eq!(vendors.get(&path).await.json()["errcode"], 42_003);
    assert!(vendors.get(&path).await.json()["openid"].is_string(), "nothing had happened");
}

#[tokio::test]
async fn a_fault_is_listed_taken_away_and_refused_when_there_is_no_such() {
    let vendors = Vendors::start();
    let id = vendors.tell("/faults", json!({"mode": "http", "args": {"status": 502}})).await["id"].clone();
    assert_eq!(vendors.told("/faults").await[0]["mode"], "http");
    assert_eq!(vendors.get("/wx/api/sns/userinfo").await.status, 502);
    let gone = vendors.control(Method::DELETE, &format!("/faults/{id}"), Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(vendors.get("/wx/api/sns/userinfo").await.json()["errcode"], 41_001);
    for wrong in [json!({"mode": "sulk"}), json!({"mode": "slow", "match": {"who": "wechat"}}), json!({})] {
        assert_eq!(vendors.control(Method::POST, "/faults", wrong).await.status, 400);
    }
}

#[tokio::test]
async fn starting_over_forgets_and_repeats_what_is_random() {
    let vendors = Vendors::start();
    vendors.send_sms("13800000001", "123456").await;
    vendors.tell("/clock", json!({"advance_s": 3_600})).await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let state = vendors.tell("/reset", json!({"seed": 7})).await;
        assert_eq!((&state["sms"], &state["requests"]), (&json!(0), &json!(0)));
        assert_eq!(state["now"], "2026-01-01T00:00:00Z");
        codes.push(vendors.tell("/wx/code", json!({"appid": WECHAT_WEB.id, "user": XIAOMING})).await);
    }
    assert_eq!(codes[0], codes[1]);
}
