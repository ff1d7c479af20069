//! Logins as the metrics count them: by method and outcome, never by person.

use super::Flow;
use crate::authn::{AuthnError, Progress, RejectionClass};
use crate::telemetry::LoginOutcome;

impl Flow {
    /// Counts how a posted login ended; a step on the way, or a form that was
    /// not filled in, is no login.
    pub(super) fn count_login(&self, method: &'static str, answered: &Result<Progress, AuthnError>) {
        let outcome = match answered {
            Ok(Progress::Verified(_) | Progress::Choose(_) | Progress::Unregistered(_)) => LoginOutcome::Proven,
            Ok(Progress::Ask(_) | Progress::Unbound(_)) => return,
            Ok(Progress::Rejected(rejection)) => match rejection.class() {
                RejectionClass::WrongProof | RejectionClass::Conflict => LoginOutcome::Refused,
                RejectionClass::TooMany => LoginOutcome::Throttled,
                RejectionClass::Unavailable => LoginOutcome::Unavailable,
                RejectionClass::BadInput | RejectionClass::Cancelled => return,
            },
            Err(AuthnError::Busy { .. } | AuthnError::Store(_) | AuthnError::Notify(_) | AuthnError::Vault(_)) => {
                LoginOutcome::Unavailable
            }
        };
        self.metrics.login(method, outcome);
    }
}
