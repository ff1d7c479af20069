//! Delivers letters by e-mail: opens what waits in the outbox, puts it into words
//! and hands it to the mail server. A letter may arrive twice and is then known
//! by its `Message-ID`; one that is of no use any more is dropped.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Deliver, Message, Undelivered};
use crate::base::SharedClock;
use crate::config::Branding;
use crate::connectors::Class;
use crate::connectors::mail::{Mail, Mailer};
use crate::domain::Language;
use crate::domain::contact::Email;
use crate::notify::{Channel, Post, render};

/// Delivers mail.
pub struct MailDelivery {
    post: Post,
    mailer: Arc<dyn Mailer>,
    branding: Branding,
    clock: SharedClock,
}

impl MailDelivery {
    /// By this mail server, in the product's name.
    #[must_use]
    pub fn new(post: Post, mailer: Arc<dyn Mailer>, branding: Branding, clock: SharedClock) -> Self {
        Self { post, mailer, branding, clock }
    }
}

#[async_trait]
impl Deliver for MailDelivery {
    fn kind(&self) -> &'static str {
        Channel::Mail.as_str()
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let letter = self.post.open(Channel::Mail, &message.once_key, &message.payload).map_err(|error| {
            tracing::error!(%error, "a mail cannot be read");
            Undelivered::Never
        })?;
        if letter.until <= self.clock.now() {
            tracing::warn!("a mail was of no use any more and is dropped");
            return Ok(());
        }
        let brand = match letter.language {
            Language::Chinese => &self.branding.name_zh,
            Language::English => &self.branding.name_en,
        };
        let Some(words) = render::mail(&letter, brand) else { return Ok(()) };
        let to = Email::parse(&letter.to).ok_or(Undelivered::Never)?;
        let once_key = &message.once_key;
        let mail = Mail { to: &to, subject: &words.subject, text: &words.text, html: None, once_key };
        self.mailer.send(&mail).await.map_err(|error| {
            tracing::warn!(%error, "a mail was not taken");
            match error.class() {
                Class::BadNumber | Class::Malformed => Undelivered::Never,
                Class::Throttled { again_in: Some(pause) } => Undelivered::After(pause),
                Class::Throttled { again_in: None }
                | Class::Unavailable
                | Class::Misconfigured
                | Class::CodeSpent
                | Class::Cancelled => Undelivered::Later,
            }
        })
    }
}
