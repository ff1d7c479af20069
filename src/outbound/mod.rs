//! Floor 3: the one HTTP client, for every call that this server makes.
//!
//! Clients' key sets, vendors and upstream providers; logout endpoints later.
//! It has short timeouts, follows no redirect, reads a bounded body and
//! calls public addresses alone ([`guard`]). The client is built at the first
//! call, so a machine without root certificates starts when nothing is called.

pub mod call;
mod error;
pub mod guard;
mod lane;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::{Certificate, Client, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use call::Verb;
pub use call::{Answer, Call};
pub use error::OutboundError;
use error::{chain, failed};
pub use guard::Reach;
use guard::{GuardedResolver, check_url};
use lane::Lane;

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
pub struct Outbound {
    inner: Arc<Inner>,
    lane: Option<Arc<Lane>>,
}

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
        Self { inner: Arc::new(Inner { reach, roots, timeout, client: Mutex::new(None) }), lane: None }
    }

    /// The same client for one vendor: its clones share a bound on calls under way,
    /// and none goes out while the vendor is down. [`Outbound::send`] alone asks for it.
    #[must_use]
    pub fn lane(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), lane: Some(Arc::new(Lane::new())) }
    }

    /// Whether `url` may be called at all; for checks at registration.
    ///
    /// # Errors
    /// [`OutboundError::Url`] with the reason.
    pub fn check(&self, url: &Url) -> Result<(), OutboundError> {
        check_url(url, self.inner.reach)
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
        let Some(lane) = &self.lane else { return self.send_now(call).await };
        let deadline = Instant::now() + call.within;
        let place = lane.enter(deadline).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        let outcome = self.send_now(call.within(left)).await;
        place.ended(&outcome, left);
        outcome
    }

    async fn send_now(&self, call: Call) -> Result<Answer, OutboundError> {
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
        let mut slot = self.inner.client.lock();
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
            .dns_resolver(GuardedResolver(self.inner.reach))
            .tls_certs_merge(self.inner.roots.iter().cloned())
            .https_only(self.inner.reach == Reach::Public)
            .redirect(redirect::Policy::none())
            // A call may spend a code or send a message: it is never repeated here.
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("menshen/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.inner.timeout)
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
pub(crate) mod tests;
