//! Why a command failed, in one line.

use std::fmt;

use crate::config::ConfigError;
use crate::keys::VaultError;
use crate::store::StoreError;

/// One line for the operator: what was looked at and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CliError(String);

impl CliError {
    /// `what` (a key, a file, a name) and the `reason`.
    pub fn new(what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        let line = format!("{what}: {reason}");
        Self::whole(line)
    }

    /// From an error that names what is wrong by itself.
    pub fn whole(error: impl fmt::Display) -> Self {
        Self(error.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.key, error.reason)
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::new("database", error)
    }
}

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> Self {
        Self::new("keys", error)
    }
}
