//! A number that was written down and never proved, proved for the first time
//! (RG-01): whoever set the account up may not have had it. The account goes to
//! who has the number, and all that could still open it from before is void.
//! Called by `flow` in the transaction that signs them in.

use crate::authn::PASSWORD_CREDENTIAL;
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, AuditKind, ContactKind, Outcome, Principal};
use crate::session::end_everywhere;
use crate::store::{StoreResult, Tx, audit, bindings, credentials, identifiers};

/// Notes that a principal's number was proved. Was that the first time, then
/// password, sign-ins, tokens, bindings and other contacts from before end here.
pub fn first_proof(tx: &mut Tx<'_>, principal: &Principal, origin: &Origin) -> StoreResult<()> {
    if !identifiers::prove(tx, &principal.id, ContactKind::Phone)? {
        return Ok(());
    }
    identifiers::remove_unproven_of(tx, &principal.id)?;
    credentials::remove(tx, &principal.id, PASSWORD_CREDENTIAL)?;
    bindings::remove_of_principal(tx, &principal.id)?;
    end_everywhere(tx, &principal.id)?;
    let event = AuditEvent::new(AuditKind::PrincipalChanged, Outcome::Success).of_principal(&principal.id);
    let event = event.of_account(&principal.account.id).because("its number was proved for the first time");
    audit::record(tx, &event, origin)
}
