//! LO-06: a client whose endpoint for sign-outs never answers, or never ends its answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rstest::rstest;

use super::logout_channels::{deliver, listening, start, waiting};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::OPS;
use crate::support::idp::TestIdp;

/// How the endpoint behaves.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Takes the call and says nothing.
    Hangs,
    /// Answers with 10 MiB.
    Endless,
}

/// Listens, and says when it was called.
fn endpoint(trouble: Trouble) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/logout", listener.local_addr().unwrap());
    let (tell, calls) = channel();
    std::thread::spawn(move || {
        let mut held: Vec<TcpStream> = Vec::new();
        for peer in listener.incoming() {
            let mut peer = peer.unwrap();
            let _read = peer.read(&mut [0; 4_096]);
            let _gone = tell.send(());
            match trouble {
                Trouble::Hangs => held.push(peer),
                Trouble::Endless => {
                    let _head = peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n");
                    // Whoever is called hangs up long before the end.
                    let _cut_off = peer.write_all(&vec![b'x'; 10_485_760]);
                }
            }
        }
    });
    (url, calls)
}

/// LO-06: the person is out within two seconds, the message waits in the store, and is tried again.
#[rstest]
#[actix_web::test]
async fn lo_06_a_client_that_never_answers_is_asked_again(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(Trouble::Hangs, Trouble::Endless)] trouble: Trouble,
) {
    let idp = start(backend).await;
    let (url, calls) = endpoint(trouble);
    listening(&idp, &url).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    let begun = Instant::now();
    browser.get(&format!("/logout?id_token_hint={}", tokens.id_token.clone().unwrap())).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody waits for the client");
    assert!(!idp.api().is_active(&tokens.access).await);
    // A node that starts afterwards finds the message.
    let node = idp.another_node(&[("outbound.allow_private_addresses", "true")]).await;
    for pause in [0, 5] {
        idp.clock().advance(Duration::from_secs(pause));
        let begun = Instant::now();
        deliver(&node).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "a call has its end");
        assert_eq!(calls.try_iter().count(), 1, "after {pause} s");
        deliver(&node).await;
        assert_eq!(calls.try_iter().count(), 0, "not again before its time");
    }
    idp.clock().advance(Duration::from_secs(3_600));
    assert_eq!(waiting(&idp).await, 1, "and it is not forgotten");
}

/// LO-06: an address inside the house is never called, however a client came by it.
#[rstest]
#[actix_web::test]
async fn lo_06_an_address_inside_the_house_is_never_called(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (url, calls) = endpoint(Trouble::Hangs);
    listening(&idp, &url.replace("http://", "https://")).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    let done = browser.get(&format!("/logout?id_token_hint={}", tokens.id_token.clone().unwrap())).await;
    assert!(done.status.is_success() && !idp.api().is_active(&tokens.access).await);
    for _round in 0..3 {
        deliver(&idp).await;
        idp.clock().advance(Duration::from_secs(3_600));
    }
    assert_eq!(calls.try_iter().count(), 0);
}
