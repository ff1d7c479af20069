//! What an operator does to one account or one person, and sees of them.
//!
//! A running server reads all of this live, so it obeys at once.

use std::sync::Arc;

use thiserror::Error;

use super::credentials::{MustChange, NewPassword, set_password};
use super::owner_policy::PolicyChange;
use super::refusal::{Refusal, Stop, all_or_nothing};
use super::status::{set_account_status, set_principal_status};
use super::{Identity, Makings, who};
use crate::authn::hashing::{Arena, NormalPassword};
use crate::authn::password_policy::Weakness;
use crate::base::{Entropy, Secret};
use crate::domain::audit::Origin;
use crate::domain::{Account, AccountStatus, ContactKind, OwnerPolicy, Principal, PrincipalKind, PrincipalStatus};
use crate::store::{StoreError, StoreResult, Tx, account_policies, accounts, identifiers, principals};

/// Letters and digits that are not mistaken for one another when read aloud.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Groups of so many of them: 5 bits each, 120 in all.
const GROUP: usize = 6;
const GROUPS: usize = 4;

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum OperatorError {
    /// `who` names nobody.
    #[error("nobody is called that: give an e-mail address, user@alias or an id")]
    Unknown,
    /// Only a main account owns others.
    #[error("only a main account sets rules for its people")]
    NoOwner,
    /// Only accounts are suspended and resumed.
    #[error("an IAM user is disabled and enabled, never suspended")]
    NotAnAccount,
    /// A suspended account is resumed first.
    #[error("the account is suspended: resume it")]
    Suspended,
    /// There is no such binding.
    #[error("has no such binding: `menshen account bindings` lists them")]
    NotBound,
    /// A disabled account is enabled first.
    #[error("the account is disabled: enable it")]
    Disabled,
    /// The password is no good.
    #[error("{0}")]
    Weak(Weakness),
    /// The password could not be hashed.
    #[error("the password cannot be hashed")]
    Hashing,
    /// The change does not fit what is there.
    #[error("{key} {refusal}", key = .0.key(), refusal = .0)]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Weakness> for OperatorError {
    fn from(weakness: Weakness) -> Self {
        Self::Weak(weakness)
    }
}

/// What an operator asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Switch {
    /// Off, and everything of theirs ends.
    Disable,
    /// On again.
    Enable,
    /// Stopped by the platform, with everybody under it.
    Suspend,
    /// No longer stopped.
    Resume,
}

/// One account or person as an operator sees them.
pub struct Portrait {
    /// Who.
    pub principal: Principal,
    /// E-mail addresses and phone numbers in clear; whoever shows them masks them.
    pub contacts: Vec<(ContactKind, String)>,
    /// Accounts under a main account.
    pub sub_accounts: Vec<Account>,
    /// Users in the account, for its holder.
    pub iam_users: Vec<Principal>,
    /// What a main account allows its people, and asks of them.
    pub policy: Option<OwnerPolicy>,
}

impl Identity {
    /// Every account by number, at most `limit`, from behind the number `after`.
    ///
    /// # Errors
    /// The store's own.
    pub async fn list_accounts(&self, after: String, limit: i64) -> StoreResult<Vec<Account>> {
        self.0.store.read(move |tx| accounts::list(tx, &after, limit)).await
    }

    /// Whom `who` names, with all that belongs to them.
    ///
    /// # Errors
    /// It names nobody; the store's own.
    pub async fn portray(&self, who: &str) -> Result<Portrait, OperatorError> {
        let (makings, who) = (Arc::clone(&self.0.makings), who.to_owned());
        let found = self.0.store.read(move |tx| makings.portray(tx, &who)).await?;
        found.ok_or(OperatorError::Unknown)
    }

    /// Switches an account or a person; true when that changed something.
    ///
    /// # Errors
    /// `who` names nobody, or this cannot be asked of them.
    pub async fn switch(&self, who: &str, switch: Switch, origin: &Origin) -> Result<bool, OperatorError> {
        let (makings, who, origin) = (Arc::clone(&self.0.makings), who.to_owned(), origin.clone());
        let outcome = self.0.store.write(move |tx| {
            all_or_nothing(tx, |tx| {
                let principal = makings.load(tx, &who)?;
                switch_one(tx, &principal, switch, &origin)
            })
        });
        outcome.await?
    }

    /// Changes what a main account allows its people and asks of them; true when
    /// that changed something. Sign-ins that last longer than is allowed are cut down.
    ///
    /// # Errors
    /// `who` names no main account.
    pub async fn change_policy(&self, who: &str, change: PolicyChange, origin: &Origin) -> Result<bool, OperatorError> {
        let (makings, who, origin) = (Arc::clone(&self.0.makings), who.to_owned(), origin.clone());
        let outcome = self.0.store.write(move |tx| {
            all_or_nothing(tx, |tx| {
                let holder = makings.load(tx, &who)?;
                makings.change_policy(tx, &holder, &change, &origin)
            })
        });
        Ok(!outcome.await??.is_empty())
    }

    /// A password that nobody guesses, to be shown once.
    #[must_use]
    pub fn fresh_password(&self) -> Secret<String> {
        fresh_password(&*self.0.entropy)
    }

    /// Sets a password; every sign-in and every grant of its owner ends.
    ///
    /// # Errors
    /// `who` names nobody, or the password is too weak.
    pub async fn reset_password(
        &self,
        who: &str,
        password: &Secret<String>,
        must_change: MustChange,
        origin: &Origin,
    ) -> Result<(), OperatorError> {
        let portrait = self.portray(who).await?;
        let principal = &portrait.principal;
        let mut own: Vec<&str> = portrait.contacts.iter().map(|(_kind, text)| text.as_str()).collect();
        own.extend([principal.display_name.as_str(), principal.account.name.as_str()]);
        own.extend(principal.username.as_deref());
        own.extend(principal.owner_alias.as_deref());
        self.0.policy.judge(password.expose(), &own)?;
        let new = NewPassword::hashed(self.hash(password).await?, must_change);
        let (id, origin) = (principal.id.clone(), origin.clone());
        let outcome = self.0.store.write(move |tx| {
            all_or_nothing(tx, |tx| {
                // Again, live: it may have been changed since it was looked at.
                let principal = principals::find(tx, &id)?.ok_or(Stop::Refused(OperatorError::Unknown))?;
                set_password(tx, &principal, &new, &origin).map_err(|stop| stop.map(OperatorError::Refused))
            })
        });
        outcome.await?
    }

    async fn hash(&self, password: &Secret<String>) -> Result<crate::authn::hashing::StoredPassword, OperatorError> {
        let normal = NormalPassword::new(password.expose()).ok_or(Weakness::TooLong)?;
        let (hasher, salt) = (Arc::clone(&self.0.hasher), self.0.entropy.bytes());
        let task = tokio::task::spawn_blocking(move || hasher.hash(&normal, &salt, &mut Arena::default()));
        task.await.map_err(|_panicked| OperatorError::Hashing)?.map_err(|_bad| OperatorError::Hashing)
    }
}

impl Makings {
    pub(super) fn load(&self, tx: &mut Tx<'_>, who: &str) -> Result<Principal, Stop<OperatorError>> {
        who::find(tx, &self.contacts, who)?.ok_or(Stop::Refused(OperatorError::Unknown))
    }

    fn portray(&self, tx: &mut Tx<'_>, who: &str) -> StoreResult<Option<Portrait>> {
        let Some(principal) = who::find(tx, &self.contacts, who)? else { return Ok(None) };
        let mut contacts = Vec::new();
        for row in identifiers::list(tx, &principal.id)? {
            match self.contacts.open(&principal.id, row.kind, &row.sealed) {
                Ok(text) => contacts.push((row.kind, text)),
                Err(error) => tracing::error!(principal = %principal.id, %error, "a contact does not open"),
            }
        }
        let (mut sub_accounts, mut iam_users, mut policy) = (Vec::new(), Vec::new(), None);
        if principal.kind == PrincipalKind::Root {
            policy = Some(account_policies::of(tx, &principal.account.id)?);
            sub_accounts = accounts::family(tx, &principal.account.id)?;
            sub_accounts.retain(|account| account.id != principal.account.id);
        }
        if principal.kind != PrincipalKind::IamUser {
            for id in principals::of_account(tx, &principal.account.id)? {
                iam_users.extend(principals::find(tx, &id)?.filter(|one| one.kind == PrincipalKind::IamUser));
            }
        }
        Ok(Some(Portrait { principal, contacts, sub_accounts, iam_users, policy }))
    }
}

fn switch_one(
    tx: &mut Tx<'_>,
    principal: &Principal,
    switch: Switch,
    origin: &Origin,
) -> Result<bool, Stop<OperatorError>> {
    let refused = |stop: Stop<Refusal>| stop.map(OperatorError::Refused);
    if principal.kind == PrincipalKind::IamUser {
        let status = match switch {
            Switch::Disable => PrincipalStatus::Disabled,
            Switch::Enable => PrincipalStatus::Active,
            Switch::Suspend | Switch::Resume => return Err(Stop::Refused(OperatorError::NotAnAccount)),
        };
        return set_principal_status(tx, principal, status, origin).map_err(refused);
    }
    let account = &principal.account;
    let status = match (switch, account.status) {
        (Switch::Disable | Switch::Enable, AccountStatus::Suspended) => {
            return Err(Stop::Refused(OperatorError::Suspended));
        }
        (Switch::Suspend | Switch::Resume, AccountStatus::Disabled) => {
            return Err(Stop::Refused(OperatorError::Disabled));
        }
        (Switch::Disable, AccountStatus::Active | AccountStatus::Disabled) => AccountStatus::Disabled,
        (Switch::Suspend, AccountStatus::Active | AccountStatus::Suspended) => AccountStatus::Suspended,
        (Switch::Enable, AccountStatus::Active | AccountStatus::Disabled)
        | (Switch::Resume, AccountStatus::Active | AccountStatus::Suspended) => AccountStatus::Active,
    };
    set_account_status(tx, account, status, origin).map_err(refused)
}

fn fresh_password(entropy: &dyn Entropy) -> Secret<String> {
    let bound = u64::try_from(ALPHABET.len()).unwrap_or_default();
    let letter = || usize::try_from(entropy.below(bound)).ok().and_then(|at| ALPHABET.get(at)).copied().map(char::from);
    let group = || (0..GROUP).filter_map(|_| letter()).collect::<String>();
    Secret::new((0..GROUPS).map(|_| group()).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;

    #[test]
    fn a_fresh_password_can_be_read_aloud_and_not_guessed() {
        let password = fresh_password(&SeededEntropy::new(1));
        assert_eq!(password.expose().len(), GROUPS * GROUP + GROUPS - 1);
        assert!(password.expose().bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)));
        assert_ne!(password.expose(), fresh_password(&SeededEntropy::new(2)).expose());
    }
}
