//! What is sent, what was sent, and what that proved.

use serde::{Deserialize, Serialize};

use crate::authn::contact::Contact;
use crate::base::Timestamp;
use crate::base::id::{BrowserId, InteractionId};
use crate::domain::{CodePurpose, ContactKind};

/// Whether a code leaves the house.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// Somebody here has the contact, or is about to.
    Send,
    /// Nobody has it; nobody may see that.
    Withhold,
}

/// A code to be sent.
pub struct Order<'a> {
    /// What for.
    pub purpose: CodePurpose,
    /// To whom.
    pub contact: &'a Contact,
    /// The row that was chosen before, which the code is bound to.
    pub choice: Option<&'a str>,
    /// Whether it leaves the house.
    pub delivery: Delivery,
    /// The browser, if it is known for whoever has the contact.
    pub known: Option<BrowserId>,
}

/// A code that was sent, as the interaction remembers it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SentCode {
    pub(super) row: i64,
    pub(super) purpose: CodePurpose,
    pub(super) kind: ContactKind,
    pub(super) sealed: String,
    pub(super) choice: Option<String>,
    pub(super) known: Option<BrowserId>,
    /// When the next one may be asked for.
    pub resend_at: Timestamp,
}

impl SentCode {
    /// The row that was chosen before it.
    #[must_use]
    pub fn choice(&self) -> Option<&str> {
        self.choice.as_deref()
    }

    /// What it is good for.
    #[must_use]
    pub const fn purpose(&self) -> CodePurpose {
        self.purpose
    }
}

/// A contact as an interaction keeps it between two pages: sealed to it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeptContact {
    pub(super) kind: ContactKind,
    pub(super) sealed: String,
}

/// By what a contact was proved.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvedBy {
    /// A code that was sent to it.
    #[default]
    Code,
    /// The carrier of the phone, in one tap.
    Carrier,
}

/// A contact that was proved in an interaction, waiting for what it was proved
/// for. Made by a right code alone (or by a carrier's word).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProvenContact {
    pub(super) interaction: InteractionId,
    pub(super) purpose: CodePurpose,
    #[serde(default)]
    pub(super) by: ProvedBy,
    pub(super) kind: ContactKind,
    pub(super) sealed: String,
    pub(super) at: Timestamp,
}

impl ProvenContact {
    /// When it was proved.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// By what.
    #[must_use]
    pub const fn by(&self) -> ProvedBy {
        self.by
    }

    /// What for.
    #[must_use]
    pub const fn purpose(&self) -> CodePurpose {
        self.purpose
    }
}
