//! What the owner of a main account allows its people, and asks of them.
//!
//! Allowing IAM users less ends what lasts longer, in the same transaction. What
//! is asked counts when a sign-in is used next.

use super::operator::OperatorError;
use super::refusal::Stop;
use super::status::record_account;
use super::{Makings, lock};
use crate::base::id::AccountId;
use crate::domain::audit::Origin;
use crate::domain::browser::LifetimePolicy;
use crate::domain::{OwnerPolicy, Principal, PrincipalKind, ReauthPolicy};
use crate::session;
use crate::store::{Tx, account_policies};

/// The most days that can be allowed.
pub const MOST_DAYS: u16 = 90;

/// What is changed of an owner's policy; the rest stays.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PolicyChange {
    /// Days that IAM users may stay signed in.
    pub iam_long_lived_days: Option<u16>,
    /// The login methods that people may use.
    pub login_methods: Option<Vec<String>>,
    /// Minutes without use after which they prove themselves again.
    pub reauth_idle_minutes: Option<u16>,
    /// Whether the root does when it is picked.
    pub reauth_root: Option<bool>,
    /// Whether they do in another kind of browser, or another country.
    pub reauth_on_change: Option<bool>,
}

impl PolicyChange {
    fn of(self, before: &OwnerPolicy) -> OwnerPolicy {
        OwnerPolicy {
            iam_long_lived_days: self.iam_long_lived_days.unwrap_or(before.iam_long_lived_days),
            login_methods: self.login_methods.unwrap_or_else(|| before.login_methods.clone()),
            reauth: ReauthPolicy {
                idle_minutes: self.reauth_idle_minutes.unwrap_or(before.reauth.idle_minutes),
                root: self.reauth_root.unwrap_or(before.reauth.root),
                on_change: self.reauth_on_change.unwrap_or(before.reauth.on_change),
            },
        }
    }
}

/// Changes the policy of a main account; the keys that changed something.
pub(super) fn change<R>(
    tx: &mut Tx<'_>,
    lifetimes: &LifetimePolicy,
    account: &AccountId,
    change: &PolicyChange,
    origin: &Origin,
) -> Result<Vec<&'static str>, Stop<R>> {
    if *change == PolicyChange::default() {
        return Ok(Vec::new());
    }
    let before = account_policies::of(tx, account)?;
    let after = change.clone().of(&before);
    if after == before {
        return Ok(Vec::new());
    }
    account_policies::put(tx, account, &after)?;
    if after.iam_long_lived_days != before.iam_long_lived_days {
        session::shorten(tx, lifetimes, account, after.iam_long_lived_days)?;
    }
    let mut keys = Vec::new();
    for ((key, then), (_, now)) in told(&before).into_iter().zip(told(&after)) {
        if then != now {
            record_account(tx, account, &format!("{key} {now}"), origin)?;
            keys.push(key);
        }
    }
    Ok(keys)
}

/// A policy by the keys of the `apply` file, as the audit trail tells it.
fn told(policy: &OwnerPolicy) -> [(&'static str, String); 5] {
    let methods = &policy.login_methods;
    [
        ("iam_long_lived_days", policy.iam_long_lived_days.to_string()),
        ("login_methods", if methods.is_empty() { "all".to_owned() } else { methods.join(" ") }),
        ("reauth_idle_minutes", policy.reauth.idle_minutes.to_string()),
        ("reauth_root", policy.reauth.root.to_string()),
        ("reauth_on_change", policy.reauth.on_change.to_string()),
    ]
}

impl Makings {
    /// The same, of the main account that somebody holds.
    pub(super) fn change_policy(
        &self,
        tx: &mut Tx<'_>,
        holder: &Principal,
        wanted: &PolicyChange,
        origin: &Origin,
    ) -> Result<Vec<&'static str>, Stop<OperatorError>> {
        if holder.kind != PrincipalKind::Root {
            return Err(Stop::Refused(OperatorError::NoOwner));
        }
        lock::hold(tx)?;
        change(tx, &self.lifetimes, &holder.account.id, wanted, origin)
    }
}
