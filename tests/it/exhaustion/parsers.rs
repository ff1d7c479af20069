//! RX-05: input that costs a parser more than it costs its sender.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use rustix::time::{ClockId, clock_gettime};

use crate::support::database::Backend::Sqlite;
use crate::support::house::SECRET;
use crate::support::idp::TestIdp;
use crate::support::relying_party::basic;

/// Processor time of this thread, on which the requests of the test run.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

/// Of a build without optimisation; a release needs a tenth.
const LIMIT: Duration = Duration::from_millis(50);

/// Everything as long as a body may be.
fn hostile() -> Vec<(&'static str, String)> {
    let long = 60_000;
    let times = |text: &str| text.repeat(long / text.len());
    vec![
        ("nested JSON", times("[")),
        ("nested objects", times("{\"a\":")),
        ("a wide list", format!("[{}0]", times("0,"))),
        ("a claims parameter that goes deep", format!("{{\"id_token\":{}", times("{\"a\":"))),
        ("many scopes", times("a ")),
        ("many scopes of one name", times("openid ")),
        ("dots of a JWT", times(".")),
        ("a long JWT", format!("{}.{}.{}", "a".repeat(20_000), "b".repeat(20_000), "c".repeat(19_000))),
        ("a JWT of nested JSON", format!("eyJhbGciOiJSUzI1NiJ9.{}.x", times("W1tb"))),
        ("an e-mail of dots", format!("{}@{}", "a.".repeat(15_000), "b.".repeat(14_000))),
        ("an e-mail of at signs", times("@")),
        ("a number", times("9")),
        ("a phone of spaces", format!("+86{}", times(" 1"))),
        ("a URL of slashes", format!("https://a/{}", times("../"))),
        ("percent signs", times("%")),
        ("spaces", times(" ")),
        ("combining marks", times("e\u{301}")),
        ("brackets", times("(((((a+)+)+)+)+)")),
    ]
}

#[actix_web::test]
async fn rx_05_no_text_costs_more_than_it_is_worth() {
    let idp = TestIdp::configured(Sqlite, &[("throttle.enabled", "false")]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let login = browser.open("/login").await.form();
    let own: Vec<_> = ["csrf", "interaction"].map(|name| (name, login.fields[name].clone())).to_vec();
    let mut worst = (Duration::ZERO, String::new());
    let _warm = browser.get("/jwks").await;
    for (what, text) in hostile() {
        let authorize: Vec<(String, String)> = console.request().params;
        let mut requests = Vec::new();
        for name in ["scope", "claims", "id_token_hint", "login_hint", "state", "ui_locales", "acr_values", "prompt"] {
            let mut fields = authorize.clone();
            fields.retain(|(one, _)| one != name);
            fields.push((name.to_owned(), text.clone()));
            requests.push((format!("/authorize {name}"), "/authorize", fields, None));
        }
        for (path, name) in [
            ("/token", "scope"),
            ("/token", "client_assertion"),
            ("/token", "refresh_token"),
            ("/introspect", "token"),
            ("/revoke", "token"),
        ] {
            let grant = if name == "refresh_token" { "refresh_token" } else { "client_credentials" };
            let mut fields = vec![("grant_type".to_owned(), grant.to_owned()), (name.to_owned(), text.clone())];
            if name == "client_assertion" {
                let of_jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                fields.push(("client_assertion_type".to_owned(), of_jwt.to_owned()));
            }
            let proof = (name != "client_assertion").then(|| basic("machine", SECRET));
            requests.push((format!("{path} {name}"), path, fields, proof));
        }
        for path in ["/login", "/login/sub", "/login/iam"] {
            let mut fields: Vec<_> = own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            fields.push(("username".to_owned(), text.clone()));
            fields.push(("agree".to_owned(), "1".to_owned()));
            requests.push((format!("{path} username"), path, fields, None));
        }
        for (name, path, fields, proof) in requests {
            let request = TestRequest::post().insert_header(("Origin", "https://id.test")).set_form(&fields);
            let request = match proof {
                Some(proof) => request.insert_header(("Authorization", proof)),
                None => request,
            };
            let (before, began) = (spent(), Instant::now());
            let answer = browser.send(request, path).await;
            let cost = spent().saturating_sub(before).min(began.elapsed());
            assert!(!answer.status.is_server_error(), "{name}, {what}: {}", answer.status);
            if cost > worst.0 {
                worst = (cost, format!("{name}, {what}: {}", answer.status));
            }
        }
        if text.is_ascii() {
            let bearer = TestRequest::get().insert_header(("Authorization", format!("Bearer {}", &text[..8_000])));
            let answer = browser.send(bearer, "/userinfo").await;
            let refused = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST);
            assert!(refused, "{what}: {}", answer.status);
        }
    }
    assert!(worst.0 < LIMIT, "{} took {:?} of the processor", worst.1, worst.0);
    println!("the dearest: {} {:?}", worst.1, worst.0);
}
