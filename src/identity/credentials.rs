//! Passwords as they are set: by an operator, an owner, or the `apply` file.
//!
//! A new password ends every sign-in and every grant of its principal. Hashes
//! are made before the transaction.

use super::people::record;
use super::refusal::{Refusal, Stop};
use crate::authn::PASSWORD_CREDENTIAL;
use crate::authn::hashing::StoredPassword;
use crate::base::id::PrincipalId;
use crate::domain::audit::Origin;
use crate::domain::{AuditKind, Principal};
use crate::session::end_everywhere;
use crate::store::{StoreResult, Tx, credentials, principals};

/// Beside it: which declared hash it came from. The hash itself is replaced at
/// the first login, so a second `apply` of the same file would not know it.
pub(super) const IMPORTED: &str = "password.imported";

/// Whether the next sign-in asks for another password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MustChange {
    /// It does.
    AtNextLogin,
    /// It does not.
    No,
}

/// A password to be stored.
#[derive(Clone)]
pub struct NewPassword {
    stored: StoredPassword,
    /// Digest of the declared hash, when it was declared as one.
    imported: Option<String>,
    must_change: MustChange,
}

impl NewPassword {
    /// A password that was hashed here.
    #[must_use]
    pub const fn hashed(stored: StoredPassword, must_change: MustChange) -> Self {
        Self { stored, imported: None, must_change }
    }

    /// A hash that came from elsewhere, with its digest.
    #[must_use]
    pub const fn imported(stored: StoredPassword, digest: String, must_change: MustChange) -> Self {
        Self { stored, imported: Some(digest), must_change }
    }

    pub(super) fn must_change(&self) -> bool {
        self.must_change == MustChange::AtNextLogin
    }
}

/// Sets a password and ends everything that the old one had opened.
pub fn set_password(
    tx: &mut Tx<'_>,
    principal: &Principal,
    new: &NewPassword,
    origin: &Origin,
) -> Result<(), Stop<Refusal>> {
    replace(tx, principal, new, ("set", origin))
}

/// Sets the password that somebody chose who proved a contact of the principal,
/// and ends everything that the old one had opened.
pub fn reset_password<R>(
    tx: &mut Tx<'_>,
    principal: &Principal,
    new: &NewPassword,
    origin: &Origin,
) -> Result<(), Stop<R>> {
    replace(tx, principal, new, ("reset", origin))
}

fn replace<R>(
    tx: &mut Tx<'_>,
    principal: &Principal,
    new: &NewPassword,
    (what, origin): (&str, &Origin),
) -> Result<(), Stop<R>> {
    write_password(tx, &principal.id, new)?;
    if principal.must_change_password != new.must_change() {
        principals::update(tx, &Principal { must_change_password: new.must_change(), ..principal.clone() })?;
    }
    end_everywhere(tx, &principal.id)?;
    record(tx, AuditKind::PasswordChanged, principal, what, origin)
}

pub(super) fn write_password(tx: &mut Tx<'_>, principal: &PrincipalId, new: &NewPassword) -> StoreResult<()> {
    credentials::put(tx, principal, PASSWORD_CREDENTIAL, None, &new.stored.to_data())?;
    match &new.imported {
        Some(digest) => credentials::put(tx, principal, IMPORTED, None, digest),
        None => credentials::remove(tx, principal, IMPORTED).map(drop),
    }
}
