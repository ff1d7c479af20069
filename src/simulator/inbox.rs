//! What arrived at people's phones and mailboxes.

use serde::Serialize;
use serde_json::{Map, Value};

use super::vendor::Vendor;
use crate::base::Timestamp;

/// One text message.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Number of the message, from 1.
    pub seq: u64,
    /// When, on the vendors' clock.
    pub at: String,
    /// Who sent it.
    pub vendor: Vendor,
    /// To which number, E.164.
    pub phone: String,
    /// Under which signature.
    pub sign: String,
    /// From which template.
    pub template: String,
    /// Filled in with these.
    pub params: Map<String, Value>,
    /// As it stands on the phone.
    pub text: String,
    /// The code in it.
    pub code: Option<String>,
    /// The vendor's number of it.
    pub biz_id: String,
    /// `delivered`, or `lost` when the vendor took it and no phone got it.
    pub status: &'static str,
    #[serde(skip)]
    sent_at: Timestamp,
}

/// A message that is about to be sent.
pub struct Outgoing {
    /// Who sends it.
    pub vendor: Vendor,
    /// To which number.
    pub phone: String,
    /// Under which signature.
    pub sign: String,
    /// From which template.
    pub template: String,
    /// Filled in with these.
    pub params: Map<String, Value>,
    /// As it will stand on the phone.
    pub text: String,
    /// The vendor's number of it.
    pub biz_id: String,
}

/// All messages, oldest first.
#[derive(Default)]
pub struct MessageInbox {
    messages: Vec<Message>,
    counted: u64,
}

impl MessageInbox {
    /// Delivers a message at `now`.
    pub fn deliver(&mut self, now: Timestamp, message: Outgoing) {
        self.counted = self.counted.saturating_add(1);
        let code = message.params.get("code").and_then(Value::as_str).map(str::to_owned);
        self.messages.push(Message {
            seq: self.counted,
            at: now.to_string(),
            code: code.or_else(|| digits_of(&message.text)),
            vendor: message.vendor,
            phone: message.phone,
            sign: message.sign,
            template: message.template,
            params: message.params,
            text: message.text,
            biz_id: message.biz_id,
            status: "delivered",
            sent_at: now,
        });
    }

    /// Messages to `phone` (or to all) after number `since`.
    pub fn list(&self, phone: Option<&str>, since: u64) -> Vec<&Message> {
        let wanted = |message: &&Message| message.seq > since && phone.is_none_or(|phone| phone == message.phone);
        self.messages.iter().filter(wanted).collect()
    }

    /// Messages that `wanted` counts and that were sent after `since`.
    pub fn count(&self, since: Timestamp, wanted: impl Fn(&Message) -> bool) -> usize {
        self.messages.iter().rev().filter(|message| message.sent_at > since && wanted(message)).count()
    }

    /// Forgets all messages, and with them all limits.
    pub fn clear(&mut self) {
        self.messages.clear();
    }
}

/// The first four to six digits in a row.
fn digits_of(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|part| (4..=6).contains(&part.len())).map(str::to_owned)
}

/// One mail.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// Number of the mail, from 1.
    pub seq: u64,
    /// When, on the vendors' clock.
    pub at: String,
    /// Envelope: from.
    pub from: String,
    /// Envelope: to.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The readable part, decoded.
    pub text: String,
    /// The whole mail as it was sent.
    pub raw: String,
    /// Who logged in to send it.
    pub user: Option<String>,
}

/// All mails, oldest first.
#[derive(Default)]
pub struct Mailbox {
    mails: Vec<Mail>,
    counted: u64,
}

impl Mailbox {
    /// Puts a mail in.
    pub fn deliver(&mut self, mut mail: Mail) {
        self.counted = self.counted.saturating_add(1);
        mail.seq = self.counted;
        self.mails.push(mail);
    }

    /// Mails to an address (or to all) after number `since`.
    pub fn list(&self, to: Option<&str>, since: u64) -> Vec<&Mail> {
        let is_for =
            |mail: &&Mail| mail.seq > since && to.is_none_or(|to| mail.to.iter().any(|is| is.eq_ignore_ascii_case(to)));
        self.mails.iter().filter(is_for).collect()
    }

    /// Forgets all mails.
    pub fn clear(&mut self) {
        self.mails.clear();
    }
}
