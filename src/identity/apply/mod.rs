//! `apply`: accounts, people, clients and resources as a file declares them.
//!
//! A file is read and checked as a whole ([`Declaration::read`]), passwords are
//! hashed, and one transaction brings the store to what is declared, or changes
//! nothing. Applying the same file again changes nothing; nothing is ever
//! deleted. The command line calls it with a file, the demo from memory.

mod change;
mod claims;
mod declaration;
mod document;
mod match_up;
mod passwords;
mod people;
mod policy;
mod prepare;
mod registrations;
mod table;

use std::sync::Arc;

use thiserror::Error;

pub use change::{Change, ChangeKind, Subject};
pub use declaration::{Declaration, Rules};
pub use document::Format;
pub use registrations::read_metadata;

use super::Identity;
use super::refusal::{Stop, all_or_nothing};
use crate::domain::audit::Origin;
use crate::keys::VaultError;
use crate::store::StoreError;

/// How often a declaration is looked at again when others change what it is about.
const TRIES: u32 = 5;

/// What is wrong with a file: the exact path of the key, and the reason. Quotes
/// no secret and no contact.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{at}: {reason}")]
pub struct Wrong {
    /// Path of the key, as `account[0].sub_account[1].email`.
    pub at: String,
    /// Why it is refused.
    pub reason: String,
}

impl Wrong {
    pub(super) fn new(at: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { at: at.into(), reason: reason.into() }
    }
}

/// Why nothing was applied.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The file is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A contact could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Others changed the same people again and again.
    #[error("others change the same accounts at this moment; run it again")]
    Contended,
}

/// Why a transaction of `apply` was undone.
pub(super) enum Undone {
    /// The file does not fit what is stored.
    Wrong(Wrong),
    /// What is stored is not what was read before.
    Stale,
}

type Step<T> = Result<T, Stop<Undone>>;

fn wrong<T>(at: String, reason: &str) -> Step<T> {
    Err(Stop::Refused(Undone::Wrong(Wrong::new(at, reason))))
}

impl Identity {
    /// Reads the text of a file by the rules of this house.
    ///
    /// # Errors
    /// The first key that is wrong.
    pub fn read_declaration(&self, text: &str, format: Format) -> Result<Declaration, Wrong> {
        let rules = Rules { default_country: &self.0.default_country, passwords: self.0.policy };
        Declaration::read(text, format, &rules)
    }

    /// Brings the store to what is declared, as a whole or not at all, and tells
    /// what that changed.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn apply(&self, declaration: Arc<Declaration>, origin: &Origin) -> Result<Vec<Change>, ApplyError> {
        for _try in 0..TRIES {
            let seen = self.look(&declaration).await?;
            let prepared = Arc::new(self.prepare(&declaration, seen).await?);
            let (makings, declaration, origin) =
                (Arc::clone(&self.0.makings), Arc::clone(&declaration), origin.clone());
            let outcome = self.0.store.write(move |tx| {
                all_or_nothing(tx, |tx| {
                    super::lock::hold(tx)?;
                    let mut changes = makings.write_people(tx, &declaration, &prepared, &origin)?;
                    changes.extend(makings.write_registrations(tx, &declaration, &origin)?);
                    Ok(changes)
                })
            });
            match outcome.await {
                Ok(Ok(changes)) => return Ok(changes),
                Ok(Err(Undone::Wrong(wrong))) => return Err(wrong.into()),
                Ok(Err(Undone::Stale)) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ApplyError::Contended)
    }
}
