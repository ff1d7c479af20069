//! Starts everything, says so, and ends everything.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as Application, HttpServer, rt};

use super::addresses::Addresses;
use super::api::{self, Api};
use super::console::{self, Console};
use super::house::Home;
use super::http::HttpClient;
use super::{DemoError, banner, data, vendors};
use crate::app::App;
use crate::base::{SharedClock, SharedEntropy, SystemClock, SystemEntropy};
use crate::config::Config;
use crate::identity::apply::Format;
use crate::identity::{Identity, by_operator};
use crate::jobs;
use crate::simulator::{Fixture, Running};
use crate::telemetry::start_log;
use crate::web::provider::Provider;
use crate::web::server::{Listening, stop_signal};

/// What to run.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Where the data stay; `None`: nowhere.
    pub data: Option<PathBuf>,
    /// The first of the ports.
    pub port_base: u16,
    /// Declarations on top of the demo's.
    pub apply: Option<PathBuf>,
}

/// What is there before the provider is.
struct House<'a> {
    home: &'a Home,
    addresses: &'a Addresses,
    simulator: &'a Running,
    clock: SharedClock,
    entropy: SharedEntropy,
}

impl Demo {
    /// Runs until SIGTERM or Ctrl-C. `say` is given what people read: once
    /// everything answers, the addresses, then `ready`.
    ///
    /// # Errors
    /// One line that names what is wrong.
    pub fn run(&self, say: impl Fn(&str)) -> Result<(), DemoError> {
        let mut addresses = Addresses::from_port_base(self.port_base)
            .ok_or_else(|| DemoError::new("--port-base", "must leave room for five ports, 1 to 65531"))?;
        let home = Home::open(self.data.as_deref())?;
        // The environment has the last word: it may name another issuer, and the vendors have to know it.
        let config = home.configure(&addresses, "")?;
        config.server.issuer.as_str().clone_into(&mut addresses.issuer);
        let log = start_log(&config.log).map_err(|error| DemoError::new(error.key, error.reason))?;
        let (clock, entropy): (SharedClock, SharedEntropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let simulator = vendors::start(&addresses, &config, &clock, &entropy)?;
        let config = home.configure(&addresses, &vendors::toml(simulator.fixture()))?;
        let house = House { home: &home, addresses: &addresses, simulator: &simulator, clock, entropy };
        let outcome = rt::System::new().block_on(self.serve(house, config, say));
        simulator.stop();
        drop(log);
        outcome.and(home.close())
    }

    async fn serve(&self, house: House<'_>, config: Config, say: impl Fn(&str)) -> Result<(), DemoError> {
        let House { home, addresses, simulator, clock, entropy } = house;
        let listening = Listening::open(&config.server, &config.metrics)
            .map_err(|error| DemoError::new(error.key, error.reason))?;
        let (console_listener, api_listener) = (listen(addresses.listen_console())?, listen(addresses.listen_api())?);
        let stop = stop_signal().map_err(|error| DemoError::new("signals", error.kind()))?;
        let http = HttpClient::new(&addresses.issuer, config.outbound.ca_file.as_deref())
            .map_err(|error| DemoError::new("outbound.ca_file", error))?;
        let console = Console::new(addresses, http.clone(), Arc::clone(&clock), Arc::clone(&entropy))
            .map_err(|error| DemoError::new("server.issuer", error))?;
        let app = App::build(config, clock, entropy).await.map_err(DemoError::whole)?;
        self.declare(&app, addresses, simulator.fixture()).await?;

        let metrics = listening.metrics_address().map(|address| format!("http://{address}/metrics"));
        let services = [
            site(console::routes(Arc::new(console)), console_listener)?,
            site(api::routes(Arc::new(Api::new(addresses, http))), api_listener)?,
        ];
        let handles: Vec<ServerHandle> = services.iter().map(Server::handle).collect();
        let running: Vec<_> = services.into_iter().map(rt::spawn).collect();
        let store = app.store.clone();
        let jobs = jobs::of_server(&app).start();
        say(&banner::text(addresses, metrics.as_deref(), &home.path().display().to_string()));
        say("ready");
        let outcome = Provider::new(app).serve(listening, stop).await;
        jobs.stop().await;
        for handle in handles {
            handle.stop(true).await;
        }
        for service in running {
            let ended = service.await.map_err(io::Error::other).and_then(|ended| ended);
            ended.map_err(|error| DemoError::new("demo", error))?;
        }
        store.close();
        outcome.map_err(|error| DemoError::new("server.listen", error))
    }

    /// Brings the store to the demo's people and clients, and the file's.
    async fn declare(&self, app: &App, addresses: &Addresses, fixture: &Fixture) -> Result<(), DemoError> {
        let identity = Identity::new(&app.config, &app.vault, app.store.clone(), Arc::clone(&app.entropy))
            .map_err(|error| DemoError::new("hashing", error))?;
        let mut documents = vec![("demo data".to_owned(), data::document(addresses), Format::Toml)];
        if let Some(file) = &self.apply {
            let shown = file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|error| DemoError::new(&shown, error.kind()))?;
            let format = Format::of(&shown, &text);
            documents.push((shown, text, format));
        }
        for (name, text, format) in documents {
            let declaration = identity.read_declaration(&text, format).map_err(|wrong| DemoError::new(&name, wrong))?;
            let applied = identity.apply(Arc::new(declaration), &by_operator()).await;
            applied.map_err(|error| DemoError::new(&name, error))?;
        }
        vendors::bind_xiaohong(app, &identity, fixture).await
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, DemoError> {
    TcpListener::bind(address).map_err(|error| DemoError::new(format!("cannot listen on {address}"), error.kind()))
}

/// One of the small services: a worker of its own, stopped by us.
fn site(
    routes: impl Fn(&mut actix_web::web::ServiceConfig) + Clone + Send + 'static,
    listener: TcpListener,
) -> Result<Server, DemoError> {
    let server = HttpServer::new(move || Application::new().configure(routes.clone()));
    let server = server.workers(1).shutdown_timeout(5).disable_signals().listen(listener);
    Ok(server.map_err(|error| DemoError::new("demo", error))?.run())
}
