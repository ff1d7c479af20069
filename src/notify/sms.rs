//! Letters as text messages: what a letter says, in the words that a gateway's
//! template takes.

use std::sync::Arc;

use thiserror::Error;

use super::letter::{Content, Letter};
use super::notice::Notice;
use super::render;
use super::text::Sender;
use crate::base::Timestamp;
use crate::connectors::{SmsGateway, SmsPurpose, SmsRequest, VendorError};
use crate::domain::contact::Phone;
use crate::domain::{CodePurpose, Language};

/// Why a letter did not go out.
#[derive(Debug, Error)]
pub enum SmsFailed {
    /// It is addressed to no phone number.
    #[error("a letter is addressed to no phone number")]
    Address,
    /// The gateway.
    #[error(transparent)]
    Vendor(#[from] VendorError),
}

/// Sends letters by the configured gateway.
#[derive(Clone)]
pub struct SmsSender {
    gateway: Arc<dyn SmsGateway>,
    sender: Arc<Sender>,
}

impl SmsSender {
    /// By this gateway, in this name.
    #[must_use]
    pub fn new(gateway: Arc<dyn SmsGateway>, sender: Sender) -> Self {
        Self { gateway, sender: Arc::new(sender) }
    }

    /// Name of the gateway.
    #[must_use]
    pub fn gateway(&self) -> &'static str {
        self.gateway.name()
    }

    /// Hands one letter over, once. One that says nothing goes nowhere.
    ///
    /// # Errors
    /// Whether it may have gone out all the same, the gateway's error tells.
    pub async fn send(&self, letter: &Letter, once_key: &str, now: Timestamp) -> Result<(), SmsFailed> {
        let (purpose, params) = match &letter.content {
            Content::Nothing => return Ok(()),
            Content::Notice(notice) => (SmsPurpose::Notice, of_notice(notice, letter.language)),
            Content::Code { purpose, code } => {
                let minutes = letter.until.since(now).as_secs().div_ceil(60).max(1);
                let text = self.sender.code(letter.language, *purpose, code, minutes);
                (of_code(*purpose), vec![("code", code.clone()), ("minutes", minutes.to_string()), ("text", text)])
            }
        };
        // It is in canonical form, so no country has to be guessed.
        let phone = Phone::parse(&letter.to, "+86").ok_or(SmsFailed::Address)?;
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = SmsRequest { phone: &phone, purpose, params: &params, language: letter.language, once_key };
        self.gateway.send(&request).await?;
        Ok(())
    }
}

/// What a notice's template may take: what happened, to whom and when, and the
/// whole of it for gateways that take free text.
fn of_notice(notice: &Notice, language: Language) -> Vec<(&'static str, String)> {
    vec![
        ("what", render::headline(&notice.occasion, language)),
        ("name", notice.name.clone()),
        ("time", notice.at.to_string()),
        ("text", render::notice_text(notice, language)),
    ]
}

const fn of_code(purpose: CodePurpose) -> SmsPurpose {
    match purpose {
        CodePurpose::Login => SmsPurpose::Login,
        CodePurpose::Bind => SmsPurpose::Bind,
        CodePurpose::SignUp => SmsPurpose::SignUp,
        CodePurpose::Reset => SmsPurpose::Reset,
    }
}
