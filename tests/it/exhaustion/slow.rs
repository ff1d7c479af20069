//! RX-04: sockets that say little, and that slowly.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::{PATIENCE, served, timed};
use crate::clients::over_tcp::Http;

/// Sockets of each kind.
const EACH: usize = 150;
/// Between two bytes of a socket that drips.
const DRIP: Duration = Duration::from_millis(250);
/// What is configured below, and what closing takes beside it on a machine that
/// has a lot to do. Without the limits a socket is held for minutes.
const LIMIT: Duration = Duration::from_secs(2);
const SLACK: Duration = Duration::from_secs(25);

/// Both ends of every socket belong to this process.
fn room_for_sockets() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum.or(limit.current);
    setrlimit(Resource::Nofile, limit).expect("room for sockets");
}

/// Sends `first`, then a byte of `rest` from time to time, until the server
/// closes; what it said.
async fn drip(address: SocketAddr, first: String, rest: &'static [u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let _closed = stream.write_all(first.as_bytes()).await;
    let (mut said, mut ticks) = (Vec::new(), interval(DRIP));
    let mut rest = rest.iter().cycle();
    loop {
        tokio::select! {
            read = stream.read_buf(&mut said) => if !matches!(read, Ok(length) if length > 0) { break },
            _tick = ticks.tick() => if let Some(byte) = rest.next() {
                // One that is gone is seen by the read.
                let _gone = stream.write_all(&[*byte]).await;
            }
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn rx_04_sockets_that_drip_or_say_nothing_are_closed_and_nobody_else_notices() {
    room_for_sockets();
    let served = served(&[("SERVER__SLOW_HEAD", "2s"), ("SERVER__SLOW_BODY", "2s")]);
    let address: SocketAddr = served.issuer.trim_start_matches("http://localhost:").parse::<u16>().map(local).unwrap();
    let host = served.issuer.trim_start_matches("http://").to_owned();
    let head = format!("GET /jwks HTTP/1.1\r\nHost: {host}\r\n");
    let post = format!(
        "POST /token HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 60000\r\n\r\n"
    );
    let chunked = post.replace("Content-Length: 60000", "Transfer-Encoding: chunked");
    let kinds: [(&str, String, &'static [u8]); 4] = [
        ("silent", String::new(), b""),
        ("slow head", head, b"X: y\r\n"),
        ("slow body", post, b"a=b&"),
        ("slow chunks", chunked, b"1\r\na\r\n"),
    ];
    let mut sockets = JoinSet::new();
    for (kind, first, rest) in kinds {
        for _socket in 0..EACH {
            let dripping = timed(timeout(PATIENCE, drip(address, first.clone(), rest)));
            sockets.spawn(async move { (kind, dripping.await) });
        }
    }
    let http = Http::new();
    let jwks = format!("{}/jwks", served.issuer);
    loop {
        let closed = tokio::select! {
            closed = sockets.join_next() => closed,
            keys = timeout(PATIENCE, http.json(&jwks)) => {
                assert!(keys.expect("others are answered meanwhile")["keys"].is_array());
                continue;
            }
        };
        let Some(closed) = closed else { break };
        let (kind, (said, open_for)) = closed.expect("a socket's task");
        let said = said.unwrap_or_else(|_late| panic!("{kind}: still open after {PATIENCE:?}"));
        assert!(open_for < LIMIT + SLACK, "{kind}: open for {open_for:?}");
        let bodies = kind.ends_with("body") || kind.ends_with("chunks");
        assert!(!bodies || said.is_empty() || said.starts_with("HTTP/1.1 408"), "{kind}: {said}");
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
