//! Principals: who can sign in.

use super::account::{Account, AccountStatus};
use super::names::named_enum;
use crate::base::id::{AccountId, PrincipalId};

named_enum! {
    /// The three kinds of people at the door; `principal_type` in tokens.
    PrincipalKind {
        /// The holder of a main account.
        Root = "root",
        /// The holder of a sub-account.
        SubAccount = "sub_account",
        /// A user inside an account; owns nothing and is billed nothing.
        IamUser = "iam_user",
    }
}

named_enum! {
    /// Whether a principal may sign in.
    PrincipalStatus {
        /// May sign in.
        Active = "active",
        /// May not.
        Disabled = "disabled",
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// `sub` in tokens.
    pub id: PrincipalId,
    /// Root, sub-account or IAM user.
    pub kind: PrincipalKind,
    /// The account this principal acts in.
    pub account: Account,
    /// IAM users only: the name inside the account, as its owner wrote it.
    pub username: Option<String>,
    /// For people's eyes.
    pub display_name: String,
    /// Its own status.
    pub status: PrincipalStatus,
    /// Status of the top-level account that owns `account`.
    pub owner_status: AccountStatus,
    /// Alias of the top-level account.
    pub owner_alias: Option<String>,
    /// The next sign-in asks for a new password.
    pub must_change_password: bool,
    /// Standard claims of OpenID Connect, as a JSON object.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// Whether a principal may be signed in now, and if not, why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It may.
    Good,
    /// The principal or its account is switched off.
    Disabled,
    /// The owning account is stopped, and everybody under it.
    OwnerSuspended,
}

impl Principal {
    /// Whether this principal may be signed in now. Asked at every sign-in, at
    /// every token and at every introspection (security decision D18).
    #[must_use]
    pub fn standing(&self) -> Standing {
        standing(self.status, self.account.status, self.owner_status)
    }

    /// `alice@acme`, for IAM users; without an alias the account's id stands in.
    #[must_use]
    pub fn upn(&self) -> Option<String> {
        let account = self.owner_alias.as_deref().unwrap_or(self.account.id.as_str());
        self.username.as_ref().map(|name| format!("{name}@{account}"))
    }

    /// The resource name of this principal: ids, never names, so that a
    /// re-created user gains nothing.
    #[must_use]
    pub fn resource_name(&self) -> String {
        resource_name(self.kind, &self.account.id, &self.id)
    }
}

/// The rule of [`Principal::resource_name`] on the bare parts, for hot reads.
#[must_use]
pub fn resource_name(kind: PrincipalKind, account: &AccountId, id: &PrincipalId) -> String {
    match kind {
        PrincipalKind::Root | PrincipalKind::SubAccount => format!("crn:iam::{account}:root"),
        PrincipalKind::IamUser => format!("crn:iam::{account}:user/{id}"),
    }
}

/// The rule of [`Principal::standing`] on the bare states, for hot reads.
#[must_use]
pub fn standing(principal: PrincipalStatus, account: AccountStatus, owner: AccountStatus) -> Standing {
    match (principal, account, owner) {
        (_, AccountStatus::Suspended, _) | (_, _, AccountStatus::Suspended) => Standing::OwnerSuspended,
        (PrincipalStatus::Disabled, _, _) | (_, AccountStatus::Disabled, _) | (_, _, AccountStatus::Disabled) => {
            Standing::Disabled
        }
        (PrincipalStatus::Active, AccountStatus::Active, AccountStatus::Active) => Standing::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_good_states_together_are_good_standing() {
        for &principal in PrincipalStatus::ALL {
            for &account in AccountStatus::ALL {
                for &owner in AccountStatus::ALL {
                    let good = principal == PrincipalStatus::Active
                        && account == AccountStatus::Active
                        && owner == AccountStatus::Active;
                    assert_eq!(standing(principal, account, owner) == Standing::Good, good);
                }
            }
        }
    }
}
