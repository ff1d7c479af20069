//! `[server]`: where and as whom the server answers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::error::require;
use super::section::section;
use super::types::Issuer;
use super::value::{Raw, Reason, Setting, minutes, quoted};

section! {
    /// Where the server listens, and the name under which the world reaches it.
    Server = "server" {
        /// Address and port of the listener.
        listen: SocketAddr = r#""127.0.0.1:8080""#,
        /// The issuer, exact and without trailing slash. Public URLs come from here only, and a request whose
        /// `Host` is another is refused with 421. Plain http is accepted on a loopback host alone.
        issuer: Issuer = r#""http://localhost:8080""#,
        /// Certificate chain (PEM). With `tls_key`: TLS on `listen`. Both files are read again when they change.
        tls_certificate: Option<PathBuf> = "",
        /// Private key (PEM) of `tls_certificate`.
        tls_key: Option<PathBuf> = "",
        /// A proxy before this server ends TLS. Without it plain http is served on a loopback address alone.
        behind_tls_proxy: bool = "false",
        /// Networks of proxies that are believed when they name the client; everybody else's headers are ignored.
        trusted_proxies: Vec<IpNet> = "[]",
        /// The one header in which the trusted proxies name the client. They must write it themselves on every
        /// request; one that they send and that cannot be read is answered 400.
        proxy_header: ProxyHeader = r#""x-forwarded-for""#,
        /// Connections that one worker holds at once; more wait in the kernel.
        max_connections: u32 = "10000",
        /// Worker threads; 0: one per core.
        workers: u32 = "0",
        /// How long a connection may take to send the head of a request; then it is closed.
        slow_head: Duration = r#""10s""#,
        /// How long a body may take; then it is answered 408 and the connection closed.
        slow_body: Duration = r#""30s""#,
        /// How long new connections are still accepted after SIGTERM, while `/readyz` already says no.
        stop_delay: Duration = r#""0s""#,
        /// How long requests under way may take to end after SIGTERM.
        drain: Duration = r#""10s""#,
    }
    check(server) {
        require(
            "server.tls_key",
            server.tls_certificate.is_some() == server.tls_key.is_some(),
            "tls_certificate and tls_key are needed together",
        )?;
        let tls = server.tls_certificate.is_some();
        require("server.behind_tls_proxy", !(tls && server.behind_tls_proxy), "must be false when tls_certificate is set")?;
        require(
            "server.listen",
            tls || server.behind_tls_proxy || server.listen.ip().is_loopback(),
            "plain http on an address that is not loopback needs TLS files or behind_tls_proxy = true",
        )?;
        require(
            "server.issuer",
            server.issuer.is_https() == (tls || server.behind_tls_proxy),
            "https goes with TLS files or behind_tls_proxy = true, http with neither",
        )?;
        require("server.max_connections", server.max_connections >= 16, "must be at least 16")?;
        require("server.workers", server.workers <= 1_024, "must be at most 1024")?;
        let patient = |longest: u64, time: Duration| (Duration::from_secs(1)..=minutes(longest)).contains(&time);
        require("server.slow_head", patient(1, server.slow_head), "must be 1s to 1m")?;
        require("server.slow_body", patient(5, server.slow_body), "must be 1s to 5m")?;
        require("server.stop_delay", server.stop_delay <= minutes(5), "must be at most 5m")?;
        require("server.drain", server.drain <= minutes(5), "must be at most 5m")
    }
}

impl Server {
    /// The two files of the certificate, when this server speaks TLS itself.
    #[must_use]
    pub fn tls_files(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.tls_certificate.as_ref().zip(self.tls_key.as_ref())
    }
}

/// In which header a proxy names the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Setting for ProxyHeader {
    const KIND: &'static str = "\"x-forwarded-for\" or \"forwarded\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match String::parse(raw)?.as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(Self::expected()),
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }))
    }
}
