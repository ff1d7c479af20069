//! Switching people and accounts off and on again.
//!
//! Off ends every sign-in and every grant at once, so that switching on again
//! brings nothing back (LC-01). Suspending needs no ending: every read of a
//! principal sees the state of its account and of its owner (LC-02).

use super::people::record;
use super::refusal::{Refusal, Stop};
use crate::base::id::{AccountId, PrincipalId};
use crate::domain::audit::Origin;
use crate::domain::{Account, AccountKind, AccountStatus, AuditEvent, AuditKind, Outcome, Principal, PrincipalStatus};
use crate::session::{announce_everywhere, end_everywhere};
use crate::store::{StoreResult, Tx, accounts, audit, principals};

/// Switches a principal on or off; true when that changed something.
pub fn set_principal_status(
    tx: &mut Tx<'_>,
    principal: &Principal,
    status: PrincipalStatus,
    origin: &Origin,
) -> Result<bool, Stop<Refusal>> {
    if !principals::set_status(tx, &principal.id, status)? {
        return Ok(false);
    }
    if status == PrincipalStatus::Disabled {
        end_everywhere(tx, &principal.id)?;
    }
    record(tx, AuditKind::PrincipalChanged, principal, status.as_str(), origin)?;
    Ok(true)
}

/// Gives an account another status; true when that changed something.
pub fn set_account_status(
    tx: &mut Tx<'_>,
    account: &Account,
    status: AccountStatus,
    origin: &Origin,
) -> Result<bool, Stop<Refusal>> {
    if !accounts::set_status(tx, &account.id, status)? {
        return Ok(false);
    }
    match status {
        AccountStatus::Disabled => {
            for principal in everybody_under(tx, account)? {
                end_everywhere(tx, &principal)?;
            }
        }
        AccountStatus::Suspended => {
            for principal in everybody_under(tx, account)? {
                announce_everywhere(tx, &principal)?;
            }
        }
        AccountStatus::Active => {}
    }
    record_account(tx, &account.id, status.as_str(), origin)?;
    Ok(true)
}

/// Everybody in this account and, under a main account, in its sub-accounts.
fn everybody_under(tx: &mut Tx<'_>, account: &Account) -> StoreResult<Vec<PrincipalId>> {
    let under = match account.kind {
        AccountKind::Main => accounts::family(tx, &account.id)?.into_iter().map(|one| one.id).collect(),
        AccountKind::Sub => vec![account.id.clone()],
    };
    let mut everybody = Vec::new();
    for account in under {
        everybody.extend(principals::of_account(tx, &account)?);
    }
    Ok(everybody)
}

pub(super) fn record_account<R>(
    tx: &mut Tx<'_>,
    account: &AccountId,
    what: &str,
    origin: &Origin,
) -> Result<(), Stop<R>> {
    let event = AuditEvent::new(AuditKind::AccountChanged, Outcome::Success).of_account(account).because(what);
    Ok(audit::record(tx, &event, origin)?)
}
