//! How long a sign-in lasts: the rule of the house, and what its owner allows.

use std::time::Duration;

use crate::domain::browser::{LifetimePolicy, Lifetimes, Stay};
use crate::domain::{Principal, PrincipalKind};
use crate::store::{StoreResult, Tx, account_policies};

const DAY: u64 = 24 * 60 * 60;

/// The lifetimes of a sign-in of `principal` from now on. An IAM user stays
/// signed in for longer only where its owner allows it, and never longer than
/// the house does.
pub fn lifetimes(
    tx: &mut Tx<'_>,
    policy: &LifetimePolicy,
    principal: &Principal,
    stay: Stay,
) -> StoreResult<Lifetimes> {
    let usual = policy.of(principal.kind, stay);
    match (principal.kind, stay) {
        (PrincipalKind::IamUser, Stay::Extended) => {
            let days = account_policies::iam_long_lived_days(tx, &principal.account.owner_id)?;
            let allowed = Duration::from_secs(u64::from(days) * DAY).min(policy.iam_user_longest);
            let longer = allowed > usual.absolute;
            Ok(if longer { Lifetimes { idle: allowed, absolute: allowed } } else { usual })
        }
        (PrincipalKind::IamUser, Stay::Usual) | (PrincipalKind::Root | PrincipalKind::SubAccount, _) => Ok(usual),
    }
}
