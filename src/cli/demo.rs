//! `menshen demo`.

use std::path::PathBuf;

use super::args::Common;
use super::{CliError, output};
use crate::demo::Demo;

/// What the command takes.
#[derive(clap::Args, Clone, Debug)]
pub struct DemoArguments {
    /// Keep the data in DIR; without it they go when the demo ends.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// First of the ports: provider +0, console +2, API +3, metrics +4.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port_base: u16,
    /// Apply FILE on top of the demo data.
    #[arg(long, value_name = "FILE")]
    apply: Option<PathBuf>,
}

pub(super) fn run(common: &Common, arguments: &DemoArguments) -> Result<(), CliError> {
    if common.config.is_some() {
        return Err(CliError::new("--config", "the demo makes its own; override keys by MENSHEN__SECTION__KEY"));
    }
    let DemoArguments { data, port_base, apply } = arguments.clone();
    Demo { data, port_base, apply }.run(output::text).map_err(CliError::whole)
}
