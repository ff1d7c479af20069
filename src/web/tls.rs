//! The server's certificate: read from files, read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::ConfigError;

/// How often the files are looked at.
pub const LOOK_AFTER: Duration = Duration::from_secs(1);

/// A certificate and its key, as new handshakes use them.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    pair: Arc<CertifiedKey>,
    seen: Seen,
}

/// What a look at the two files shows without reading them.
type Seen = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// `server.tls_certificate` or `server.tls_key` with the reason.
    pub fn load(chain: &Path, key: &Path) -> Result<Arc<Self>, ConfigError> {
        let seen = look(chain, key);
        let pair = Arc::new(read_pair(chain, key)?);
        Ok(Arc::new(Self { chain: chain.to_owned(), key: key.to_owned(), state: RwLock::new(State { pair, seen }) }))
    }

    /// Reads the files again when they have changed; a bad pair is told to the
    /// log and the old one stays.
    pub fn refresh(&self) {
        let seen = look(&self.chain, &self.key);
        if self.state.read().seen == seen {
            return;
        }
        match read_pair(&self.chain, &self.key) {
            Ok(pair) => {
                *self.state.write() = State { pair: Arc::new(pair), seen };
                tracing::info!("new handshakes use the new certificate");
            }
            Err(error) => {
                // Told once for each state of the files, not every second.
                self.state.write().seen = seen;
                tracing::error!(
                    key = error.key,
                    reason = error.reason,
                    "the new certificate is not used, the old one stays"
                );
            }
        }
    }

    /// The TLS settings of a listener with this certificate: TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// When the crypto provider offers no protocol version, which a test would show.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let resolver: Arc<Self> = Arc::clone(self);
        Ok(ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.state.read().pair))
    }
}

fn look(chain: &Path, key: &Path) -> Seen {
    [chain, key].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn read_pair(chain: &Path, key: &Path) -> Result<CertifiedKey, ConfigError> {
    let bad = |key: &str, reason: &str| ConfigError::new(key, reason);
    let bad_chain = |_error| bad("server.tls_certificate", "cannot be read as PEM certificates");
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(chain).and_then(Iterator::collect).map_err(bad_chain)?;
    if chain.is_empty() {
        return Err(bad("server.tls_certificate", "holds no certificate"));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|_error| bad("server.tls_key", "cannot be read as a PEM private key"))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| {
        if matches!(error, rustls::Error::InconsistentKeys(_)) {
            return bad("server.tls_key", "does not belong to tls_certificate");
        }
        bad("server.tls_certificate", "cannot be used: broken, or a kind of key that is not supported")
    })
}
