//! The server loop: listeners, TLS, limits, orderly stop.
//!
//! Knows sockets and time limits; what is answered comes in as `routes`.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::ServiceConfig;
use actix_web::{App, Error, HttpServer, rt};
use tokio::signal::unix::{SignalKind, signal};

use super::body::Patience;
use super::client_address::ProxyTrust;
use super::edge::Edge;
use super::health::{self, Health};
use super::tls::Certificate;
use crate::base::file_mark::LOOK_AFTER;
use crate::config::{self, ConfigError};
use crate::telemetry::Metrics;

/// How long a connection may stay idle.
const IDLE: Duration = Duration::from_secs(60);
/// How long a TLS handshake may take.
const SLOW_TLS: Duration = Duration::from_secs(5);
/// How long a connection that is closed waits for the client to take the answer.
const CLOSING: Duration = Duration::from_secs(1);
/// Connections that wait to be accepted; the kernel may allow fewer.
const BACKLOG: i32 = 4_096;
/// Connections to the metrics listener.
const METRICS_CONNECTIONS: usize = 64;

/// The application as the server and the tests run it: `routes` behind the
/// edge, with the health routes.
pub fn app<R: FnOnce(&mut ServiceConfig)>(
    edge: &Edge,
    health: &Arc<Health>,
    trust: &ProxyTrust,
    routes: R,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<R>>,
        Error = Error,
        InitError = (),
    > + use<R>,
> {
    App::new().app_data(trust.clone()).configure(health::routes(health)).configure(routes).wrap(edge.clone())
}

/// Listeners that are open and not yet served.
pub struct Listening {
    main: TcpListener,
    metrics: Option<TcpListener>,
    certificate: Option<Arc<Certificate>>,
    config: config::Server,
}

impl Listening {
    /// Opens the listeners and reads the certificate.
    ///
    /// # Errors
    /// The key of the address or file that cannot be used, with the reason.
    pub fn open(server: &config::Server, metrics: &config::Metrics) -> Result<Self, ConfigError> {
        let certificate = server.tls_files().map(|(chain, key)| Certificate::load(chain, key)).transpose()?;
        let main = listen("server.listen", server.listen)?;
        let metrics = metrics.enabled.then(|| listen("metrics.listen", metrics.listen)).transpose()?;
        Ok(Self { main, metrics, certificate, config: server.clone() })
    }

    /// Where the main listener is, also when the port was left to the system.
    ///
    /// # Errors
    /// When the socket has no address any more.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.main.local_addr()
    }

    /// Where the metrics listener is.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until `stop` ends: then not ready at once, new connections for
    /// the configured delay, and what is under way to its end.
    ///
    /// # Errors
    /// When workers cannot be started or the listener breaks.
    pub async fn serve<R>(
        self,
        edge: Edge,
        health: Arc<Health>,
        routes: R,
        stop: impl Future<Output = ()> + 'static,
    ) -> io::Result<()>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let Self { main, metrics, certificate, config } = self;
        let (main_health, metrics_health, counted) = (Arc::clone(&health), Arc::clone(&health), edge.metrics().clone());
        let (trust, patience) = (ProxyTrust::new(&config), Patience(config.slow_body));
        let server = HttpServer::new(move || app(&edge, &main_health, &trust, routes.clone()).app_data(patience))
            .workers(workers(config.workers))
            .max_connections(usize::try_from(config.max_connections).unwrap_or(usize::MAX))
            .keep_alive(IDLE)
            .client_request_timeout(config.slow_head)
            .client_disconnect_timeout(CLOSING)
            .tls_handshake_timeout(SLOW_TLS)
            .shutdown_timeout(config.drain.as_secs())
            .disable_signals();
        let server = match &certificate {
            None => server.listen(main)?,
            Some(certificate) => {
                server.listen_rustls_0_23(main, certificate.server_config().map_err(io::Error::other)?)?
            }
        }
        .run();
        let counting =
            metrics.map(|listener| serve_metrics(listener, metrics_health, counted, config.slow_head)).transpose()?;
        let (main_handle, counting_handle) = (server.handle(), counting.as_ref().map(Server::handle));
        let watching = rt::spawn(watch_files(certificate));
        let counting = rt::spawn(async move {
            match counting {
                Some(server) => server.await,
                None => Ok(()),
            }
        });
        rt::spawn(async move {
            stop.await;
            health.stop();
            tracing::info!("stopping");
            tokio::time::sleep(config.stop_delay).await;
            main_handle.stop(true).await;
        });
        let outcome = server.await;
        watching.abort();
        if let Some(handle) = counting_handle {
            handle.stop(false).await;
        }
        counting.await.map_err(io::Error::other)??;
        outcome
    }
}

/// Ends at the first SIGTERM or SIGINT; a second one then ends the process.
///
/// # Errors
/// When the signals cannot be caught.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        rt::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            tracing::warn!("stopped by a second signal");
            std::process::exit(1);
        });
    })
}

fn serve_metrics(
    listener: TcpListener,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    slow_head: Duration,
) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new().configure(health::routes(&health)).configure(health::metrics_route(&metrics))
    });
    let server = server.workers(1).max_connections(METRICS_CONNECTIONS).client_request_timeout(slow_head);
    Ok(server.disable_signals().listen(listener)?.run())
}

async fn watch_files(certificate: Option<Arc<Certificate>>) {
    let Some(certificate) = certificate else { return };
    let mut looks = tokio::time::interval(LOOK_AFTER);
    loop {
        looks.tick().await;
        certificate.refresh();
    }
}

fn listen(key: &str, address: SocketAddr) -> Result<TcpListener, ConfigError> {
    let listening = TcpListener::bind(address).and_then(|listener| {
        // The library's own backlog is 128: a crowd that comes at once would keep others from connecting.
        rustix::net::listen(&listener, BACKLOG)?;
        Ok(listener)
    });
    listening.map_err(|error| ConfigError::new(key, format!("cannot listen on {address}: {}", error.kind())))
}

/// Worker threads for a configured number; 0: one per core.
fn workers(configured: u32) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    usize::try_from(configured).ok().filter(|number| *number > 0).unwrap_or_else(cores)
}
