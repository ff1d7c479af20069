//! How long a sign-in lasts: the rule of the house, and what its owner allows.
//!
//! What an owner allows its IAM users counts when a sign-in is looked at, not only
//! when it begins: whoever lowers it ends what lasts longer than that.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::id::AccountId;
use crate::config::Sessions;
use crate::domain::browser::{LifetimePolicy, Lifetimes, Stay};
use crate::domain::{Principal, PrincipalKind, SignIn};
use crate::store::sign_ins::{self, Place};
use crate::store::{StoreResult, Tx, account_policies};

const DAY: u64 = 24 * 60 * 60;

/// The rule of the house, as configured.
#[must_use]
pub const fn lifetime_policy(sessions: &Sessions) -> LifetimePolicy {
    LifetimePolicy {
        account: Lifetimes { idle: sessions.idle, absolute: sessions.absolute },
        iam_user: Lifetimes { idle: sessions.iam_user, absolute: sessions.iam_user },
        iam_user_longest: sessions.iam_user_long_lived,
        remembered: Lifetimes { idle: sessions.stay_signed_in, absolute: sessions.stay_signed_in },
    }
}

/// The lifetimes of a sign-in of `principal` from now on. An IAM user stays
/// signed in for longer only where its owner allows it, and never longer than
/// the house does.
pub fn lifetimes(
    tx: &mut Tx<'_>,
    policy: &LifetimePolicy,
    principal: &Principal,
    stay: Stay,
) -> StoreResult<Lifetimes> {
    match (principal.kind, stay) {
        (PrincipalKind::IamUser, Stay::Extended) => {
            let owner = account_policies::of(tx, &principal.account.owner_id)?;
            Ok(long_lived(policy, owner.iam_long_lived_days))
        }
        (PrincipalKind::IamUser, Stay::Usual) | (PrincipalKind::Root | PrincipalKind::SubAccount, _) => {
            Ok(policy.of(principal.kind, stay))
        }
    }
}

/// Cuts the long-lived sign-ins of an account's IAM users down to so many days,
/// and what was given out with them: its owner allows no more.
pub fn shorten(tx: &mut Tx<'_>, policy: &LifetimePolicy, owner: &AccountId, days: u16) -> StoreResult<()> {
    sign_ins::shorten_of_owner(tx, owner, long_lived(policy, days).absolute)
}

/// These sign-ins, none lasting longer than its owner allows now.
pub(super) fn held(tx: &mut Tx<'_>, policy: &LifetimePolicy, rows: Vec<SignIn>) -> StoreResult<Vec<SignIn>> {
    let long = rows.iter().filter(|row| is_long_lived(row));
    let owners: BTreeSet<AccountId> = long.map(|row| row.principal.account.owner_id.clone()).collect();
    if owners.is_empty() {
        return Ok(rows);
    }
    let policies = account_policies::of_all(tx, owners)?;
    let hold = |row: SignIn| match policies.get(&row.principal.account.owner_id) {
        Some(owner) if is_long_lived(&row) => row.within(long_lived(policy, owner.iam_long_lived_days)),
        Some(_) | None => row,
    };
    Ok(rows.into_iter().map(hold).collect())
}

/// Where `principal` is signed in, none of it lasting longer than its owner
/// allows now.
pub fn places(tx: &mut Tx<'_>, policy: &LifetimePolicy, principal: &Principal) -> StoreResult<Vec<Place>> {
    let places = sign_ins::places_of(tx, &principal.id)?;
    if principal.kind != PrincipalKind::IamUser || !places.iter().any(|place| place.remember) {
        return Ok(places);
    }
    let most = lifetimes(tx, policy, principal, Stay::Extended)?;
    let hold = |place: Place| if place.remember { place.within(most) } else { place };
    Ok(places.into_iter().map(hold).collect())
}

fn is_long_lived(sign_in: &SignIn) -> bool {
    sign_in.remember && sign_in.principal.kind == PrincipalKind::IamUser
}

fn long_lived(policy: &LifetimePolicy, days: u16) -> Lifetimes {
    let allowed = Duration::from_secs(u64::from(days) * DAY).min(policy.iam_user_longest);
    let longer = allowed > policy.iam_user.absolute;
    if longer { Lifetimes { idle: allowed, absolute: allowed } } else { policy.iam_user }
}
