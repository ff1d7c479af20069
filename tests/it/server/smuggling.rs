//! WB-06: a request whose end can be read in two ways is none. Behind a proxy that
//! reads it the other way, what follows it would be somebody else's request.

use std::io::{Read, Write};
use std::time::Duration;

use super::{FORM, TestServer, exchange, status};

/// What a second request would be, were there one.
const HIDDEN: &str = "GET /hello HTTP/1.1\r\nHost: localhost:8080\r\nX-Hidden: yes\r\n\r\n";

/// How many answers there are in what came back.
fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count() + text.matches("HTTP/1.0 ").count()
}

fn post(version: &str, framing: &str, body: &str) -> String {
    format!("POST /echo {version}\r\nHost: localhost:8080\r\n{FORM}{framing}\r\n{body}")
}

/// Refused and closed at once, whatever stands behind it.
fn assert_refused(server: &TestServer, what: &str, request: &str) {
    let answer = server.ask(request);
    assert_eq!((answers(&answer), status(&answer)), (1, "400"), "{what}: {answer}");
    assert!(!answer.contains("hello"), "{what}: {answer}");
}

#[test]
fn wb_06_a_request_that_ends_in_two_places_is_refused_and_ends_its_connection() {
    let server = TestServer::http();
    let chunked = "0\r\n\r\n";
    let both = format!("{chunked}{HIDDEN}");
    for (what, framing) in [
        ("CL.TE", format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", both.len())),
        ("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n".to_owned()),
        ("CL.TE of nothing", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n".to_owned()),
        ("two lengths", format!("Content-Length: 5\r\nContent-Length: {}\r\n", both.len())),
        ("two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n".to_owned()),
        ("a list of lengths", "Content-Length: 5, 5\r\n".to_owned()),
        ("a signed length", "Content-Length: +5\r\n".to_owned()),
        ("a negative length", "Content-Length: -1\r\n".to_owned()),
        ("a length in hexadecimal", "Content-Length: 0x5\r\n".to_owned()),
        ("an endless length", format!("Content-Length: {}\r\n", "9".repeat(30))),
        ("xchunked", "Transfer-Encoding: xchunked\r\n".to_owned()),
        ("chunked twice", "Transfer-Encoding: chunked, chunked\r\n".to_owned()),
        ("two encodings", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n".to_owned()),
        ("chunked, then identity", "Transfer-Encoding: chunked, identity\r\n".to_owned()),
        ("a blank before the colon", "Transfer-Encoding : chunked\r\n".to_owned()),
        ("a vertical tab", "Transfer-Encoding: \u{b}chunked\r\n".to_owned()),
        ("obs-fold", "Transfer-Encoding:\r\n chunked\r\n".to_owned()),
        ("obs-fold of another header", "X-Folded: a\r\n Content-Length: 5\r\n".to_owned()),
        ("a bare LF that hides an encoding", "Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked\r\n".to_owned()),
        ("a bare LF that hides a length", "Content-Length: 5\r\nX: y\nContent-Length: 0\r\n".to_owned()),
        ("a bare CR", "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n".to_owned()),
        ("a zero byte", "Transfer-Encoding: chunked\0\r\n".to_owned()),
    ] {
        assert_refused(&server, what, &post("HTTP/1.1", &framing, &both));
    }
    assert_refused(&server, "TE in HTTP/1.0", &post("HTTP/1.0", "Transfer-Encoding: chunked\r\n", &both));
    let with_length = format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", both.len());
    assert_refused(&server, "TE and CL in HTTP/1.0", &post("HTTP/1.0", &with_length, &both));
}

/// A chunked body that is broken is no body, and nothing behind it is a request.
#[test]
fn wb_06_a_broken_chunk_ends_its_connection() {
    let server = TestServer::http();
    for (what, body) in [
        ("a size with a bare LF", format!("3\na=b\r\n0\r\n\r\n{HIDDEN}")),
        ("a bare LF in an extension", format!("3;x\na=b\r\n0\r\n\r\n{HIDDEN}")),
        ("a size with a sign", format!("+3\r\na=b\r\n0\r\n\r\n{HIDDEN}")),
        ("a size with a prefix", format!("0x3\r\na=b\r\n0\r\n\r\n{HIDDEN}")),
        ("a size that overflows", format!("fffffffffffffffff\r\na=b\r\n0\r\n\r\n{HIDDEN}")),
        ("a chunk that goes on", format!("3\r\na=bcd\r\n0\r\n\r\n{HIDDEN}")),
    ] {
        let answer = server.ask(&post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", &body));
        assert!(answers(&answer) <= 1 && !answer.contains("hello"), "{what}: {answer}");
        assert!(answer.is_empty() || status(&answer).starts_with('4'), "{what}: {answer}");
    }
}

/// Two requests one behind the other are two, and what an honest client writes works.
#[test]
fn an_honest_request_after_another_is_answered() {
    let server = TestServer::http();
    let first = post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "3\r\na=b\r\n0\r\n\r\n");
    let last = HIDDEN.replace("X-Hidden: yes", "Connection: close");
    let mut stream = server.connect();
    stream.write_all(first.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"a=b") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    let answer = exchange(stream, &last);
    assert!(status(&answer) == "200" && answer.ends_with("hello"), "{answer}");
}
