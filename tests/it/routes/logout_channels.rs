//! What relying parties hear of a sign-out: back-channel logout through the
//! outbox, front-channel logout in the person's browser.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use menshen::base::Clock;
use menshen::identity::Switch;
use menshen::jobs::{BackChannelLogout, Deliver, Job, OutboxJob};
use menshen::keys::{Expiry, OwnRules, TokenType};
use menshen::session::LOGOUT_NOTICE;
use menshen::store::outbox;
use rstest::rstest;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::chooser::pick;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, GLOBEX, OPS, SECRET};
use crate::support::idp::{ISSUER, TestIdp};
use crate::support::relying_party::claims_of;

/// An endpoint of a client: answers each call with the next of `answers`, the
/// last one for ever, and hands over what it got.
struct Endpoint {
    url: String,
    calls: Receiver<String>,
}

impl Endpoint {
    fn answering(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/logout", listener.local_addr().unwrap());
        let (tell, calls) = channel();
        std::thread::spawn(move || {
            let mut answers = answers.iter().copied();
            let mut last = "";
            for peer in listener.incoming() {
                let mut peer = peer.unwrap();
                last = answers.next().unwrap_or(last);
                let mut request = Vec::new();
                let mut chunk = [0; 4_096];
                while !is_whole(&request) {
                    match peer.read(&mut chunk) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => request.extend_from_slice(&chunk[..length]),
                    }
                }
                let _gone = tell.send(String::from_utf8_lossy(&request).into_owned());
                let _hung_up = write!(peer, "HTTP/1.1 {last}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { url, calls }
    }

    /// The logout tokens that came, with the whole call beside each.
    fn tokens(&self) -> Vec<(String, String)> {
        self.calls
            .try_iter()
            .map(|call| {
                let body = call.split("\r\n\r\n").nth(1).unwrap().to_owned();
                let token = form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "logout_token");
                (token.unwrap().1.into_owned(), call)
            })
            .collect()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    body.len() >= length.trim().parse::<usize>().unwrap()
}

pub(super) async fn start(backend: Backend) -> TestIdp {
    TestIdp::configured(backend, &[("outbound.allow_private_addresses", "true")]).await
}

/// Lets the console and the spa hear at this endpoint.
pub(super) async fn listening(idp: &TestIdp, uri: &str) {
    let mut declared = crate::support::house::declaration();
    for client in declared["client"].as_array_mut().unwrap() {
        if ["console", "spa"].contains(&client["client_id"].as_str().unwrap()) {
            client["backchannel_logout_uri"] = json!(uri);
            client["backchannel_logout_session_required"] = json!(true);
        }
    }
    idp.apply(&json!({"client": declared["client"], "resource": declared["resource"]})).await;
}

/// One round of the outbox.
pub(super) async fn deliver(idp: &TestIdp) {
    let deliverer: std::sync::Arc<dyn Deliver> =
        std::sync::Arc::new(BackChannelLogout::new(idp.tokens.clone(), idp.outbound.clone()));
    let job = OutboxJob::new(idp.store.clone(), std::sync::Arc::clone(&idp.clock), vec![deliverer]);
    job.step().await.unwrap();
}

pub(super) async fn waiting(idp: &TestIdp) -> usize {
    let until = idp.clock().now() + Duration::from_micros(1);
    idp.write(move |tx| Ok(outbox::claim(tx, &[LOGOUT_NOTICE], until, 100)?.len())).await
}

/// LO-04: the clients of the session that ended are told, each by its own `sid`, and nobody else's.
#[rstest]
#[actix_web::test]
async fn lo_04_one_account_leaves_and_its_clients_alone_are_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = start(backend).await;
    let endpoint = Endpoint::answering(&["200 OK"]);
    listening(&idp, &endpoint.url).await;
    let (browser, console, spa) = (idp.browser(), idp.client("console"), idp.client("spa"));
    let of_ops = console.signed_in(&browser, OPS, "openid").await;
    let of_ops_at_spa = spa.silently(&browser, "openid").await;
    browser.sign_in(ALICE).await;
    let page = browser.open(&console.request().with("scope", "openid offline_access").url()).await;
    let back = pick(&browser, &page, "alice@acme").await;
    let of_alice = console.tokens(&console.code_from(&back)).await;
    let hint = of_ops.id_token.clone().unwrap();
    browser.get(&format!("/logout?id_token_hint={hint}")).await;
    assert!(!idp.api().is_active(&of_ops.access).await);
    assert_eq!(idp.api().userinfo(&of_ops_at_spa.access).await.status, 401);
    assert!(idp.api().is_active(&of_alice.access).await);
    assert_eq!(console.refresh(of_alice.refresh.as_deref().unwrap()).await.status, 200);
    deliver(&idp).await;
    let told = endpoint.tokens();
    let mut sids: Vec<Value> = told.iter().map(|(token, _)| claims_of(token)["sid"].clone()).collect();
    let mut expected = vec![of_ops.claims()["sid"].clone(), of_ops_at_spa.claims()["sid"].clone()];
    sids.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(sids, expected, "each client by its own sid, and Alice's are not told");
    for (token, call) in &told {
        let rules = OwnRules {
            typ: TokenType::Logout,
            issuer: ISSUER,
            audience: None,
            expiry: Expiry::Enforced,
            now: idp.clock().now(),
        };
        let claims: Value = idp.keys.verify(token, &rules).unwrap();
        assert_eq!(claims["sub"], of_ops.claims()["sub"]);
        assert!(["console", "spa"].contains(&claims["aud"].as_str().unwrap()));
        assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
        assert!(claims["jti"].is_string() && claims.get("nonce").is_none());
        assert!(claims["exp"].as_i64() > claims["iat"].as_i64());
        assert!(call.starts_with("POST /logout HTTP/1.1\r\n"), "{call}");
        assert!(call.to_ascii_lowercase().contains("content-type: application/x-www-form-urlencoded"));
    }
    // Told once.
    deliver(&idp).await;
    assert!(endpoint.tokens().is_empty());
}

/// LO-06: a client that fails or points elsewhere: nobody waits for it, it is asked again later, and never elsewhere.
#[rstest]
#[actix_web::test]
async fn lo_06_a_client_in_trouble_delays_nobody_and_is_told_later(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = start(backend).await;
    let elsewhere = Endpoint::answering(&["200 OK"]);
    let moved: &'static str = Box::leak(format!("302 Found\r\nlocation: {}", elsewhere.url).into_boxed_str());
    let answers: &'static [&'static str] = Box::leak(vec!["500 Oops", moved, "200 OK"].into_boxed_slice());
    let endpoint = Endpoint::answering(answers);
    listening(&idp, &endpoint.url).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    let begun = Instant::now();
    browser.get(&format!("/logout?id_token_hint={}", tokens.id_token.clone().unwrap())).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody waits for the client");
    let mut jtis = Vec::new();
    for pause in [0, 5, 10] {
        idp.clock().advance(Duration::from_secs(pause));
        deliver(&idp).await;
        let told = endpoint.tokens();
        assert_eq!(told.len(), 1, "after {pause} s");
        jtis.push(claims_of(&told[0].0)["jti"].clone());
    }
    assert!(jtis.windows(2).all(|pair| pair[0] == pair[1]), "the client may know it again");
    assert!(elsewhere.tokens().is_empty(), "no redirect is followed");
    idp.clock().advance(Duration::from_secs(3_600));
    deliver(&idp).await;
    assert!(endpoint.tokens().is_empty(), "done is done");
}

#[rstest]
#[actix_web::test]
async fn who_is_switched_off_leaves_everywhere(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = start(backend).await;
    listening(&idp, "https://console.test/backchannel").await;
    let console = idp.client("console");
    let (one, other) = (idp.browser(), idp.browser());
    for browser in [&one, &other] {
        console.signed_in(browser, ALICE, "openid").await;
    }
    let third = idp.browser();
    console.signed_in(&third, GLOBEX, "openid").await;
    assert_eq!(waiting(&idp).await, 0);
    idp.switch(ALICE, Switch::Disable).await;
    assert_eq!(waiting(&idp).await, 2, "her two browsers, and nobody else's");
    // A stopped owner: told, and known by another sid when it comes back.
    let before = console.silently(&third, "openid").await.claims()["sid"].clone();
    idp.switch(GLOBEX, Switch::Suspend).await;
    assert_eq!(waiting(&idp).await, 1);
    idp.switch(GLOBEX, Switch::Resume).await;
    let after = console.silently(&third, "openid").await.claims()["sid"].clone();
    assert_ne!(before, after);
}

#[rstest]
#[actix_web::test]
async fn a_client_may_hear_of_it_in_the_browser(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = start(backend).await;
    let framed = json!({"client_id": "framed", "client_secret": SECRET, "first_party": true,
        "redirect_uris": ["https://framed.test/cb"], "post_logout_redirect_uris": ["https://framed.test/bye"],
        "frontchannel_logout_uri": "https://framed.test/out?x=1", "scope": "openid"});
    idp.apply(&json!({"client": [framed]})).await;
    let (browser, client) = (idp.browser(), idp.client("framed"));
    let tokens = client.signed_in(&browser, OPS, "openid").await;
    let (hint, sid) = (tokens.id_token.clone().unwrap(), tokens.claims()["sid"].as_str().unwrap().to_owned());
    let bye = "https%3A%2F%2Fframed.test%2Fbye";
    let page = browser.get(&format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={bye}")).await;
    let frame = page.attribute("iframe", "src").unwrap_or_else(|| panic!("no frame: {}", page.body));
    assert_eq!(frame, format!("https://framed.test/out?x=1&iss=https%3A%2F%2Fid.test&sid={sid}"));
    assert!(page.header("content-security-policy").unwrap().ends_with("; frame-src https://framed.test"));
    assert_eq!(page.attribute("meta[http-equiv=refresh]", "content").as_deref(), Some("3;url=https://framed.test/bye"));
    assert!(page.text("title").unwrap().contains("Signed out"));
}

#[rstest]
#[actix_web::test]
async fn a_person_chooses_what_to_leave(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = start(backend).await;
    listening(&idp, "https://console.test/backchannel").await;
    let (browser, console, spa) = (idp.browser(), idp.client("console"), idp.client("spa"));
    let at_console = console.signed_in(&browser, OPS, "openid").await;
    let at_spa = spa.silently(&browser, "openid").await;
    browser.sign_in(ALICE).await;
    // A hint at whom: preselected, and nothing has ended.
    let page = browser.open("/logout?client_id=console&logout_hint=alice%40acme").await;
    let checked = page.attribute("input[name=account][checked]", "value").unwrap();
    let alone = browser.open("/accounts").await;
    let alice = alone.attribute("button[data-principal-type=iam_user]", "value").unwrap();
    assert_eq!(checked, alice);
    assert!(page.has("input[name=account][value=app]") && page.has("input[name=account][value=all]"));
    assert!(idp.api().is_active(&at_console.access).await);
    // This client alone.
    let done = browser.submit(&page, &[("account", "app")]).await;
    assert!(done.body.contains("Signed out"), "{}", done.body);
    assert!(!idp.api().is_active(&at_console.access).await);
    assert_eq!(idp.api().userinfo(&at_spa.access).await.status, 200);
    assert_eq!(browser.open("/accounts").await.attributes("button[data-state=active]", "name").len(), 2);
    assert_eq!(waiting(&idp).await, 1, "the console alone is told");
    // Everybody: no name is left.
    let page = browser.open("/logout").await;
    let done = browser.submit(&page, &[("account", "all")]).await;
    assert!(done.header("clear-site-data").is_some() && !done.body.contains("alice"), "{}", done.body);
    assert_eq!(idp.api().userinfo(&at_spa.access).await.status, 401);
    assert!(!browser.open("/accounts").await.has("button[name=account]"));
}
