//! Letters in the outbox: sealed when they are written, opened by whoever
//! delivers them.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Notify;

use super::letter::{Channel, Letter};
use crate::base::Entropy;
use crate::keys::vault::Aad;
use crate::keys::{Purpose, Vault, VaultError};
use crate::store::{StoreResult, Tx, outbox};

/// Why a letter could not be written or read. Says nothing of what is in it.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// The seal.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// It is not a letter.
    #[error("a message in the outbox is not a letter of this program")]
    Unreadable,
}

/// Seals and opens letters, and rings for who delivers them. Cheap to clone.
#[derive(Clone)]
pub struct Post(Arc<Inner>);

struct Inner {
    vault: Arc<Vault>,
    sms: Arc<Notify>,
    mail: Arc<Notify>,
}

/// A sealed letter, ready to be put into the outbox in the transaction of what it
/// tells of.
#[derive(Clone)]
pub struct Posted {
    channel: Channel,
    once_key: String,
    payload: Vec<u8>,
}

impl Post {
    /// From the key tree.
    #[must_use]
    pub fn new(vault: Arc<Vault>) -> Self {
        Self(Arc::new(Inner { vault, sms: Arc::default(), mail: Arc::default() }))
    }

    /// Seals a letter. `once_key` names what it tells of: the outbox takes each
    /// once.
    ///
    /// # Errors
    /// The vault's own.
    pub fn seal(
        &self,
        channel: Channel,
        once_key: String,
        letter: &Letter,
        entropy: &dyn Entropy,
    ) -> Result<Posted, NotifyError> {
        let plain = serde_json::to_vec(letter).map_err(|_never| NotifyError::Unreadable)?;
        let payload = self.0.vault.seal(Purpose::OutboxSeal, &place(channel, &once_key), &plain, entropy)?;
        Ok(Posted { channel, once_key, payload })
    }

    /// Opens the message of the outbox with this key.
    ///
    /// # Errors
    /// [`NotifyError`] for what this did not seal.
    pub fn open(&self, channel: Channel, once_key: &str, payload: &[u8]) -> Result<Letter, NotifyError> {
        let plain = self.0.vault.unseal(Purpose::OutboxSeal, &place(channel, once_key), payload)?;
        serde_json::from_slice(plain.expose()).map_err(|_other| NotifyError::Unreadable)
    }
}

impl Post {
    /// Rings: a letter was committed, and need not wait for the next round.
    pub fn ring(&self, channel: Channel) {
        self.bell(channel).notify_one();
    }

    /// What rings when a letter of this channel was committed by this process.
    #[must_use]
    pub fn bell(&self, channel: Channel) -> &Arc<Notify> {
        match channel {
            Channel::Sms => &self.0.sms,
            Channel::Mail => &self.0.mail,
        }
    }
}

impl Posted {
    /// Puts the letter into the outbox, unless it was there before.
    pub fn put(&self, tx: &mut Tx<'_>) -> StoreResult<bool> {
        outbox::put(tx, self.channel.as_str(), &self.once_key, &self.payload)
    }
}

fn place(channel: Channel, once_key: &str) -> Aad<'_> {
    Aad { table: "outbox", column: channel.as_str(), row: once_key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededEntropy, Timestamp};
    use crate::domain::{CodePurpose, Language};
    use crate::notify::Content;

    #[test]
    fn a_letter_opens_under_its_own_key_and_channel_alone() {
        let post = Post::new(Arc::new(Vault::from_bytes(&[4; 32])));
        let letter = Letter {
            to: "+8613800000001".into(),
            language: Language::Chinese,
            until: Timestamp::from_seconds(9),
            content: Content::Code { purpose: CodePurpose::Login, code: "123456".into() },
        };
        let posted = post.seal(Channel::Sms, "k".into(), &letter, &SeededEntropy::new(1)).unwrap();
        assert_eq!(post.open(Channel::Sms, "k", &posted.payload).unwrap().to, letter.to);
        assert!(post.open(Channel::Mail, "k", &posted.payload).is_err());
        assert!(post.open(Channel::Sms, "other", &posted.payload).is_err());
    }
}
