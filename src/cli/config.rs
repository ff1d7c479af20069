//! `menshen config check` and `menshen config show`.

use serde_json::json;

use super::args::{Common, ConfigCommand};
use super::{CliError, output};
use crate::config::Config;
use crate::web::tls::Certificate;

pub(super) fn run(common: &Common, command: ConfigCommand) -> Result<(), CliError> {
    let config = load(common)?;
    match command {
        ConfigCommand::Check => check(&config)?,
        ConfigCommand::Show => {}
    }
    match (command, common.json) {
        (ConfigCommand::Check, false) => output::text("The configuration is in order."),
        (ConfigCommand::Check, true) => output::json(&json!({ "ok": true })),
        (ConfigCommand::Show, false) => output::text(&config.to_masked_toml()),
        (ConfigCommand::Show, true) => output::json(&as_table(&config)?),
    }
    Ok(())
}

/// The configuration that this command line names.
pub(super) fn load(common: &Common) -> Result<Config, CliError> {
    Ok(Config::load(common.config.as_deref())?)
}

/// The files that the configuration names, which loading it does not open.
fn check(config: &Config) -> Result<(), CliError> {
    if let Some((chain, key)) = config.server.tls_files() {
        Certificate::load(chain, key)?;
    }
    if let Some(file) = &config.outbound.ca_file {
        std::fs::metadata(file).map_err(|error| CliError::new("outbound.ca_file", error.kind()))?;
    }
    Ok(())
}

fn as_table(config: &Config) -> Result<toml::Table, CliError> {
    config.to_masked_toml().parse().map_err(|error| CliError::new("config", error))
}
