//! Letters by e-mail: what every way of sending takes, and which is configured.

use std::sync::Arc;

use async_trait::async_trait;

use super::error::VendorError;
use super::smtp::Smtp;
use crate::base::SharedClock;
use crate::config::{self, ConfigError};
use crate::domain::contact::Email;

/// One letter to one address.
pub struct Mail<'a> {
    /// To whom.
    pub to: &'a Email,
    /// In one line.
    pub subject: &'a str,
    /// As plain text.
    pub text: &'a str,
    /// The same as HTML, for readers that show it.
    pub html: Option<&'a str>,
    /// The same letter has the same key: its `Message-ID` is made of it, so a
    /// repetition is recognised by whoever files it.
    pub once_key: &'a str,
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Its name in the log.
    fn name(&self) -> &'static str;

    /// Hands one letter over.
    ///
    /// # Errors
    /// Whether it may have gone out all the same is
    /// [`VendorError::may_have_happened`].
    async fn send(&self, mail: &Mail<'_>) -> Result<(), VendorError>;

    /// Connects and signs in without sending anything.
    ///
    /// # Errors
    /// As a letter would meet them.
    async fn probe(&self) -> Result<(), VendorError>;
}

/// The mailer of the configuration; `None`: there is none.
///
/// # Errors
/// The key of the section that is wrong.
pub fn mailer(config: &config::Config, clock: &SharedClock) -> Result<Option<Arc<dyn Mailer>>, ConfigError> {
    let smtp = Smtp::new(&config.mail, config.outbound.ca_file.as_deref(), clock)?;
    Ok(smtp.map(|smtp| -> Arc<dyn Mailer> { Arc::new(smtp) }))
}
