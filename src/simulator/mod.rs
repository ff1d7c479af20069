//! Floor 6: the vendors' side of the wire, for the demo and for tests: WeChat,
//! Alipay, Taobao, carriers' aggregators, text messages, mail and an upstream
//! OpenID provider, on one port, strict as the vendors are.
//!
//! Every signature is recomputed by code of its own (`sign`); nothing is
//! shared with `connectors`, so that a mistake cannot stand on both sides. A
//! request that a vendor would refuse is refused with the vendor's own error,
//! and the journal says why. `demo` and the tests start it; `serve` never does.
//!
//! HTTP comes in through `server`, meets its fault in `play`, is answered by the
//! vendor's module over a `World`, and is written to the journal. The
//! control API is `control` (`/__sim/…`), the phone page `ui` (`/__sim/ui`).

pub mod fixture;
pub mod keys;
pub mod settings;

mod alipay;
mod aliyun;
mod apps;
mod call;
mod carrier;
mod certificates;
mod codes;
mod consent;
mod control;
mod faults;
mod hook;
mod inbox;
mod jiguang;
mod journal;
mod mime;
mod oidc;
mod people;
mod phone;
mod play;
mod server;
mod sign;
mod smtp;
mod taobao;
mod tencent;
mod ui;
mod vendor;
mod wechat;
mod world;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::rt::{System, spawn};
use tokio::sync::oneshot;

pub use certificates::Certificates;
pub use fixture::Fixture;
pub use keys::Keys;
pub use phone::NativeApp;
pub use world::SmsLimits;
use world::World;

use crate::base::{SharedClock, SharedEntropy};

/// How long a poll is held when nothing is said about it.
const HOLD: Duration = Duration::from_secs(25);

/// A simulator that is about to start.
pub struct Simulator {
    /// Where HTTP listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the mail sink listens; port 0 takes a free one.
    pub smtp_listen: SocketAddr,
    /// The vendors' clock, before `/__sim/clock` moves it.
    pub clock: SharedClock,
    /// Where codes, tokens and the like come from.
    pub entropy: SharedEntropy,
    /// Keys and certificates; tests share one set, for making them takes a while.
    pub keys: Arc<Keys>,
    /// `http://host:port` as others reach it; by default the address itself.
    pub origin: Option<String>,
    /// Hosts of the provider, to which vendors send people back.
    pub redirect_hosts: Vec<String>,
    /// How long WeChat's poll is held.
    pub hold: Duration,
    /// Whether the vendors' limits on text messages hold.
    pub sms_limits: SmsLimits,
    /// How the native app of the phone page is registered with the provider.
    pub native_app: Option<NativeApp>,
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// An address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::ErrorKind),
    /// The server cannot be started.
    #[error("the simulator does not start: {0}")]
    Start(io::ErrorKind),
}

impl Simulator {
    /// One at `listen`, with everything else as it usually is.
    #[must_use]
    pub fn new(listen: SocketAddr, clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self {
            listen,
            smtp_listen: SocketAddr::new(listen.ip(), 0),
            clock,
            entropy,
            keys: Arc::default(),
            origin: None,
            redirect_hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            hold: HOLD,
            sms_limits: SmsLimits::default(),
            native_app: None,
        }
    }

    /// Starts it on a thread of its own; it answers when this returns.
    ///
    /// # Errors
    /// An address that is taken, a server that does not start.
    pub fn start(&self) -> Result<Running, SimulatorError> {
        let (http, http_address) = open(self.listen)?;
        let (smtp, smtp_address) = open(self.smtp_listen)?;
        let fixture = Fixture {
            origin: self.origin.clone().unwrap_or_else(|| format!("http://{http_address}")),
            smtp: smtp_address,
            keys: Arc::clone(&self.keys),
            redirect_hosts: self.redirect_hosts.clone(),
        };
        let world = Arc::new(World::new(self, fixture.clone()));
        let (stop, stopped) = oneshot::channel();
        let (tell, started) = std::sync::mpsc::channel();
        let run = move || System::new().block_on(run(world, http, smtp, tell, stopped));
        let thread = thread::Builder::new().name("simulator".to_owned()).spawn(run);
        let thread = thread.map_err(|error| SimulatorError::Start(error.kind()))?;
        match started.recv() {
            Ok(Ok(())) => Ok(Running { http_address, fixture, stop: Some(stop), thread: Some(thread) }),
            Ok(Err(kind)) => Err(SimulatorError::Start(kind)),
            Err(_gone) => Err(SimulatorError::Start(io::ErrorKind::Other)),
        }
    }
}

/// Serves until `stopped` is told or its other end is gone.
async fn run(
    world: Arc<World>,
    http: TcpListener,
    smtp: TcpListener,
    tell: Sender<Result<(), io::ErrorKind>>,
    stopped: oneshot::Receiver<()>,
) {
    let mail = smtp.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(smtp));
    let opened = mail.and_then(|mail| Ok((mail, server::server(http, Arc::clone(&world))?)));
    let (mail, server) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let _told = tell.send(Err(error.kind()));
            return;
        }
    };
    let handle = server.handle();
    let serving = spawn(server);
    let sink = spawn(smtp::serve(mail, world));
    let _told = tell.send(Ok(()));
    let _stopped = stopped.await;
    sink.abort();
    handle.stop(false).await;
    let _ended = serving.await;
}

fn open(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SimulatorError> {
    let failed = |error: io::Error| SimulatorError::Listen(address, error.kind());
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// A simulator that answers. It stops when this is dropped.
pub struct Running {
    http_address: SocketAddr,
    fixture: Fixture,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Where HTTP listens.
    #[must_use]
    pub const fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Where the mail sink listens.
    #[must_use]
    pub const fn smtp_address(&self) -> SocketAddr {
        self.fixture.smtp
    }

    /// What a provider is configured with.
    #[must_use]
    pub const fn fixture(&self) -> &Fixture {
        &self.fixture
    }

    /// Ends it and waits for its end.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
