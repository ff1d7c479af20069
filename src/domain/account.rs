//! Accounts: who owns resources and who pays.

use super::names::named_enum;
use crate::base::id::AccountId;

named_enum! {
    /// Whether an account stands on its own or under another.
    AccountKind {
        /// Registered customer; owns itself.
        Main = "main",
        /// Child of a main account, with resources of its own.
        Sub = "sub",
    }
}

named_enum! {
    /// What an account may do at this door.
    AccountStatus {
        /// Everything.
        Active = "active",
        /// Switched off by its owner or an operator.
        Disabled = "disabled",
        /// Stopped by the platform, with everybody under it.
        Suspended = "suspended",
    }
}

/// A tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// Never reused.
    pub id: AccountId,
    /// Main or sub.
    pub kind: AccountKind,
    /// The top-level account; a main account's own id.
    pub owner_id: AccountId,
    /// Public, changeable name for sign-in (`alice@acme`).
    pub alias: Option<String>,
    /// Display name.
    pub name: String,
    /// Its own status; whether it may sign in depends on its owner's too.
    pub status: AccountStatus,
    /// A sub-account that pays for itself.
    pub independent_billing: bool,
}

impl Account {
    /// Who pays now: the owner, unless a sub-account is billed on its own.
    #[must_use]
    pub fn billing_account(&self) -> &AccountId {
        match (self.kind, self.independent_billing) {
            (AccountKind::Sub, true) => &self.id,
            (AccountKind::Sub, false) | (AccountKind::Main, _) => &self.owner_id,
        }
    }

    /// Whether `alias` can name an account: 3 to 64 lower-case letters, digits
    /// and inner hyphens, not digits alone (those would read as an id).
    #[must_use]
    pub fn is_alias(alias: &str) -> bool {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (3..=64).contains(&alias.len())
            && alias.chars().all(known)
            && !alias.starts_with('-')
            && !alias.ends_with('-')
            && alias.chars().any(|c| c.is_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub(independent_billing: bool) -> Account {
        Account {
            id: AccountId::from_text("209715200000"),
            kind: AccountKind::Sub,
            owner_id: AccountId::from_text("104857600000"),
            alias: None,
            name: "dev".into(),
            status: AccountStatus::Active,
            independent_billing,
        }
    }

    #[test]
    fn the_owner_pays_unless_the_sub_account_is_billed_on_its_own() {
        assert_eq!(sub(false).billing_account().as_str(), "104857600000");
        assert_eq!(sub(true).billing_account().as_str(), "209715200000");
        let main = Account { kind: AccountKind::Main, owner_id: AccountId::from_text("209715200000"), ..sub(true) };
        assert_eq!(main.billing_account().as_str(), "209715200000");
    }

    #[test]
    fn an_alias_never_reads_as_an_id_or_a_suffix() {
        for good in ["acme", "a-1", "globex-2"] {
            assert!(Account::is_alias(good), "{good}");
        }
        for bad in ["ab", "Acme", "-acme", "acme-", "104857600000", "a@b", "a.b", "", "é-acme"] {
            assert!(!Account::is_alias(bad), "{bad}");
        }
    }
}
