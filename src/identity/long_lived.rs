//! How long an owner lets its IAM users stay signed in.
//!
//! Allowing less ends what lasts longer, in the same transaction.

use super::Makings;
use super::operator::OperatorError;
use super::refusal::Stop;
use super::status::record_account;
use crate::base::id::AccountId;
use crate::domain::audit::Origin;
use crate::domain::browser::LifetimePolicy;
use crate::domain::{Principal, PrincipalKind};
use crate::session;
use crate::store::{Tx, account_policies};

/// The most days that can be allowed.
pub const MOST_DAYS: u16 = 90;

/// Allows the IAM users of a main account to stay signed in for so many days;
/// true when that changed something.
pub(super) fn allow<R>(
    tx: &mut Tx<'_>,
    policy: &LifetimePolicy,
    account: &AccountId,
    days: u16,
    origin: &Origin,
) -> Result<bool, Stop<R>> {
    let changed = account_policies::allow_iam_long_lived(tx, account, days)?;
    if changed {
        session::shorten(tx, policy, account, days)?;
        record_account(tx, account, &format!("iam_long_lived_days {days}"), origin)?;
    }
    Ok(changed)
}

impl Makings {
    /// The same, of the main account that somebody holds.
    pub(super) fn allow_long_lived(
        &self,
        tx: &mut Tx<'_>,
        holder: &Principal,
        days: u16,
        origin: &Origin,
    ) -> Result<bool, Stop<OperatorError>> {
        if holder.kind != PrincipalKind::Root {
            return Err(Stop::Refused(OperatorError::NoOwner));
        }
        allow(tx, &self.lifetimes, &holder.account.id, days, origin)
    }
}
