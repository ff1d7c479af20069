//! `menshen serve`: the provider, until a signal stops it.

use std::sync::Arc;

use super::args::Common;
use super::{CliError, config, output};
use crate::app::{App, StartError};
use crate::base::{SystemClock, SystemEntropy};
use crate::telemetry::Pulled;
use crate::web::provider::Provider;
use crate::web::server::{Listening, stop_signal};
use crate::{jobs, telemetry};

pub(super) fn run(common: &Common) -> Result<(), CliError> {
    let config = config::load(common)?;
    let log = telemetry::start_log(&config.log)?;
    actix_web::rt::System::new().block_on(async {
        let listening = Listening::open(&config.server, &config.metrics)?;
        let stop = stop_signal().map_err(|error| CliError::new("signals", error))?;
        let issuer = config.server.issuer.as_str().to_owned();
        let app = App::build(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
        let (store, dropped) = (app.store.clone(), log.dropped());
        let help = "Lines of the log that nobody took in time.";
        app.metrics.pull(Pulled::Counter, "menshen_log_lines_dropped_total", help, move || dropped.count());
        output::text(&format!("Menshen answers at {issuer}"));
        let running = jobs::of_server(&app).start();
        let served = Provider::new(app).serve(listening, stop).await;
        running.stop().await;
        store.close();
        served.map_err(|error| CliError::new("server", error))
    })
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Config(error) => error.into(),
            StartError::Vault(error) => error.into(),
            StartError::Store(error) => error.into(),
            StartError::Outbound(error) => Self::new("outbound.ca_file", error),
            StartError::Geo(error) => Self::new("geo.database", error),
            StartError::Keys(error) => Self::new("signing keys", error),
            StartError::Machine(reason) => Self::new("start", reason),
        }
    }
}
