//! The server's certificate: read from files, read again when they change.

mod validity;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::base::{Clock, FileMark, SystemClock};
use crate::config::ConfigError;

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
type Seen = [Option<FileMark>; 2];

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
    [chain, key].map(FileMark::of)
}

fn read_pair(chain: &Path, key: &Path) -> Result<CertifiedKey, ConfigError> {
    let bad = |key: &str, reason: &str| ConfigError::new(key, reason);
    let bad_chain = |_error| bad("server.tls_certificate", "cannot be read as PEM certificates");
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(chain).and_then(Iterator::collect).map_err(bad_chain)?;
    let leaf = chain.first().ok_or_else(|| bad("server.tls_certificate", "holds no certificate"))?;
    let (from, until) =
        validity::of(leaf).ok_or_else(|| bad("server.tls_certificate", "is not an X.509 certificate"))?;
    let now = SystemClock.now();
    if now < from || until < now {
        return Err(bad("server.tls_certificate", "is expired, or not valid yet"));
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

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    struct Files {
        folder: tempfile::TempDir,
    }

    impl Files {
        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// Replaces both files as tools do: by renaming.
        fn write(&self, chain: &str, key: &str) {
            for (name, text) in [("chain.pem", chain), ("key.pem", key)] {
                fs::write(self.path("new"), text).unwrap();
                fs::rename(self.path("new"), self.path(name)).unwrap();
            }
        }

        fn load(&self) -> Result<Arc<Certificate>, ConfigError> {
            Certificate::load(&self.path("chain.pem"), &self.path("key.pem"))
        }
    }

    fn pair_until(year: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn leaf(certificate: &Certificate) -> Vec<u8> {
        certificate.state.read().pair.cert[0].to_vec()
    }

    #[test]
    fn a_new_pair_is_taken_and_a_bad_one_leaves_the_old() {
        let files = Files { folder: tempfile::tempdir().unwrap() };
        let ((chain, key), (other_chain, other_key), (old_chain, old_key)) =
            (pair_until(2090), pair_until(2091), pair_until(2001));
        files.write(&chain, &key);
        let certificate = files.load().unwrap();
        let first = leaf(&certificate);
        let half = &other_chain[..other_chain.len() / 2];
        for (chain, key) in [(half, other_key.as_str()), (&other_chain, &key), (&old_chain, &old_key), ("", "")] {
            files.write(chain, key);
            certificate.refresh();
            assert_eq!(leaf(&certificate), first);
        }
        fs::remove_file(files.path("key.pem")).unwrap();
        certificate.refresh();
        assert_eq!(leaf(&certificate), first);
        files.write(&other_chain, &other_key);
        certificate.refresh();
        assert_ne!(leaf(&certificate), first);
    }

    #[test]
    fn at_the_start_a_bad_pair_is_told_by_its_key() {
        let files = Files { folder: tempfile::tempdir().unwrap() };
        let ((chain, key), (_, other_key), (old_chain, old_key)) =
            (pair_until(2090), pair_until(2091), pair_until(2001));
        for (chain, key, told) in [
            (&*chain, &*other_key, "server.tls_key: does not belong to tls_certificate"),
            (&*old_chain, &*old_key, "server.tls_certificate: is expired, or not valid yet"),
            (&*key, &*key, "server.tls_certificate: holds no certificate"),
            (&*chain, &*chain, "server.tls_key: cannot be read as a PEM private key"),
        ] {
            files.write(chain, key);
            assert_eq!(files.load().unwrap_err().to_string(), told);
        }
    }
}
