//! The least HTTP/1.1 client that measures something: one kept connection, one
//! request after the other, sized answers only.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back on it.
pub struct Response<'a> {
    pub status: u16,
    pub head: &'a str,
    pub body: &'a str,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("connecting to the server");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends one request and reads its whole answer.
    pub async fn send(&mut self, request: &str) -> Response<'_> {
        self.stream.write_all(request.as_bytes()).await.expect("the server takes requests");
        self.buffer.clear();
        let (mut head, mut whole) = (None, usize::MAX);
        while self.buffer.len() < whole {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
            assert!(read > 0, "the server closed a kept connection");
            if head.is_none() {
                head = self.buffer.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
                whole = head.map_or(usize::MAX, |head| head + content_length(text(&self.buffer, 0, head)));
            }
        }
        let head = head.unwrap_or_default();
        let (body, head) = (text(&self.buffer, head, whole), text(&self.buffer, 0, head));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status line");
        Response { status, head, body }
    }
}

impl Response<'_> {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }

    /// The path and query of the redirect, without our own origin.
    pub fn location(&self, origin: &str) -> String {
        let location = self.header("location").unwrap_or_else(|| panic!("no redirect: {} {}", self.head, self.body));
        location.strip_prefix(origin).unwrap_or(location).to_owned()
    }

    /// The text that stands between `before` and the next `"` of the body: a JSON
    /// string or the value of an attribute.
    pub fn quoted(&self, before: &str) -> String {
        let after = self.body.split(before).nth(1).and_then(|rest| rest.split('"').next());
        after.unwrap_or_else(|| panic!("no {before} in {} {}", self.head, self.body)).to_owned()
    }

    /// Measuring refusals would be lying.
    pub fn must_be(&self, status: u16) {
        assert!(self.status == status, "expected {status}: {}{}", self.head, self.body);
    }
}

fn text(buffer: &[u8], from: usize, to: usize) -> &str {
    std::str::from_utf8(buffer.get(from..to).unwrap_or_default()).expect("answers are UTF-8")
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name));
    head.lines().find_map(named).map(|(_, value)| value.trim())
}

fn content_length(head: &str) -> usize {
    let length = header(head, "content-length").unwrap_or_else(|| panic!("no length: {head}"));
    length.parse().expect("a length")
}

/// Writes requests to one host.
#[derive(Clone)]
pub struct Requests {
    /// `http://localhost:PORT`.
    pub origin: String,
}

impl Requests {
    /// `headers` are whole lines with their ends.
    pub fn get(&self, path: &str, headers: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host())
    }

    /// A form from a client or from our own page.
    pub fn post(&self, path: &str, headers: &str, form: &[(&str, &str)]) -> String {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.host());
        let _written = write!(
            request,
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        request
    }

    fn host(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }
}
