//! A letter: to whom, in which language, and what it says.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::config::{Config, SmsProvider};
use crate::domain::{CodePurpose, ContactKind, Language};

/// How a letter travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// A text message.
    Sms,
    /// An e-mail.
    Mail,
}

impl Channel {
    /// The channel that reaches this kind of contact.
    #[must_use]
    pub const fn to(kind: ContactKind) -> Self {
        match kind {
            ContactKind::Phone => Self::Sms,
            ContactKind::Email => Self::Mail,
        }
    }

    /// The ways by which a letter leaves the house, as configured.
    #[must_use]
    pub fn configured(config: &Config) -> Vec<Self> {
        let sms = (config.sms.provider != SmsProvider::None).then_some(Self::Sms);
        let mail = config.mail.host.is_some().then_some(Self::Mail);
        sms.into_iter().chain(mail).collect()
    }

    /// The kind of its messages in the outbox.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Mail => "mail",
        }
    }
}

/// One letter. It holds codes and addresses, so it cannot be printed.
#[derive(Deserialize, Serialize)]
pub struct Letter {
    /// E.164 number or address, in canonical form.
    pub to: String,
    /// The language of its text.
    pub language: Language,
    /// When it is of no use any more: then it is dropped instead of sent.
    pub until: Timestamp,
    /// What it says.
    pub content: Content,
}

/// What a letter says.
#[derive(Deserialize, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Content {
    /// A one-time code.
    Code {
        /// What it is good for.
        purpose: CodePurpose,
        /// The digits.
        code: String,
    },
    /// Word of something that happened.
    Notice(super::notice::Notice),
    /// Nothing: a letter to a contact that nobody here has. It is written, sealed
    /// and stored like any other, so that asking costs the same, and never sent.
    Nothing,
}
