//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::account::AccountCommand;
use super::client::ClientCommand;
use super::demo::DemoArguments;

/// Menshen (门神): the sign-in door of a cloud platform.
#[derive(Debug, Parser)]
#[command(name = "menshen", version, max_term_width = 100)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Configuration file (TOML); without it the defaults hold. `MENSHEN__SECTION__KEY` overrides either.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Declare accounts, sub-accounts, IAM users, clients and resources from a TOML or JSON file.
    Apply {
        /// The file. A wrong one changes nothing; the same one again changes nothing.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Register clients, look at them, switch them off and on, give a new secret.
    Client {
        /// What to do.
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// Look at accounts and people, switch them off and on, give a new password.
    Account {
        /// What to do.
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Run the provider.
    Serve,
    /// Run a provider with people in it, an example relying party and an example API, on localhost.
    Demo(DemoArguments),
    /// Look at the configuration.
    Config {
        /// What to look at.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Look at the signing keys, or move them on.
    Keys {
        /// What to do.
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Bring the schema of the database up to date (`serve` does it too).
    Migrate,
    /// Look whether everything that this server needs is there and works.
    Doctor,
}

/// `menshen config …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say in one line what is wrong, or that nothing is.
    Check,
    /// Print what is in force, secrets masked.
    Show,
}

/// `menshen keys …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum KeysCommand {
    /// List the signing keys.
    List,
    /// Let the next keys sign from now on.
    Rotate,
}
