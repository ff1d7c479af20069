//! Delivers letters: opens what waits in the outbox and hands it to the gateway.
//!
//! A text message goes out once. Only one that surely never left (nobody
//! answered the call, the vendor turned it away) is tried again, while it is of
//! use; of one whose fate nobody knows, the person asks for another.

use std::time::Duration;

use async_trait::async_trait;

use super::{Deliver, Message, Undelivered};
use crate::base::SharedClock;
use crate::connectors::{Class, VendorError};
use crate::notify::{Channel, Post, SmsFailed, SmsSender};

/// First pause after a message that never left; people wait for it.
const SOON: Duration = Duration::from_secs(2);

/// Delivers text messages.
pub struct SmsDelivery {
    post: Post,
    sender: SmsSender,
    clock: SharedClock,
}

impl SmsDelivery {
    /// By this gateway.
    #[must_use]
    pub fn new(post: Post, sender: SmsSender, clock: SharedClock) -> Self {
        Self { post, sender, clock }
    }
}

#[async_trait]
impl Deliver for SmsDelivery {
    fn kind(&self) -> &'static str {
        Channel::Sms.as_str()
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let letter = self.post.open(Channel::Sms, &message.once_key, &message.payload).map_err(|error| {
            tracing::error!(%error, "a text message cannot be read");
            Undelivered::Never
        })?;
        let now = self.clock.now();
        if letter.until <= now {
            tracing::warn!("a text message was of no use any more and is dropped");
            return Ok(());
        }
        let failed = match self.sender.send(&letter, &message.once_key, now).await {
            Ok(()) => return Ok(()),
            Err(failed) => failed,
        };
        let next = match &failed {
            SmsFailed::Address => Undelivered::Never,
            SmsFailed::Vendor(error) => after(error),
        };
        tracing::warn!(error = %failed, again = ?next, "a text message was not taken");
        Err(next)
    }

    fn uncertain(&self) -> Undelivered {
        Undelivered::Never
    }
}

/// Whether a message that was not taken is handed over again.
fn after(error: &VendorError) -> Undelivered {
    match error.class() {
        _ if error.may_have_happened() => Undelivered::Never,
        Class::Unavailable => Undelivered::After(SOON),
        Class::Throttled { again_in } => Undelivered::After(again_in.unwrap_or(SOON)),
        Class::CodeSpent | Class::Cancelled | Class::Misconfigured | Class::BadNumber | Class::Malformed => {
            Undelivered::Never
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_never_left_is_sent_again() {
        let error = |class| VendorError::new("sms", class, "of a test");
        assert_eq!(after(&error(Class::Unavailable)), Undelivered::After(SOON));
        assert_eq!(after(&error(Class::Unavailable).maybe()), Undelivered::Never);
        let minute = Duration::from_secs(60);
        assert_eq!(after(&error(Class::Throttled { again_in: Some(minute) })), Undelivered::After(minute));
        assert_eq!(after(&error(Class::Throttled { again_in: None }).maybe()), Undelivered::Never);
        for class in [Class::Misconfigured, Class::BadNumber, Class::Malformed] {
            assert_eq!(after(&error(class)), Undelivered::Never);
        }
    }
}
