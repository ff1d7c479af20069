//! Floor 2: configuration: load, override, validate, refuse.
//!
//! One TOML file, one section per file here; each key can be overridden by the
//! environment variable `MENSHEN__SECTION__KEY`; a key nobody knows is an
//! error in both. This module alone reads the environment. The command line
//! loads a [`Config`] once and the composition root hands its parts out;
//! nothing here opens a database, a socket or a key.

mod agreements;
mod audit;
mod branding;
mod database;
mod error;
mod geo;
mod hashing;
mod keys;
mod log;
mod login;
mod mail;
mod metrics;
mod outbound;
mod password;
pub mod reference;
mod section;
mod server;
mod sessions;
mod signup;
mod sms;
mod source;
mod throttle;
mod tokens;
mod types;
mod value;

use std::path::Path;

pub use agreements::Agreements;
pub use audit::Audit;
pub use branding::Branding;
pub use database::Database;
pub use error::ConfigError;
pub use geo::Geo;
pub use hashing::Hashing;
pub use keys::Keys;
pub use log::{Log, LogFormat};
pub use login::{Login, MethodSection};
pub use mail::{Mail, MailTls};
pub use metrics::Metrics;
pub use outbound::Outbound;
pub use password::Password;
pub use section::Key;
pub use server::{ProxyHeader, Server};
pub use sessions::Sessions;
pub use signup::Signup;
pub use sms::{Sms, SmsProvider};
pub use throttle::Throttle;
pub use tokens::Tokens;
pub use types::{BaseUrl, DatabaseKind, DatabaseUrl, Issuer, KeyEncryptionKey};

use section::{Section, Shown};
use source::Values;

/// Declares [`Config`] and everything that goes over all its sections, so that
/// a section is named once.
macro_rules! config {
    ($($(#[$doc:meta])* $field:ident: $section:ty),+ $(,)?) => {
        /// The whole configuration, checked.
        #[derive(Clone)]
        pub struct Config {
            $($(#[$doc])* pub $field: $section,)+
        }

        impl Config {
            fn read(values: &Values) -> Result<Self, ConfigError> {
                Ok(Self { $($field: <$section as Section>::read(values)?,)+ })
            }

            fn check(&self) -> Result<(), ConfigError> {
                $(self.$field.check()?;)+
                Ok(())
            }

            fn shown(&self) -> Vec<Shown> {
                vec![$(Shown { section: <$section as Section>::NAME, lines: self.$field.show() }),+]
            }
        }

        /// Every section with its keys, in the order of the reference page.
        #[must_use]
        pub fn sections() -> Vec<reference::SectionReference> {
            vec![$(reference::SectionReference::of::<$section>()),+]
        }
    };
}

config! {
    /// Where and as whom the server answers.
    server: Server,
    /// Where everything is stored.
    database: Database,
    /// The listener for metrics.
    metrics: Metrics,
    /// Calls that we make.
    outbound: Outbound,
    /// Limits in time and volume.
    throttle: Throttle,
    /// Rules for passwords that people choose.
    password: Password,
    /// The key-encryption key and the signing keys' life.
    keys: Keys,
    /// Lifetimes of codes and tokens.
    tokens: Tokens,
    /// Lifetimes of sign-ins and interactions.
    sessions: Sessions,
    /// Login methods.
    login: Login,
    /// Registration by oneself.
    signup: Signup,
    /// The gateway for text messages.
    sms: Sms,
    /// The server that takes our mail.
    mail: Mail,
    /// Cost of password hashes.
    hashing: Hashing,
    /// Agreements that people accept.
    agreements: Agreements,
    /// In which country addresses are.
    geo: Geo,
    /// What the product is called on its pages.
    branding: Branding,
    /// The audit trail.
    audit: Audit,
    /// The log.
    log: Log,
}

impl Config {
    /// Loads `file` (none: defaults alone), then the environment, and checks
    /// everything.
    ///
    /// # Errors
    /// The first key that is wrong, with the reason; for a file that cannot be
    /// read its path.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| ConfigError::new(path.display(), format!("cannot be read: {}", error.kind())))?,
            None => String::new(),
        };
        Self::from_parts(&text, source::environment()?)
    }

    /// The pure inside of [`Config::load`]: a TOML text and pairs of
    /// environment variables (those not starting with `MENSHEN__` are ignored).
    ///
    /// # Errors
    /// The first key that is wrong, with the reason.
    pub fn from_parts(
        toml_text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let values = Values::gather(toml_text, environment, &sections())?;
        let config = Self::read(&values)?;
        config.check()?;
        Ok(config)
    }

    /// The configuration in force as TOML, secrets masked.
    #[must_use]
    pub fn to_masked_toml(&self) -> String {
        reference::masked_toml(&self.shown())
    }
}

#[cfg(test)]
mod tests;
