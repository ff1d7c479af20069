//! What the provider sends to people, as it lies in the outbox.

use std::sync::Arc;

use menshen::domain::CodePurpose;
use menshen::notify::{Channel, Content, Letter, Post};
use menshen::store::outbox;

use super::idp::TestIdp;

impl TestIdp {
    /// Every letter that nobody has opened yet, oldest first; those that say
    /// nothing stay closed.
    pub async fn letters(&self) -> Vec<(Channel, Letter)> {
        let until = menshen::base::Clock::now(self.clock()) + std::time::Duration::from_secs(3_600 * 24 * 365);
        let rows = self.write(move |tx| outbox::claim(tx, &["sms", "mail"], until, 1_000)).await;
        let post = Post::new(Arc::clone(&self.vault));
        let opened = rows.iter().map(|row| {
            let channel = if row.kind == "sms" { Channel::Sms } else { Channel::Mail };
            (channel, post.open(channel, &row.once_key, &row.payload).expect("a letter"))
        });
        opened.filter(|(_, letter)| !matches!(letter.content, Content::Nothing)).collect()
    }

    /// The one code that was sent to `contact` for this, since we looked last.
    pub async fn code_sent_to(&self, contact: &str, wanted: CodePurpose) -> String {
        let letters = self.letters().await;
        let codes: Vec<_> = letters.into_iter().filter(|(_, letter)| letter.to == contact).collect();
        match codes.as_slice() {
            [(_, Letter { content: Content::Code { purpose, code }, .. })] if *purpose == wanted => code.clone(),
            other => panic!("{} letters to {contact}", other.len()),
        }
    }
}
