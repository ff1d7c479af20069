//! The QR dance, and the API for servers that follows it.

use menshen::simulator::fixture::{Credentials, WECHAT_H5, WECHAT_WEB, XIAOHONG, XIAOMING, XIAOMING_UNIONID};
use serde_json::{Value, json};

use super::vendor::{Answer, Vendors, encoded};

const CALLBACK: &str = "http://localhost:8080/login/wechat/callback";

fn qrconnect(redirect_uri: &str) -> String {
    let query = encoded(&[
        ("appid", WECHAT_WEB.id),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "snsapi_login"),
        ("state", "s1"),
        ("login_type", "jssdk"),
        ("self_redirect", "false"),
    ]);
    format!("/wx/open/connect/qrconnect?{query}")
}

async fn shown(vendors: &Vendors) -> String {
    let page = vendors.get(&qrconnect(CALLBACK)).await;
    assert_eq!(page.status, 200);
    let (_, rest) = page.body.split_once("src=\"/wx/open/connect/qrcode/").expect("a QR code");
    rest.split('"').next().expect("a uuid").to_owned()
}

async fn polled(vendors: &Vendors, uuid: &str, last: &str) -> String {
    vendors.get(&format!("/wx/lp/connect/l/qrconnect?uuid={uuid}&_=1{last}")).await.body
}

async fn exchange(vendors: &Vendors, app: Credentials, code: &str) -> Value {
    let query =
        encoded(&[("appid", app.id), ("secret", app.secret), ("code", code), ("grant_type", "authorization_code")]);
    let answer = vendors.get(&format!("/wx/api/sns/oauth2/access_token?{query}")).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/plain"));
    answer.json()
}

async fn userinfo(vendors: &Vendors, token: &Value) -> Value {
    let [access, openid] = ["access_token", "openid"].map(|name| token[name].as_str().expect("text"));
    let query = encoded(&[("access_token", access), ("openid", openid), ("lang", "zh_CN")]);
    vendors.get(&format!("/wx/api/sns/userinfo?{query}")).await.json()
}

#[tokio::test]
async fn a_code_is_scanned_agreed_to_and_traded_once() {
    let vendors = Vendors::start();
    let uuid = shown(&vendors).await;
    assert_eq!(uuid.len(), 16);
    assert!(vendors.get(&format!("/wx/open/connect/qrcode/{uuid}")).await.content_type.starts_with("image/svg"));

    // The poll is held until somebody scans.
    let [scan, confirm] = ["scan", "confirm"].map(|deed| format!("/wx/qr/{uuid}/{deed}"));
    let (scanned, _) = tokio::join!(polled(&vendors, &uuid, ""), vendors.tell(&scan, json!({"user": XIAOMING})));
    assert_eq!(scanned, "window.wx_errcode=404;window.wx_code='';");
    let (confirmed, _) = tokio::join!(polled(&vendors, &uuid, "&last=404"), vendors.tell(&confirm, json!({})));
    let code =
        confirmed.strip_prefix("window.wx_errcode=405;window.wx_code='").and_then(|rest| rest.strip_suffix("';"));
    let code = code.unwrap_or_else(|| panic!("{confirmed}"));

    let token = exchange(&vendors, WECHAT_WEB, code).await;
    assert_eq!(token["expires_in"], 7_200);
    assert_eq!(token["unionid"], XIAOMING_UNIONID);
    assert_eq!(token["openid"], vendors.running.fixture().openid(WECHAT_WEB, XIAOMING).as_str());
    let person = userinfo(&vendors, &token).await;
    assert_eq!((&person["nickname"], &person["unionid"]), (&json!("小明"), &json!(XIAOMING_UNIONID)));

    let replayed = exchange(&vendors, WECHAT_WEB, code).await;
    assert_eq!(replayed["errcode"], 40_163);
    assert!(replayed["errmsg"].as_str().unwrap().starts_with("code been used, rid: "));
}

#[tokio::test]
async fn a_refused_code_may_be_scanned_again_and_an_old_one_not() {
    let vendors = Vendors::start();
    let uuid = shown(&vendors).await;
    vendors.tell(&format!("/wx/qr/{uuid}/scan"), json!({"user": XIAOHONG})).await;
    vendors.tell(&format!("/wx/qr/{uuid}/cancel"), json!({})).await;
    assert_eq!(polled(&vendors, &uuid, "").await, "window.wx_errcode=403;window.wx_code='';");
    vendors.tell(&format!("/wx/qr/{uuid}/scan"), json!({"user": XIAOHONG})).await;
    assert!(polled(&vendors, &uuid, "").await.contains("404"));
    vendors.tell("/clock", json!({"advance_s": 301})).await;
    assert!(polled(&vendors, &uuid, "&last=404").await.contains("402"));
    assert!(polled(&vendors, "nobodysuuid12345", "").await.contains("402"));
}

#[tokio::test]
async fn a_poll_that_waits_hears_that_its_code_ended() {
    let vendors = Vendors::start();
    let uuid = shown(&vendors).await;
    let expire = format!("/wx/qr/{uuid}/expire");
    let (ended, _) = tokio::join!(polled(&vendors, &uuid, ""), vendors.tell(&expire, json!({})));
    assert_eq!(ended, "window.wx_errcode=402;window.wx_code='';");
}

#[tokio::test]
async fn a_browser_without_script_reaches_the_callback_too() {
    let vendors = Vendors::start();
    let uuid = shown(&vendors).await;
    let form = [("uuid", uuid.as_str()), ("user", XIAOMING), ("action", "confirm")];
    assert_eq!(vendors.post_form("/wx/open/connect/confirm", &form).await.status, 303);
    let back = vendors.get(&format!("{}&sim_uuid={uuid}", qrconnect(CALLBACK))).await;
    assert_eq!(back.status, 302);
    assert!(back.location.as_deref().unwrap().starts_with(CALLBACK));
    assert_eq!(back.redirected("state").as_deref(), Some("s1"));
    assert!(exchange(&vendors, WECHAT_WEB, &back.redirected("code").unwrap()).await["openid"].is_string());
}

#[tokio::test]
async fn a_page_for_a_strange_host_shows_an_error_and_no_code() {
    let vendors = Vendors::start();
    for wrong in ["http://evil.test/login/wechat/callback", "http://localhost.evil.test/", "nonsense"] {
        let page = vendors.get(&qrconnect(wrong)).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("redirect_uri 参数错误") && !page.body.contains("qrcode"), "{wrong}");
    }
    assert_eq!(vendors.told("/wx/qr").await, json!([]));
    let journal = vendors.told("/requests?vendor=wechat").await;
    assert!(journal.as_array().unwrap().iter().all(|entry| entry["verdict"] == "refused"));
}

#[tokio::test]
async fn the_api_refuses_with_wechats_own_numbers() {
    let vendors = Vendors::start();
    let issue = || vendors.tell("/wx/code", json!({"appid": WECHAT_WEB.id, "user": XIAOMING}));
    let text = |code: &Value| code["code"].as_str().unwrap().to_owned();
    let errcode = |answer: Value| answer["errcode"].clone();
    let stranger = Credentials { id: "wx0000000000000000", secret: WECHAT_WEB.secret };
    let forgetful = Credentials { id: WECHAT_WEB.id, secret: "wrong" };

    let code = text(&issue().await);
    assert_eq!(errcode(exchange(&vendors, stranger, &code).await), 40_013);
    assert_eq!(errcode(exchange(&vendors, forgetful, &code).await), 40_125);
    assert_eq!(errcode(exchange(&vendors, WECHAT_H5, &code).await), 40_029, "of another app");
    assert_eq!(errcode(exchange(&vendors, WECHAT_WEB, "made up").await), 40_029);
    assert!(exchange(&vendors, WECHAT_WEB, &code).await["openid"].is_string(), "refusals spend nothing");

    let old = text(&issue().await);
    vendors.clock.advance(std::time::Duration::from_secs(601));
    assert_eq!(errcode(exchange(&vendors, WECHAT_WEB, &old).await), 42_003);
}

#[tokio::test]
async fn tokens_end_and_are_renewed() {
    let vendors = Vendors::start();
    let code = vendors.tell("/wx/code", json!({"appid": WECHAT_WEB.id, "user": XIAOMING})).await;
    let token = exchange(&vendors, WECHAT_WEB, code["code"].as_str().unwrap()).await;
    let mut stolen = token.clone();
    stolen["openid"] = json!("oSomebodyElse");
    assert_eq!(userinfo(&vendors, &stolen).await["errcode"], 40_003);
    vendors.clock.advance(std::time::Duration::from_secs(7_200));
    assert_eq!(userinfo(&vendors, &token).await["errcode"], 42_001);
    let query = encoded(&[
        ("appid", WECHAT_WEB.id),
        ("grant_type", "refresh_token"),
        ("refresh_token", token["refresh_token"].as_str().unwrap()),
    ]);
    let renewed = vendors.get(&format!("/wx/api/sns/oauth2/refresh_token?{query}")).await.json();
    assert_ne!(renewed["access_token"], token["access_token"]);
    assert_eq!(userinfo(&vendors, &renewed).await["nickname"], "小明");
}

fn inside(scope: &str, order: &[&str]) -> String {
    let value = |name: &&str| {
        match *name {
            "appid" => WECHAT_H5.id,
            "redirect_uri" => CALLBACK,
            "response_type" => "code",
            "scope" => scope,
            _ => "s2",
        }
        .to_owned()
    };
    let pairs: Vec<_> = order.iter().map(|name| (*name, value(name))).collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    format!("/wx/open/connect/oauth2/authorize?{}", encoded(&pairs))
}

#[tokio::test]
async fn inside_wechat_the_order_counts_and_base_tells_no_name() {
    let vendors = Vendors::start();
    let order = ["appid", "redirect_uri", "response_type", "scope", "state"];
    let silent = vendors.get(&inside("snsapi_base", &order)).await;
    assert_eq!(silent.redirected("state").as_deref(), Some("s2"));
    let token = exchange(&vendors, WECHAT_H5, &silent.redirected("code").unwrap()).await;
    assert_eq!(userinfo(&vendors, &token).await["errcode"], 48_001);

    let mixed: Answer =
        vendors.get(&inside("snsapi_base", &["redirect_uri", "appid", "response_type", "scope", "state"])).await;
    assert!(mixed.location.is_none() && mixed.body.contains("该链接无法访问"));

    let asked = vendors.get(&inside("snsapi_userinfo", &order)).await;
    assert!(asked.body.contains("id=\"consent\""));
    vendors.tell("/wx/next", json!({"user": XIAOHONG, "action": "deny"})).await;
    let refused = vendors.get(&inside("snsapi_userinfo", &order)).await;
    assert_eq!((refused.redirected("code"), refused.redirected("state")), (None, Some("s2".to_owned())));
    let agreed =
        vendors.post_form(&inside("snsapi_userinfo", &order), &[("user", XIAOHONG), ("action", "allow")]).await;
    let token = exchange(&vendors, WECHAT_H5, &agreed.redirected("code").unwrap()).await;
    assert_eq!(userinfo(&vendors, &token).await["nickname"], "小红");
}
