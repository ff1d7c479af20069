//! The phone page, and the native app on it against a provider that answers by
//! the documented wire.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use menshen::simulator::NativeApp;
use menshen::simulator::fixture::{WECHAT_WEB, XIAOHONG};
use parking_lot::Mutex;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::vendor::{Vendors, encoded};

const HOME: &str = "http://127.0.0.1/cb";

/// A provider of a few lines: path and body of every request are kept.
struct Provider {
    issuer: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (own, list) = (issuer.clone(), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, own.clone(), Arc::clone(&list)));
            }
        });
        Self { issuer, heard }
    }

    /// The body that was posted to a path.
    fn posted(&self, path: &str) -> String {
        let heard = self.heard.lock();
        let found = heard.iter().rev().find_map(|line| line.strip_prefix(&format!("POST {path} ")));
        found.unwrap_or_else(|| panic!("nothing posted to {path}: {heard:?}")).to_owned()
    }
}

async fn serve(mut stream: TcpStream, issuer: String, requests: Arc<Mutex<Vec<String>>>) {
    let mut text = String::new();
    loop {
        let mut bytes = vec![0; 4_096];
        let count = stream.read(&mut bytes).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if count == 0 || body.len() >= length.unwrap_or(0) {
            break;
        }
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut line = head.split(' ');
    let (method, target) = (line.next().unwrap(), line.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let cookie = if head.to_lowercase().contains("cookie: menshen=c1") { "with cookie " } else { "" };
    requests.lock().push(format!("{method} {path} {cookie}{query}{body}"));
    let answer = answer(&issuer, path, query, body);
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn answer(issuer: &str, path: &str, query: &str, body: &str) -> String {
    let reply = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
    };
    let param = |name: &str| {
        let found = url::form_urlencoded::parse(query.as_bytes()).find(|(is, _)| is == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    match path {
        "/.well-known/openid-configuration" => {
            let document = json!({"authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token")});
            reply("200 OK", "", &document.to_string())
        }
        "/authorize" => {
            let told = json!({"interaction": format!("i-{}", param("state")), "csrf": "x1", "methods": ["one_tap"]});
            reply("200 OK", "set-cookie: menshen=c1; Path=/; HttpOnly\r\n", &told.to_string())
        }
        "/login/one-tap" => {
            let state = body.split("interaction=i-").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or("");
            reply("303 See Other", &format!("location: /login/choose?state={state}\r\n"), "")
        }
        "/login/choose" if body.is_empty() => {
            let page = format!(
                "<title>Choose</title><form method=\"post\" action=\"/login/choose?state={}\"><input type=\"hidden\" name=\"csrf\" value=\"x2\"><button name=\"account\" value=\"a1\">Acme</button></form>",
                param("state")
            );
            reply("200 OK", "", &page)
        }
        "/login/choose" => {
            reply("303 See Other", &format!("location: {HOME}?code=k1&state={}&iss=x\r\n", param("state")), "")
        }
        "/login/wechat/app" => {
            reply("401 Unauthorized", "", "<title>No</title><p id=\"error\" data-code=\"upstream_refused\">")
        }
        _ => {
            let claims = URL_SAFE_NO_PAD.encode(json!({"sub": "p_1", "amr": ["one_tap"]}).to_string());
            reply("200 OK", "", &json!({"access_token": "t", "id_token": format!("e30.{claims}.x")}).to_string())
        }
    }
}

async fn with_app() -> (Vendors, Provider) {
    let provider = Provider::start().await;
    let app = NativeApp {
        issuer: provider.issuer.clone(),
        client_id: "native".to_owned(),
        redirect_uri: HOME.to_owned(),
        scope: "openid profile".to_owned(),
    };
    (Vendors::start_with(|simulator| simulator.native_app = Some(app)), provider)
}

#[tokio::test]
async fn the_native_app_signs_in_by_one_tap_and_shows_who_it_is() {
    let (vendors, provider) = with_app().await;
    assert!(vendors.get("/__sim/ui?lang=en").await.body.contains("id=\"app-begin\""));
    assert_eq!(vendors.post_form("/__sim/ui/app/begin", &[("lang", "en")]).await.status, 303);
    let asked = provider.heard.lock().iter().find(|line| line.starts_with("GET /authorize")).cloned().unwrap();
    assert!(asked.contains("code_challenge_method=S256") && asked.contains("client_id=native"), "{asked}");

    vendors.post_form("/__sim/ui/app/one-tap", &[("phone", "+8613800000001"), ("carrier", "cucc")]).await;
    let posted = provider.posted("/login/one-tap");
    assert!(posted.starts_with("with cookie interaction=i-"), "{posted}");
    for part in ["&csrf=x1", "&carrier=cucc", "&token=", "&attempt="] {
        assert!(posted.contains(part), "{part} in {posted}");
    }
    let page = vendors.get("/__sim/ui?lang=en").await.body;
    assert!(page.contains("Choose") && page.contains("value=\"account=a1\""), "{page}");

    vendors.post_form("/__sim/ui/app/answer", &[("form", "0"), ("choice", "account=a1")]).await;
    assert!(provider.posted("/login/choose").ends_with("csrf=x2&account=a1"));
    assert!(provider.posted("/token").contains("grant_type=authorization_code&code=k1"));
    let page = vendors.get("/__sim/ui?lang=en").await.body;
    assert!(page.contains("Signed in") && page.contains("one_tap"), "{page}");
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_shown_with_its_code() {
    let (vendors, provider) = with_app().await;
    vendors.post_form("/__sim/ui/app/begin", &[]).await;
    vendors.post_form("/__sim/ui/app/sdk", &[("vendor", "wechat"), ("user", XIAOHONG)]).await;
    assert!(provider.posted("/login/wechat/app").contains("&code="));
    assert!(vendors.get("/__sim/ui").await.body.contains("data-code=\"upstream_refused\""));
    vendors.post_form("/__sim/ui/app/forget", &[]).await;
    assert!(!vendors.get("/__sim/ui").await.body.contains("upstream_refused"));
}

#[tokio::test]
async fn the_page_shows_what_arrived_and_lets_a_code_be_scanned() {
    let vendors = Vendors::start();
    vendors.send_sms("13800000001", "271828").await;
    let query = encoded(&[
        ("appid", WECHAT_WEB.id),
        ("redirect_uri", "http://localhost:8080/login/wechat/callback"),
        ("response_type", "code"),
        ("scope", "snsapi_login"),
        ("state", "s1"),
    ]);
    vendors.get(&format!("/wx/open/connect/qrconnect?{query}")).await;
    let page = vendors.get("/__sim/ui?lang=zh-CN").await.body;
    assert!(page.contains("271828") && page.contains("<html lang=\"zh-CN\">") && page.contains("小红"), "{page}");
    let uuid = vendors.told("/wx/qr").await[0]["uuid"].as_str().unwrap().to_owned();
    let form = [("uuid", uuid.as_str()), ("user", XIAOHONG), ("action", "confirm"), ("lang", "en")];
    let pressed = vendors.post_form("/__sim/ui/wx", &form).await;
    assert_eq!((pressed.status, pressed.location.as_deref()), (303, Some("/__sim/ui?lang=en")));
    assert_eq!(vendors.told("/wx/qr").await[0]["status"], "confirmed");

    let fault = [("vendor", "wechat"), ("mode", "http"), ("times", ""), ("args", "{\"status\":502}"), ("route", "")];
    assert_eq!(vendors.post_form("/__sim/ui/faults", &fault).await.status, 303);
    assert_eq!(vendors.get("/wx/api/sns/auth").await.status, 502);
    vendors.post_form("/__sim/ui/faults/remove", &[("id", "1")]).await;
    assert_eq!(vendors.get("/wx/api/sns/auth").await.status, 200);
}
