//! The client against servers that behave, and that do not.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Answers each connection with the next of `answers`, then hangs up, or
/// never does when the answer ends in `…`.
pub(crate) fn answering(answers: Vec<String>) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let mut open = Vec::new();
        for answer in answers {
            let (mut peer, _from) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _length = peer.read(&mut head).await.unwrap();
            // The client may hang up in the middle of what it refuses.
            let _hung_up = peer.write_all(answer.trim_end_matches('…').as_bytes()).await;
            if answer.ends_with('…') {
                open.push(peer);
            }
        }
        if !open.is_empty() {
            std::future::pending::<()>().await;
        }
    });
    (address, serving)
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

pub(crate) fn private() -> Outbound {
    Outbound::with(Reach::Private, Vec::new(), TOTAL_TIMEOUT)
}

async fn fetched(outbound: Outbound, answer: &str) -> Result<Vec<u8>, OutboundError> {
    let (address, _serving) = answering(vec![answer.to_owned()]);
    outbound.fetch(&Url::parse(&format!("http://{address}/jwks")).unwrap()).await
}

#[tokio::test]
async fn a_document_is_fetched_as_json() {
    let (address, _serving) = answering(vec![ok(r#"{"keys":[]}"#), ok("<html>")]);
    let url = Url::parse(&format!("http://localhost:{}/", address.port())).unwrap();
    let outbound = private();
    assert_eq!(outbound.fetch_json::<serde_json::Value>(&url).await.unwrap()["keys"], serde_json::json!([]));
    let error = outbound.fetch_json::<serde_json::Value>(&url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Json(_)), "{error}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_other_status_taken() {
    for (line, code) in [("302 Found\r\nlocation: http://127.0.0.1:1/", 302), ("404 Not Found", 404), ("204 No", 204)] {
        let error = fetched(private(), &format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n")).await.unwrap_err();
        assert!(matches!(error, OutboundError::Status(status) if status == code), "{error}");
    }
}

#[tokio::test]
async fn a_long_body_is_not_read_to_its_end() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n…";
    let unannounced = format!("HTTP/1.1 200 OK\r\n\r\n{}…", "x".repeat(MAX_BODY_LEN + 1));
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}…",
        format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(5)
    );
    for answer in [announced, &unannounced, &chunked] {
        let error = fetched(private(), answer).await.unwrap_err();
        assert!(matches!(error, OutboundError::TooLong), "{error}");
    }
    let full = fetched(private(), &ok(&"x".repeat(MAX_BODY_LEN))).await.unwrap();
    assert_eq!(full.len(), MAX_BODY_LEN);
}

#[tokio::test]
async fn a_server_that_stalls_or_babbles_is_given_up() {
    let hasty = || Outbound::with(Reach::Private, Vec::new(), Duration::from_millis(50));
    for answer in ["…", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc…", "SSH-2.0-x\r\n", ""] {
        let error = fetched(hasty(), answer).await.unwrap_err();
        assert!(matches!(error, OutboundError::Failed(_)), "{error}");
    }
}

#[tokio::test]
async fn nofetch_a_forbidden_address_sees_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let outbound = Outbound::with(Reach::Public, Vec::new(), TOTAL_TIMEOUT);
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0177.1", "localhost", "localhost."] {
        for scheme in ["https", "http"] {
            let url = Url::parse(&format!("{scheme}://{host}:{port}/?secret=hunter2")).unwrap();
            let error = outbound.fetch(&url).await.unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_file_of_roots_that_holds_none_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    let config = config::Outbound { ca_file: Some(path.clone()), allow_private_addresses: false };
    let refused = || Outbound::new(&config).err().unwrap().to_string();
    assert!(refused().contains("roots.pem"));
    for text in ["", "nothing", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&path, text).unwrap();
        assert!(refused().contains("roots.pem"), "{text}");
    }
}
