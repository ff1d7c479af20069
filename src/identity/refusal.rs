//! Why a change of accounts and people is refused, and how a refusal undoes
//! what its transaction had begun.

use thiserror::Error;

use crate::store::dialect::savepoint;
use crate::store::{StoreError, StoreResult, Tx};

/// Why a change is refused. The text is the end of a sentence that begins with
/// [`Refusal::key`]; it never quotes a contact.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Refusal {
    /// Not a name that an account can have.
    #[error("is none: 3 to 64 lower-case letters, digits and inner hyphens, not digits alone")]
    NoAlias,
    /// Another account has this alias.
    #[error("belongs to another account")]
    AliasTaken,
    /// Somebody else has this e-mail address.
    #[error("belongs to another account")]
    EmailTaken,
    /// The number has as many accounts as it may have.
    #[error("has {most} accounts already, and may not have more")]
    PhoneFull {
        /// So many it may have.
        most: u32,
    },
    /// The account has a user of this name.
    #[error("is the name of another user of the account")]
    UsernameTaken,
    /// The number is another account's.
    #[error("belongs to another account")]
    IdTaken,
    /// Only a main account owns others.
    #[error("is not a main account, so it owns none")]
    NotMain,
    /// Sub-accounts alone choose who pays.
    #[error("is for sub-accounts: a main account pays for itself")]
    NotSub,
}

impl Refusal {
    /// What is wrong, as the `apply` file calls it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NoAlias | Self::AliasTaken => "alias",
            Self::EmailTaken => "email",
            Self::PhoneFull { .. } => "phone",
            Self::UsernameTaken => "username",
            Self::IdTaken => "id",
            Self::NotMain => "account",
            Self::NotSub => "independent_billing",
        }
    }
}

/// What ends a change half way: it is refused, or the store fails.
#[derive(Debug)]
pub enum Stop<R> {
    /// Refused; what was begun must be undone.
    Refused(R),
    /// The store failed.
    Store(StoreError),
}

impl<R> Stop<R> {
    /// The same stop with its refusal told in other words.
    pub fn map<S>(self, tell: impl FnOnce(R) -> S) -> Stop<S> {
        match self {
            Self::Refused(refusal) => Stop::Refused(tell(refusal)),
            Self::Store(error) => Stop::Store(error),
        }
    }
}

impl<R> From<StoreError> for Stop<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Stop<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Runs a change so that a refusal undoes all of it, and is answered as a value.
///
/// # Errors
/// The store's own.
pub fn all_or_nothing<'c, T, R>(
    tx: &mut Tx<'c>,
    change: impl FnOnce(&mut Tx<'c>) -> Result<T, Stop<R>>,
) -> StoreResult<Result<T, R>> {
    let mut refused = None;
    let outcome = savepoint(tx, |tx| {
        change(tx).map_err(|stop| match stop {
            Stop::Store(error) => error,
            Stop::Refused(refusal) => {
                refused = Some(refusal);
                // Undoes the savepoint; nobody reads it.
                StoreError::Conflict("refused".to_owned())
            }
        })
    });
    match (outcome, refused) {
        (Err(StoreError::Conflict(_)), Some(refusal)) => Ok(Err(refusal)),
        (outcome, _) => outcome.map(Ok),
    }
}
