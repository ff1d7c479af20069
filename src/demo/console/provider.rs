//! What the console knows of the provider: its discovery document and keys.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::{IssuerUrl, ProviderMetadataWithLogout};
use parking_lot::Mutex;

use super::trouble::Trouble;
use crate::base::{SharedClock, Timestamp};
use crate::demo::http::HttpClient;

/// How long the document is believed. Keys are published a day before they
/// sign, so this is short.
const BELIEVED: Duration = Duration::from_secs(300);

/// The provider, found by its issuer and asked again now and then.
pub struct Provider {
    issuer: IssuerUrl,
    http: HttpClient,
    clock: SharedClock,
    known: Mutex<Option<(Timestamp, Arc<ProviderMetadataWithLogout>)>>,
}

impl Provider {
    /// A provider that has not been asked yet.
    #[must_use]
    pub fn new(issuer: IssuerUrl, http: HttpClient, clock: SharedClock) -> Self {
        Self { issuer, http, clock, known: Mutex::new(None) }
    }

    /// The issuer, exactly as tokens name it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// The client that calls it.
    #[must_use]
    pub const fn http(&self) -> &HttpClient {
        &self.http
    }

    /// The clock of this process.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The discovery document with the keys (OpenID Connect Discovery 1.0 §4).
    pub(super) async fn metadata(&self) -> Result<Arc<ProviderMetadataWithLogout>, Trouble> {
        let now = self.clock.now();
        let known = self.known.lock().clone();
        if let Some((_, metadata)) = known.filter(|(learnt, _)| now.since(*learnt) < BELIEVED) {
            return Ok(metadata);
        }
        self.learn(now).await
    }

    /// The same, asked for now: a token may be signed by a key that is new.
    pub(super) async fn fresh_metadata(&self) -> Result<Arc<ProviderMetadataWithLogout>, Trouble> {
        self.learn(self.clock.now()).await
    }

    async fn learn(&self, now: Timestamp) -> Result<Arc<ProviderMetadataWithLogout>, Trouble> {
        let found = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = Arc::new(found.map_err(|error| Trouble::provider("discovery", &error))?);
        *self.known.lock() = Some((now, Arc::clone(&metadata)));
        Ok(metadata)
    }
}
