//! A mail server in trouble: no page notices, and a letter that was turned away for
//! now arrives later, once.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use menshen::simulator::fixture::SMTP;
use rstest::rstest;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::simulator::vendor::Vendors;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;
use crate::support::house::{GLOBEX, OPS};
use crate::support::idp::TestIdp;

async fn idp(backend: Backend, vendors: &Vendors, port: u16) -> TestIdp {
    let port = port.to_string();
    let settings = [
        ("mail.host", "127.0.0.1"),
        ("mail.port", &port),
        ("mail.tls", "none"),
        ("mail.username", SMTP.id),
        ("mail.password", SMTP.secret),
        ("mail.from", "no-reply@id.test"),
    ];
    TestIdp::beside(backend, vendors, &settings).await
}

/// Asks for a code by mail; the page after it, whatever becomes of the letter.
async fn ask(browser: &Browser) -> Answer {
    let page = browser.open("/reset").await;
    let answer = browser.submit(&page, &[("username", OPS.name)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = browser.follow(answer).await;
    assert!(page.has("#code") && page.error_code().is_none(), "{}", page.body);
    page
}

async fn arrived(vendors: &Vendors) -> usize {
    vendors.told(&format!("/mail?to={}", OPS.name)).await.as_array().unwrap().len()
}

#[rstest]
#[case::busy("connect", 421, 1)]
#[case::greylisted("mail", 450, 1)]
#[case::later("data", 451, 1)]
#[case::full("rcpt", 452, 1)]
#[case::nobody("rcpt", 550, 0)]
#[actix_web::test]
async fn a_letter_that_is_turned_away_arrives_once_or_never(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] at: &str,
    #[case] code: u16,
    #[case] expected: usize,
) {
    let vendors = Vendors::at(TestDatabase::clock());
    let idp = idp(backend, &vendors, vendors.running.smtp_address().port()).await;
    let fault = json!({"match": {"vendor": "mail"}, "mode": "smtp", "times": 1, "args": {"code": code, "at": at}});
    vendors.tell("/faults", fault).await;
    ask(&idp.browser()).await;
    idp.deliver().await;
    assert_eq!(arrived(&vendors).await, 0, "turned away at {at}");
    for _later in 0..6 {
        idp.clock().advance(Duration::from_secs(20));
        idp.deliver().await;
    }
    assert_eq!(arrived(&vendors).await, expected);
}

/// Nobody there, one who hangs up, one who talks nonsense, one who says nothing.
#[rstest]
#[case::gone(None)]
#[case::hangs_up(Some(""))]
#[case::nonsense(Some("HTTP/1.1 400 Bad Request\r\n\r\n\u{fffd}\u{fffd}\r\n"))]
#[case::silent(Some("wait"))]
#[actix_web::test]
async fn a_mail_server_that_is_none_holds_up_nobody(#[case] says: Option<&'static str>) {
    let vendors = Vendors::at(TestDatabase::clock());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let idp = idp(Sqlite, &vendors, listener.local_addr().unwrap().port()).await;
    if let Some(says) = says {
        actix_web::rt::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut peer, _from)) = listener.accept().await {
                if says == "wait" {
                    held.push(peer);
                } else {
                    let _gone = peer.write_all(says.as_bytes()).await;
                }
            }
        });
    } else {
        drop(listener);
    }
    let begun = Instant::now();
    let browser = idp.browser();
    ask(&browser).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "the page waits for the mail server");
    // Whoever signs in while the letter is on its way waits for nothing.
    let delivering = actix_web::rt::spawn({
        let idp = idp.clone();
        async move { idp.deliver().await }
    });
    browser.sign_in(GLOBEX).await;
    assert!(browser.open("/accounts").await.has("[data-state=active]"));
    assert!(says != Some("wait") || !delivering.is_finished(), "the server said nothing all the time");
    delivering.abort();
}
