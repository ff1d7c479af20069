//! One call to a vendor: what is sent, and what came back.
//!
//! Vendors answer their errors with any status, so the caller judges it. A call
//! goes out once: what it spends (a code, a message to a phone) is not spent
//! twice because an answer was slow.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use url::{Url, form_urlencoded};

/// The longest that a call may take, from the name look-up to the last byte.
pub const LONGEST: Duration = Duration::from_secs(5);

/// What is sent.
pub struct Call {
    pub(super) url: Url,
    pub(super) verb: Verb,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) within: Duration,
}

/// How it is sent.
#[derive(Clone, Copy)]
pub(super) enum Verb {
    Get,
    Post,
}

impl Call {
    /// A GET.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self { url, verb: Verb::Get, headers: Vec::new(), body: Vec::new(), within: LONGEST }
    }

    /// A POST, with an empty body until one is given.
    #[must_use]
    pub fn post(url: Url) -> Self {
        Self { verb: Verb::Post, ..Self::get(url) }
    }

    /// One more header; a name is given once.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// `Authorization: Basic`, name and word form-encoded as RFC 6749 §2.3.1 wants it.
    #[must_use]
    pub fn basic(self, name: &str, word: &str) -> Self {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = STANDARD.encode(format!("{}:{}", encoded(name), encoded(word)));
        self.header("authorization", format!("Basic {pair}"))
    }

    /// A body as it is, with its type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// A form as body.
    #[must_use]
    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded;charset=utf-8", form)
    }

    /// JSON as body.
    ///
    /// # Errors
    /// A value that JSON has no form for.
    pub fn json(self, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(self.body("application/json", serde_json::to_vec(value)?))
    }

    /// Gives the call so long, at most [`LONGEST`].
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within.min(LONGEST);
        self
    }
}

/// What came back, whatever its status.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds.
    pub retry_after: Option<Duration>,
    /// The body, at most [`super::MAX_BODY_LEN`] bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// Is the status 2xx?
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status <= 299
    }

    /// Is the status 5xx, or 429?
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        self.status >= 500 || self.status == 429
    }
}

/// RFC 3986 §2.3: everything but letters, digits and `-_.~` as `%XX`. This is
/// what vendors' signatures are computed over.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing into a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::super::OutboundError;
    use super::super::tests::{answering, private};
    use super::*;

    fn url(address: std::net::SocketAddr) -> Url {
        Url::parse(&format!("http://{address}/vendor?secret=hunter2-canary")).unwrap()
    }

    #[tokio::test]
    async fn an_error_of_a_vendor_is_an_answer() {
        for status in [200, 302, 400, 404, 429, 500, 503] {
            let (address, _serving) =
                answering(vec![format!("HTTP/1.1 {status} X\r\nretry-after: 7\r\ncontent-length: 3\r\n\r\n{{}}\n")]);
            let answer = private().send(Call::post(url(address)).form([("a", "b c")])).await.unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (status, b"{}\n".as_slice()));
            assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
        }
    }

    #[tokio::test]
    async fn a_call_goes_out_once_and_tells_no_secret_when_it_fails() {
        // The second answer is there for whoever would ask again.
        let fine = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        for first in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "SSH-2.0-x\r\n"] {
            let (address, serving) = answering(vec![first.to_owned(), fine.to_owned()]);
            let error = private().send(Call::post(url(address)).body("text/plain", "x")).await.err().unwrap();
            assert!(matches!(error, OutboundError::Failed(_)) && !error.never_left(), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
            assert!(!serving.is_finished(), "nobody asked again");
        }
    }

    #[tokio::test]
    async fn a_slow_vendor_is_given_up_in_time() {
        let (address, _serving) = answering(vec!["…".to_owned()]);
        let begun = std::time::Instant::now();
        let call = Call::get(url(address)).within(Duration::from_millis(60));
        let error = private().send(call).await.err().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2) && !error.never_left(), "{error}");
        assert_eq!(Call::get(url(address)).within(Duration::from_secs(60)).within, LONGEST);
    }

    #[tokio::test]
    async fn a_call_that_found_nobody_never_left() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(private().send(Call::post(url(closed))).await.err().unwrap().never_left());
        let elsewhere = Url::parse("http://vendor.example/").unwrap();
        assert!(private().send(Call::post(elsewhere)).await.err().unwrap().never_left());
    }

    #[test]
    fn names_and_values_are_encoded_as_rfc_3986_says() {
        assert_eq!(percent_encoded("a-_.~ *+/=测"), "a-_.~%20%2A%2B%2F%3D%E6%B5%8B");
    }
}
