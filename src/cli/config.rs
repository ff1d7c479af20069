//! `menshen config check` and `menshen config show`.

use serde_json::json;

use super::args::{Common, ConfigCommand};
use super::{CliError, output};
use crate::authn::registry;
use crate::config::Config;
use crate::outbound::Outbound;
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

/// The configuration that this command line names; login methods that do not
/// exist are refused here already.
pub(super) fn load(common: &Common) -> Result<Config, CliError> {
    let config = Config::load(common.config.as_deref())?;
    let methods: Vec<&str> = registry::ENTRIES.iter().map(|entry| entry.name).collect();
    config.login.refuse_unknown(&methods)?;
    Ok(config)
}

/// The files that the configuration names, which loading it does not open.
fn check(config: &Config) -> Result<(), CliError> {
    if let Some((chain, key)) = config.server.tls_files() {
        Certificate::load(chain, key)?;
    }
    Outbound::new(&config.outbound).map_err(|error| CliError::new("outbound.ca_file", error))?;
    Ok(())
}

fn as_table(config: &Config) -> Result<toml::Table, CliError> {
    config.to_masked_toml().parse().map_err(|error| CliError::new("config", error))
}
