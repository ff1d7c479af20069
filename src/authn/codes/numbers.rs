//! How often an aggregator is asked for a number: each answer is paid for, like a
//! message, so it is counted before it is asked, and beside the messages.

use super::Codes;
use super::limits::Allowance;
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::Method;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::store::audit;

impl Codes {
    /// Counts one question to an aggregator, if there is room for it; it stays
    /// counted whatever comes of it.
    ///
    /// # Errors
    /// The store could not answer; a limit is the inner error.
    pub(in crate::authn) async fn may_ask_number(
        &self,
        attempt: &Attempt<'_>,
        method: Method,
    ) -> Result<Result<(), Rejection>, AuthnError> {
        let parts = &self.0.0;
        let plan = parts.limits.to_ask_number(attempt);
        let mut event = AuditEvent::new(AuditKind::Login, Outcome::Refused);
        event.client = attempt.client.cloned();
        let event = event.because(format!("{}: too many", method.name));
        let origin = attempt.origin();
        let counted = parts.store.write(move |tx| match plan.reserve(tx)? {
            Allowance::Granted(_) => Ok(Ok(())),
            Allowance::Refused { retry_after, .. } => {
                audit::record(tx, &event, &origin)?;
                Ok(Err(Rejection::CodeQuota { retry_after }))
            }
        });
        Ok(counted.await?)
    }
}
