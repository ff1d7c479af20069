//! A vendor of a few lines for the tests of connectors: answers what it is told
//! and remembers what it was asked.

use std::net::TcpListener;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use super::Wire;
use crate::base::{SeededEntropy, TestClock, Timestamp};
use crate::config;
use crate::outbound::Outbound;

/// What connectors work with in tests: a clock that stands, repeatable chance,
/// calls to this machine.
pub(super) fn wire() -> Wire {
    let outbound = config::Outbound { ca_file: None, allow_private_addresses: true };
    Wire {
        outbound: Outbound::new(&outbound).unwrap(),
        clock: Arc::new(TestClock::at(Timestamp::from_seconds(1_735_787_045))),
        entropy: Arc::new(SeededEntropy::new(1)),
    }
}

/// A vendor that answers its calls in order, each on a connection of its own.
pub(super) struct Stub {
    pub(super) base: Url,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers with status 200 and these bodies.
    pub(super) fn answering(bodies: &[&str]) -> Self {
        Self::raw(bodies.iter().map(|body| answer(200, body)).collect())
    }

    /// Answers with these bytes.
    pub(super) fn raw(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = Url::parse(&format!("http://{}/vendor", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            for answer in answers {
                let (mut peer, _from) = listener.accept().await.unwrap();
                let request = request(&mut peer).await;
                heard.lock().push(request);
                // The client may hang up in the middle of what it refuses.
                let _hung_up = peer.write_all(&answer).await;
            }
        });
        Self { base, asked }
    }

    /// What was asked, call by call: head and body.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

/// One answer as it goes over the wire.
pub(super) fn answer(status: u16, body: &str) -> Vec<u8> {
    let head = "content-type: text/plain\r\nconnection: close";
    format!("HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Reads one request to the end of its body.
async fn request(peer: &mut tokio::net::TcpStream) -> String {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let announced =
                head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= announced.unwrap_or(0) {
                return text;
            }
        }
        match peer.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(length) => seen.extend_from_slice(&chunk[..length]),
        }
    }
}

/// A method's section, as the file gives it.
pub(super) fn section(name: &str, toml: &str) -> config::MethodSection {
    config::Config::from_parts(&format!("[login.{name}]\n{toml}"), []).unwrap().login.method(name)
}

/// Answers that mean nothing, of every kind that vendors in trouble give.
pub(super) fn nonsense() -> Vec<Vec<u8>> {
    let mut odd: Vec<Vec<u8>> = ["", "<html>busy</html>", "[]", "null", "{", "{\"a\":1,\"a\":2}", "\u{feff}{}", "{}"]
        .iter()
        .map(|body| answer(200, body))
        .collect();
    odd.push(answer(200, &format!("{{\"a\":\"{}\"}}", "x".repeat(64 * 1024))));
    odd.push([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".as_slice(), b"{\"a\":\"\xff\"}"].concat());
    odd.push(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\"".to_vec());
    odd.push(b"SSH-2.0-OpenSSH\r\n".to_vec());
    odd.push(Vec::new());
    odd.push(answer(302, "{}"));
    odd.push(answer(404, "<html>"));
    odd.extend([429, 500, 502, 503].map(|status| answer(status, "<html>")));
    odd
}
