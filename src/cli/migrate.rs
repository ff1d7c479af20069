//! `menshen migrate`.

use serde_json::json;

use super::args::Common;
use super::{CliError, config, output};
use crate::store::migrate;

pub(super) fn run(common: &Common) -> Result<(), CliError> {
    let config = config::load(common)?;
    let versions = migrate::run(config.database.url.expose().expose())?;
    if common.json {
        output::json(&json!({ "before": versions.applied, "applied": versions.pending }));
    } else if versions.pending.is_empty() {
        output::text("The schema is up to date.");
    } else {
        output::text(&format!("Applied {}.", versions.pending.join(", ")));
    }
    Ok(())
}
