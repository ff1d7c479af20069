//! The provider as it runs: routes, edge and health over one app. The command
//! line, the demo and the tests start it from here.

use std::future::Future;
use std::io;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};

use super::edge::Edge;
use super::health::Health;
use super::routes;
use super::server::Listening;
use super::site::Site;
use crate::app::App;

/// The parts of a provider that the server loop needs.
pub struct Provider {
    /// In front of everything.
    pub edge: Edge,
    /// Whether it should be sent requests.
    pub health: Arc<Health>,
    site: Data<Site>,
}

impl Provider {
    /// Over the services of an app.
    #[must_use]
    pub fn new(app: App) -> Self {
        let edge = Edge::new(&app.config.server.issuer, Arc::clone(&app.metrics), Arc::clone(&app.entropy));
        let store = app.store.clone();
        let health = Health::default().with("database", move || {
            let store = store.clone();
            async move { store.health().await.is_ok() }
        });
        Self { edge, health: Arc::new(health), site: Data::new(Site::new(app)) }
    }

    /// What mounts the routes on a worker.
    pub fn routes(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        routes::mount(&self.site)
    }

    /// Serves on open listeners until `stop` ends, and then to the end of what
    /// is under way.
    ///
    /// # Errors
    /// When workers cannot be started or the listener breaks.
    pub async fn serve(self, listening: Listening, stop: impl Future<Output = ()> + 'static) -> io::Result<()> {
        let routes = self.routes();
        listening.serve(self.edge, self.health, routes, stop).await
    }
}
