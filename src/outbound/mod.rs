//! Floor 3: the one HTTP client, for every call that this server makes.
//!
//! Clients' key sets, vendors and upstream providers; logout endpoints later.
//! It has short timeouts, follows no redirect, reads a bounded body and
//! calls public addresses alone ([`guard`]). The client is built at the first
//! call, so a machine without root certificates starts when nothing is called.

pub mod call;
mod error;
pub mod guard;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::{Certificate, Client, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;
use url::Url;

use call::Verb;
pub use call::{Answer, Call};
pub use error::OutboundError;
use error::{chain, failed};
pub use guard::Reach;
use guard::{GuardedResolver, check_url};

use crate::config;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// From the first name look-up to the last byte of the body.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest body that is read, in bytes.
pub const MAX_BODY_LEN: usize = 64 * 1024;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 2;
/// An HTTP/2 peer may not make us keep more header bytes than this.
const MAX_HEADER_LEN: u32 = 16 * 1024;

/// The HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    reach: Reach,
    roots: Vec<Certificate>,
    timeout: Duration,
    client: Mutex<Option<Client>>,
}

impl Outbound {
    /// As configured. Reads `ca_file` at once, so that a wrong one is known at
    /// the start.
    ///
    /// # Errors
    /// [`OutboundError::CaFile`].
    pub fn new(config: &config::Outbound) -> Result<Self, OutboundError> {
        let roots = config.ca_file.as_deref().map_or_else(|| Ok(Vec::new()), read_roots)?;
        let reach = if config.allow_private_addresses { Reach::Private } else { Reach::Public };
        Ok(Self::with(reach, roots, TOTAL_TIMEOUT))
    }

    fn with(reach: Reach, roots: Vec<Certificate>, timeout: Duration) -> Self {
        Self(Arc::new(Inner { reach, roots, timeout, client: Mutex::new(None) }))
    }

    /// Whether `url` may be called at all; for checks at registration.
    ///
    /// # Errors
    /// [`OutboundError::Url`] with the reason.
    pub fn check(&self, url: &Url) -> Result<(), OutboundError> {
        check_url(url, self.0.reach)
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// Everything but a 200 with a bounded body.
    pub async fn fetch(&self, url: &Url) -> Result<Vec<u8>, OutboundError> {
        self.check(url)?;
        let request = self.client()?.get(url.clone()).header("accept", "application/json");
        let response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(OutboundError::Status(response.status()));
        }
        body(response).await
    }

    /// Fetches JSON; whatever the content type says, it must parse.
    ///
    /// # Errors
    /// Those of [`Outbound::fetch`], and [`OutboundError::Json`].
    pub async fn fetch_json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, OutboundError> {
        Ok(serde_json::from_slice(&self.fetch(url).await?)?)
    }

    /// Sends one call, once, and gives what came back, whatever its status.
    ///
    /// # Errors
    /// Nothing came back: [`OutboundError::never_left`] tells whether the other
    /// side can have seen the call.
    pub async fn send(&self, call: Call) -> Result<Answer, OutboundError> {
        self.check(&call.url)?;
        let client = self.client()?;
        let request = match call.verb {
            Verb::Get => client.get(call.url),
            Verb::Post => client.post(call.url).body(call.body),
        };
        let request = call.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.timeout(call.within).send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs), body: body(response).await? })
    }

    /// The client, built at the first call; a failure is tried again at the next.
    fn client(&self) -> Result<Client, OutboundError> {
        let mut slot = self.0.client.lock();
        if let Some(client) = slot.as_ref() {
            return Ok(client.clone());
        }
        let client = self.build().map_err(OutboundError::Client)?;
        *slot = Some(client.clone());
        Ok(client)
    }

    fn build(&self) -> Result<Client, reqwest::Error> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // main installs it first of all; a test may not. Losing the race means that it is there.
            let _already_there = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Client::builder()
            .dns_resolver(GuardedResolver(self.0.reach))
            .tls_certs_merge(self.0.roots.iter().cloned())
            .https_only(self.0.reach == Reach::Public)
            .redirect(redirect::Policy::none())
            // A call may spend a code or send a message: it is never repeated here.
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("menshen/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.0.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http2_max_header_list_size(MAX_HEADER_LEN)
            .build()
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, OutboundError> {
    let fits = |len: usize| if len > MAX_BODY_LEN { Err(OutboundError::TooLong) } else { Ok(()) };
    if let Some(announced) = response.content_length() {
        fits(usize::try_from(announced).unwrap_or(usize::MAX))?;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        fits(body.len() + chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn read_roots(path: &Path) -> Result<Vec<Certificate>, OutboundError> {
    let refused = |reason: String| OutboundError::CaFile { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    let roots = Certificate::from_pem_bundle(&pem).map_err(|error| refused(chain(&error)))?;
    if roots.is_empty() { Err(refused("it holds no certificate".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
pub(crate) mod tests {
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
        for (line, code) in
            [("302 Found\r\nlocation: http://127.0.0.1:1/", 302), ("404 Not Found", 404), ("204 No", 204)]
        {
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
}
