//! RX-02: bodies that are too large, never end, or are packed.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use menshen::web::routes::TABLE;

use super::{PATIENCE, served};
use crate::clients::over_tcp::Served;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
/// Bytes that are sent at most: far more than is taken, far less than is announced.
const SENT: usize = 2 * 1024 * 1024;

/// Sends `head`, then `piece` again and again: the status that comes of it, once
/// the server has closed, which it does although the body is not over.
fn pour(served: &Served, path: &str, head: &str, piece: &[u8]) -> String {
    let host = served.issuer.trim_start_matches("http://");
    let port = host.trim_start_matches("localhost:").parse::<u16>().expect("a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE))).expect("a socket");
    let begin = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{head}\r\n");
    let mut sent = stream.write_all(begin.as_bytes()).map(|()| 0);
    while let Ok(length) = sent
        && length < SENT
        && !piece.is_empty()
    {
        // A server that has closed is no failure; one that neither reads nor closes is.
        sent = stream.write_all(piece).map(|()| length + piece.len());
    }
    let stalled = |error: &std::io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    assert!(!sent.is_err_and(|error| stalled(&error)), "{path}: the server neither reads nor closes");
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    assert!(!end.is_err_and(|error| stalled(&error)), "{path}: the server waits for more");
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or("closed").to_owned()
}

#[test]
fn rx_02_no_endpoint_reads_more_than_it_takes() {
    let served = served(&[]);
    let a = vec![b'a'; 64 * 1024];
    let chunk = [format!("{:x}\r\n", a.len()).into_bytes(), a.clone(), b"\r\n".to_vec()].concat();
    let part = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
    let huge = format!("{FORM}Content-Length: {}\r\n", 1_u64 << 30);
    let endless = format!("{FORM}Transfer-Encoding: chunked\r\n");
    let packed = format!("{FORM}Content-Encoding: gzip\r\nContent-Length: {}\r\n", 1_u64 << 30);
    let parts =
        format!("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n", 100_000 * part.len());
    let cases = [
        ("huge", huge, a.as_slice(), "413"),
        ("endless", endless, chunk.as_slice(), "413"),
        ("packed", packed, a.as_slice(), "415"),
        ("multipart", parts, part.as_slice(), "415"),
    ];
    let posts = TABLE.iter().filter(|row| row.methods.contains(&"POST"));
    std::thread::scope(|scope| {
        for path in posts.map(|row| row.path.replace("{account}", "acme")) {
            for (what, head, piece, expected) in &cases {
                let (served, path) = (&served, path.clone());
                scope.spawn(move || {
                    let status = pour(served, &path, head, piece);
                    // The client may learn of the end before it has read the answer. A page may
                    // have its own words for a body of another type, and a token is asked for first.
                    let refused = [*expected, "closed", "400", "401"].contains(&status.as_str());
                    assert!(refused, "{path}, {what}: {status}");
                });
            }
        }
    });
    // After all of that it still answers.
    let status = pour(&served, "/token", &format!("{FORM}Connection: close\r\nContent-Length: 0\r\n"), b"");
    assert!(matches!(status.as_str(), "400" | "401"), "{status}");
}
