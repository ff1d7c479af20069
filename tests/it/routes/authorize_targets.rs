//! `/authorize`: where an answer may go. Until the target is known good, errors
//! are shown and nothing is returned.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{OPS, SECRET};
use crate::support::idp::TestIdp;
use crate::support::relying_party::Request;
use serde_json::json;

/// E0: a page of ours that says why, and nothing that could be of use.
fn assert_shown(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
    assert_eq!(answer.location(), None, "{what}");
    assert!(answer.headers.get(SET_COOKIE).is_none(), "{what}");
    let explained = answer.body.contains("redirect_uri") || what.contains('\0');
    assert!(explained && !answer.body.contains("evil"), "{what}");
}

#[rstest]
#[actix_web::test]
async fn az_01_02_04_05_07_11_a_target_is_compared_byte_for_byte(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    // Signed in, so that anything that gets through would get a code.
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    let request = idp.client("console").request();
    let cases = [
        ("az_01", vec!["/", "?x=1", "x", "?"].into_iter().map(|end| format!("https://console.test/cb{end}")).collect()),
        (
            "az_01",
            texts(&["https://console.test/other", "https://console.test:8443/cb", "https://console.test:443/cb"]),
        ),
        ("az_01", texts(&["https://CONSOLE.test/cb", "HTTPS://console.test/cb", "http://console.test/cb"])),
        ("az_02", texts(&["https://console.test/cb/../evil", "https://console.test/cb/%2e%2e/evil"])),
        (
            "az_02",
            texts(&["https://console.test/%63b", "https://console.test/cb%2f..%2fevil", "https://console.test/cb;x"]),
        ),
        (
            "az_02",
            texts(&[
                " https://console.test/cb",
                "https://console.test/cb ",
                "https://console.test/./cb",
                "//console.test/cb",
            ]),
        ),
        ("az_04", texts(&["https://console.test@evil.test/cb", "https://evil.test#@console.test/cb"])),
        ("az_04", texts(&["https://evil.test\\@console.test/cb", "https://console.test\0.evil.test/cb"])),
        ("az_05", texts(&["https://consoleXtest/cb", "https://console-test/cb", "https://aconsole.test/cb"])),
        ("az_07", texts(&["https://console.test/cb#frag", "https://console.test/cb#"])),
        ("az_11", texts(&["javascript:alert(1)", "data:text/html,evil", "vbscript:x", "blob:https://console.test/1"])),
        ("az_11", texts(&["file:///etc/passwd", " java\tscript:alert(1)", "evil:/cb", ""])),
    ];
    for (id, uris) in cases {
        for uri in uris {
            for mode in ["query", "form_post"] {
                let asked = request.clone().with("redirect_uri", &uri).with("response_mode", mode);
                assert_shown(&browser.get(&asked.url()).await, &format!("{id}: {uri}"));
            }
        }
    }
    assert_shown(&browser.get(&request.clone().without("redirect_uri").url()).await, "none at all");
    // And the honest one goes through.
    idp.client("console").code_from(&browser.open(&request.url()).await);
}

fn texts(uris: &[&str]) -> Vec<String> {
    uris.iter().map(|uri| (*uri).to_owned()).collect()
}

#[rstest]
#[case::az_04_userinfo("https://console.test@evil.test/cb")]
#[case::az_07_fragment("https://console.test/cb#frag")]
#[case::az_11_javascript("javascript:alert(1)")]
#[case::az_11_data("data:text/html,x")]
#[case::az_11_dotless_scheme("myapp:/cb")]
#[actix_web::test]
async fn a_bad_target_cannot_even_be_registered(#[values(Sqlite)] backend: Backend, #[case] uri: &str) {
    let idp = TestIdp::start(backend).await;
    let client = json!({"client_id": "bad", "client_secret": SECRET, "redirect_uris": [uri], "scope": "openid"});
    let text = json!({"client": [client]}).to_string();
    let read = idp.identity().read_declaration(&text, menshen::identity::apply::Format::Json);
    assert!(read.is_err_and(|wrong| wrong.to_string().contains("redirect_uris")));
}

#[rstest]
#[actix_web::test]
async fn az_08_a_native_app_listens_on_any_port_of_its_loopback_address(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, native) = (idp.browser(), idp.client("native"));
    browser.sign_in(OPS).await;
    for uri in ["http://127.0.0.1:51004/cb", "http://127.0.0.1/cb", "http://[::1]:1024/cb"] {
        let answer = browser.open(&native.request().with("redirect_uri", uri).url()).await;
        assert!(answer.location().unwrap().starts_with(&format!("{uri}?")), "{:?}", answer.location());
        answer.code();
    }
    for uri in ["http://localhost:51004/cb", "http://127.0.0.2:51004/cb", "http://127.0.0.1:51004/other"] {
        assert_shown(&browser.get(&native.request().with("redirect_uri", uri).url()).await, uri);
    }
    for uri in ["https://127.0.0.1:51004/cb", "http://127.0.0.1:51004@evil.test/cb", "http://127.0.0.1:x/cb"] {
        assert_shown(&browser.get(&native.request().with("redirect_uri", uri).url()).await, uri);
    }
}

#[rstest]
#[actix_web::test]
async fn az_12_a_client_or_target_that_comes_twice_is_shown(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    let request = idp.client("console").request();
    for (name, value) in [
        ("client_id", "console"),
        ("client_id", "report-tool"),
        ("redirect_uri", "https://console.test/cb"),
        ("redirect_uri", "https://evil.test/cb"),
    ] {
        assert_shown(&browser.get(&request.clone().also(name, value).url()).await, name);
        // One in the query, one in the body.
        let query = Request { params: request.params.iter().filter(|(one, _)| one == name).cloned().collect() };
        let fields: Vec<_> = request.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_shown(&browser.post(&query.url(), &fields).await, name);
    }
}

#[rstest]
#[actix_web::test]
async fn az_13_unknown_and_disabled_clients_and_wrong_targets_look_alike(#[values(Sqlite, Postgres)] backend: Backend) {
    use menshen::base::id::ClientId;
    use menshen::domain::ClientStatus;
    let idp = TestIdp::start(backend).await;
    idp.write(|tx| menshen::store::clients::set_status(tx, &ClientId::from_text("legacy"), ClientStatus::Disabled))
        .await;
    idp.tokens.clients().forget();
    let browser = idp.browser();
    let request = idp.client("console").request();
    let answers = [
        browser.get(&request.clone().with("client_id", "nobody").url()).await,
        browser.get(&request.clone().with("redirect_uri", "https://evil.test/cb").url()).await,
        browser.get(&idp.client("legacy").request().url()).await,
        browser.get(&request.clone().without("client_id").url()).await,
    ];
    for answer in &answers {
        assert_shown(answer, &answer.url);
        // The language link repeats what was asked; nothing else differs.
        let repeated = |body: &str| body.lines().filter(|line| !line.contains("ui_locales")).collect::<String>();
        assert_eq!(repeated(&answer.body), repeated(&answers[0].body));
    }
}
