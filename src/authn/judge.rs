//! The last word of every method: may this principal be signed in?

use super::rejection::Rejection;
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, Outcome, Principal, Standing};
use crate::store::{StoreResult, Tx, audit};

/// What became of somebody whose proof was right.
pub(super) enum Judged {
    /// May sign in.
    Good(Box<Principal>),
    /// May not.
    Refused(Rejection),
}

/// Principal active, owner active: told only to whom the proof was right, and
/// written down. `what` is the method and what was right.
pub(super) fn judge(
    tx: &mut Tx<'_>,
    principal: Principal,
    template: &AuditEvent,
    origin: &Origin,
    (method, what): (&str, &str),
) -> StoreResult<Judged> {
    let (outcome, because, refused) = match principal.standing() {
        Standing::Good => (Outcome::Success, what, None),
        Standing::Disabled => {
            (Outcome::Refused, "principal disabled", Some(Rejection::PrincipalDisabled { kind: principal.kind }))
        }
        Standing::OwnerSuspended => (Outcome::Refused, "owner suspended", Some(Rejection::OwnerSuspended)),
    };
    let event =
        AuditEvent { outcome, ..template.clone() }.of_principal(&principal.id).of_account(&principal.account.id);
    audit::record(tx, &event.because(format!("{method}: {because}")), origin)?;
    Ok(refused.map_or_else(|| Judged::Good(Box::new(principal)), Judged::Refused))
}
