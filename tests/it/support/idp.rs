//! A whole provider in process: people, clients, a clock that stands still, and
//! a fresh database of either kind.

use std::cell::Cell;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menshen::app::App;
use menshen::base::{SharedEntropy, SystemEntropy, TestClock};
use menshen::config::Config;
use menshen::domain::AuditEvent;
use menshen::identity::apply::Format;
use menshen::identity::{Identity, Switch, by_operator};
use menshen::keys::RotationPolicy;
use menshen::store::{StoreResult, Tx, audit};
use menshen::web::client_address::ProxyTrust;
use menshen::web::provider::Provider;
use menshen::web::server;
use serde_json::Value;

use super::answer::Answer;
use super::api::Api;
use super::browser::Browser;
use super::database::{Backend, TestDatabase};
use super::house::{self, Person};
use super::relying_party::RelyingParty;
use super::signing_keys;
use crate::simulator::vendor::Vendors;

pub const ISSUER: &str = "https://id.test";

type Reply = Pin<Box<dyn Future<Output = Answer>>>;

/// One node of a provider at [`ISSUER`]. Cheap to clone.
#[derive(Clone)]
pub struct TestIdp(Rc<Node>);

struct Node {
    serve: Box<dyn Fn(TestRequest, String) -> Reply>,
    app: App,
    clock: TestClock,
    peers: Cell<u16>,
    // Goes last: nothing may hold a connection to it any more.
    database: Rc<TestDatabase>,
}

impl std::ops::Deref for TestIdp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0.app
    }
}

impl TestIdp {
    /// A provider with everybody of [`house`] in it.
    pub async fn start(backend: Backend) -> Self {
        Self::configured(backend, &[]).await
    }

    /// The same, with settings by their dotted keys.
    pub async fn configured(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let database = Rc::new(TestDatabase::new(backend));
        let idp = Self::node(database, TestDatabase::clock(), settings).await;
        idp.apply(&house::declaration()).await;
        idp
    }

    /// A provider whose vendors are a simulator of its own, on the same clock.
    pub async fn with_simulator(backend: Backend, settings: &[(&str, &str)]) -> (Self, Vendors) {
        let vendors = Vendors::at(TestDatabase::clock());
        let of_vendors: Vec<(String, String)> = menshen::demo::vendors::settings(vendors.running.fixture())
            .into_iter()
            .flat_map(|(section, keys)| keys.into_iter().map(move |(key, value)| (format!("{section}.{key}"), value)))
            .map(|(key, value)| (key, as_text(value)))
            .collect();
        let of_vendors = of_vendors.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let all: Vec<_> = of_vendors.chain(settings.iter().copied()).collect();
        let idp = Self::beside(backend, &vendors, &all).await;
        (idp, vendors)
    }

    /// A provider on the clock of these vendors; which of them it uses is in the settings.
    pub async fn beside(backend: Backend, vendors: &Vendors, settings: &[(&str, &str)]) -> Self {
        let all = [&[("outbound.allow_private_addresses", "true")], settings].concat();
        let idp = Self::node(Rc::new(TestDatabase::new(backend)), vendors.clock.clone(), &all).await;
        idp.apply(&house::declaration()).await;
        idp
    }

    /// Delivers every letter that waits, as the running server does at once.
    pub async fn deliver(&self) {
        for letters in menshen::jobs::of_letters(self) {
            menshen::jobs::Job::step(&letters).await.expect("a delivery");
        }
    }

    /// Another node over the same database, with settings of its own.
    pub async fn another_node(&self, settings: &[(&str, &str)]) -> Self {
        Self::node(Rc::clone(&self.0.database), self.0.clock.clone(), settings).await
    }

    async fn node(database: Rc<TestDatabase>, clock: TestClock, settings: &[(&str, &str)]) -> Self {
        let config = configuration(database.url(), settings);
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let store = database.open_with(TestDatabase::options(), Arc::new(clock.clone()));
        if store.read(menshen::store::signing_keys::list).await.expect("the keys").is_empty() {
            signing_keys::seed(&store, RotationPolicy::new(&config.keys, &config.tokens)).await;
        }
        let trust = ProxyTrust::new(&config.server);
        let app = App::over(store, config, Arc::new(clock.clone()), entropy).await.expect("an app");
        let provider = Provider::new(app.clone());
        let service = init_service(server::app(&provider.edge, &provider.health, &trust, provider.routes())).await;
        let service = Rc::new(service);
        let serve = Box::new(move |request: TestRequest, url: String| -> Reply {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match try_call_service(service.as_ref(), request.to_request()).await {
                    Ok(response) => {
                        let (status, headers) = (response.status(), response.headers().clone());
                        let body = String::from_utf8_lossy(&read_body(response).await).into_owned();
                        Answer::new(url, status, headers, body)
                    }
                    Err(error) => {
                        let response = error.error_response();
                        let headers = response.headers().clone();
                        Answer::new(url, response.status(), headers, error.to_string())
                    }
                }
            })
        });
        Self(Rc::new(Node { serve, app, clock, peers: Cell::new(0), database }))
    }

    /// A request as it stands, but for the host that it names, if it names none.
    pub async fn send(&self, request: TestRequest, url: &str) -> Answer {
        (self.0.serve)(request.uri(url), url.to_owned()).await
    }

    /// The database of all nodes, to meddle with.
    pub fn database(&self) -> &TestDatabase {
        &self.0.database
    }

    pub fn clock(&self) -> &TestClock {
        &self.0.clock
    }

    /// A browser that was never here, at an address of its own.
    pub fn browser(&self) -> Browser {
        Browser::new(self.clone(), self.peer())
    }

    pub fn client(&self, id: &str) -> RelyingParty {
        RelyingParty::new(self.clone(), id)
    }

    /// The API of Acme.
    pub fn api(&self) -> Api {
        Api::new(self.clone())
    }

    /// An address that nobody has yet.
    pub fn peer(&self) -> SocketAddr {
        self.0.peers.set(self.0.peers.get() + 1);
        let [third, fourth] = self.0.peers.get().to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 18, third, fourth)), 40_000)
    }

    /// The newest event of the audit trail first.
    pub async fn audit(&self) -> Vec<AuditEvent> {
        self.store.read(|tx| audit::latest(tx, 1_000)).await.expect("the audit trail")
    }

    pub async fn write<T: Send + 'static>(&self, job: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static) -> T {
        self.store.write(job).await.expect("a write of the test")
    }

    pub fn identity(&self) -> Identity {
        Identity::new(&self.config, &self.vault, self.store.clone(), Arc::clone(&self.entropy)).expect("an identity")
    }

    /// Applies a declaration, as the operator would.
    pub async fn apply(&self, declaration: &Value) {
        let identity = self.identity();
        let read = identity.read_declaration(&declaration.to_string(), Format::Json).expect("a right declaration");
        identity.apply(Arc::new(read), &by_operator()).await.expect("applying");
        self.tokens.clients().forget();
    }

    /// Does something to somebody, as the operator would.
    pub async fn switch(&self, person: Person, switch: Switch) {
        assert!(self.identity().switch(person.name, switch, &by_operator()).await.expect("switching"));
    }

    /// The `sub` of somebody.
    pub async fn sub_of(&self, person: Person) -> String {
        self.identity().portray(person.name).await.expect("somebody").principal.id.as_str().to_owned()
    }
}

/// A value of a configuration file, as a variable of the environment says it.
pub fn as_text(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Array(list) => list.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","),
        other @ (toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Table(_)) => other.to_string(),
    }
}

fn configuration(url: &str, settings: &[(&str, &str)]) -> Config {
    let defaults = [
        ("server.issuer", ISSUER),
        ("server.behind_tls_proxy", "true"),
        ("database.url", url),
        ("keys.kek", &STANDARD.encode([5; 32])),
        ("hashing.memory_kib", "8192"),
        ("hashing.iterations", "1"),
        // A slow machine is no reason for a test to fail.
        ("hashing.patience", "60s"),
    ];
    let variable = |(key, value): &(&str, &str)| {
        (format!("MENSHEN__{}", key.to_uppercase().replace('.', "__")), (*value).to_owned())
    };
    Config::from_parts("", defaults.iter().chain(settings).map(variable)).expect("a configuration")
}
