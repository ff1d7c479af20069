//! Floor 7: the command line.
//!
//! `main` calls [`run`] and nothing else. Each command is a file; [`args`] says
//! what may be typed. An error is one line on standard error that names key,
//! file or name and the reason; the exit code is 1, or 2 when the line itself
//! was wrong. What a command finds goes to standard output, as text or, with
//! `--json`, as JSON.

mod account;
mod apply;
pub mod args;
mod bindings;
mod client;
mod config;
pub mod demo;
mod doctor;
mod error;
mod house;
mod keys;
mod migrate;
mod output;
mod reauth;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command};
pub use error::CliError;

/// Does what the process's arguments say.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            return ExitCode::from(2);
        }
        Err(error) => {
            eprintln!("{}", usage_line(&error.render().to_string()));
            return ExitCode::from(2);
        }
    };
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let common = &arguments.common;
    match &arguments.command {
        Command::Apply { file } => apply::run(common, file),
        Command::Client { command } => client::run(common, command),
        Command::Account { command } => account::run(common, command),
        Command::Serve => serve::run(common),
        Command::Demo(arguments) => demo::run(common, arguments),
        Command::Config { command } => config::run(common, *command),
        Command::Keys { command } => keys::run(common, *command),
        Command::Migrate => migrate::run(common),
        Command::Doctor => doctor::run(common),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// What clap says in several lines, in one: the complaint without the usage.
fn usage_line(rendered: &str) -> String {
    let complaint: Vec<&str> = rendered.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:")).collect();
    let complaint = complaint.iter().filter(|line| !line.is_empty()).copied().collect::<Vec<_>>().join(" ");
    format!("{} (see --help)", complaint.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests;
