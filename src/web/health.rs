//! `/healthz` and `/readyz`: whether the process lives, and whether it should
//! be sent requests. They and `/metrics` answer to any host name.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use crate::telemetry::Metrics;

const TEXT: &str = "text/plain; charset=utf-8";

type Answer = Pin<Box<dyn Future<Output = bool> + Send>>;
type Check = (&'static str, Box<dyn Fn() -> Answer + Send + Sync>);

/// Whether this process should be sent requests.
#[derive(Default)]
pub struct Health {
    stopping: AtomicBool,
    checks: Vec<Check>,
}

impl Health {
    /// Adds something that must hold, by the name under which `/readyz` says
    /// that it does not. `holds` is asked at every call and should answer soon.
    #[must_use]
    pub fn with<F>(mut self, name: &'static str, holds: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.checks.push((name, Box::new(move || Box::pin(holds()))));
        self
    }

    /// From now on the process is not ready.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// What keeps the process from being ready; `None`: ready.
    pub async fn obstacle(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::SeqCst) {
            return Some("stopping");
        }
        for (name, holds) in &self.checks {
            if !holds().await {
                return Some(name);
            }
        }
        None
    }
}

/// The two health routes.
pub fn routes(health: &Arc<Health>) -> impl FnOnce(&mut ServiceConfig) {
    let health = Data::from(Arc::clone(health));
    move |routes| {
        routes.service(web::resource("/healthz").get(alive));
        routes.service(web::resource("/readyz").app_data(health).get(ready));
    }
}

/// `/metrics`, for its own listener.
pub fn metrics_route(metrics: &Arc<Metrics>) -> impl FnOnce(&mut ServiceConfig) {
    let metrics = Data::from(Arc::clone(metrics));
    move |routes| {
        routes.service(web::resource("/metrics").app_data(metrics).get(render));
    }
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(health: Data<Health>) -> HttpResponse {
    match health.obstacle().await {
        None => HttpResponse::Ok().content_type(TEXT).body("ready\n"),
        Some(name) => HttpResponse::ServiceUnavailable().content_type(TEXT).body(format!("not ready: {name}\n")),
    }
}

async fn render(metrics: Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render())
}
