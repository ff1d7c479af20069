//! Why a server could not be built.

use thiserror::Error;

use crate::config::ConfigError;
use crate::geo::GeoError;
use crate::keys::VaultError;
use crate::keys::keeper::KeeperError;
use crate::outbound::OutboundError;
use crate::store::StoreError;

/// Why the services could not be built. One line for the operator.
#[derive(Debug, Error)]
pub enum StartError {
    /// A key of the configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The key-encryption key.
    #[error("keys.kek_file: {0}")]
    Vault(#[from] VaultError),
    /// The database.
    #[error("database.url: {0}")]
    Store(#[from] StoreError),
    /// The signing keys.
    #[error("signing keys: {0}")]
    Keys(#[from] KeeperError),
    /// The roots of outbound calls.
    #[error("outbound.ca_file: {0}")]
    Outbound(#[from] OutboundError),
    /// The database of countries.
    #[error("geo.database: {0}")]
    Geo(#[from] GeoError),
    /// Something of the machine.
    #[error("{0}")]
    Machine(String),
}
