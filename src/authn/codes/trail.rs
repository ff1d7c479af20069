//! What the audit trail says of one-time codes: that one was asked for, and how
//! each try went. Never a code, a contact, or whether anybody has it.

use crate::authn::attempt::Attempt;
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, AuditKind, CodePurpose, Outcome};
use crate::store::{StoreResult, Tx, audit};

/// How a try went.
#[derive(Clone, Copy)]
pub(super) enum Tried {
    Right,
    Wrong,
    /// There was no live code to compare with: late, spent, or used up.
    Dead,
    /// Nobody looked.
    TooOften,
}

/// Writes rows about one order or one try, in its own transaction.
#[derive(Clone)]
pub(super) struct Trail {
    template: AuditEvent,
    purpose: CodePurpose,
    origin: Origin,
}

impl Trail {
    pub(super) fn of(attempt: &Attempt<'_>, purpose: CodePurpose) -> Self {
        let mut template = AuditEvent::new(AuditKind::OneTimeCodeSent, Outcome::Success);
        template.client = attempt.client.cloned();
        Self { template, purpose, origin: attempt.origin() }
    }

    pub(super) fn sent(&self, tx: &mut Tx<'_>) -> StoreResult<()> {
        self.record(tx, (AuditKind::OneTimeCodeSent, Outcome::Success), "asked for")
    }

    pub(super) fn refused_to_send(&self, tx: &mut Tx<'_>, because: &str) -> StoreResult<()> {
        self.record(tx, (AuditKind::OneTimeCodeSent, Outcome::Refused), because)
    }

    pub(super) fn tried(&self, tx: &mut Tx<'_>, tried: Tried) -> StoreResult<()> {
        let (outcome, because) = match tried {
            Tried::Right => (Outcome::Success, "right code"),
            Tried::Wrong => (Outcome::Refused, "wrong code"),
            Tried::Dead => (Outcome::Refused, "no live code"),
            Tried::TooOften => (Outcome::Refused, "too many wrong codes"),
        };
        // A wrong code where people sign in is a login that failed.
        let kind = match (self.purpose, tried) {
            (CodePurpose::Login, Tried::Wrong | Tried::Dead | Tried::TooOften) => AuditKind::Login,
            (CodePurpose::Login, Tried::Right) | (CodePurpose::Bind | CodePurpose::SignUp | CodePurpose::Reset, _) => {
                AuditKind::OneTimeCodeTried
            }
        };
        self.record(tx, (kind, outcome), because)
    }

    fn record(&self, tx: &mut Tx<'_>, (kind, outcome): (AuditKind, Outcome), because: &str) -> StoreResult<()> {
        let event = AuditEvent { kind, outcome, ..self.template.clone() };
        audit::record(tx, &event.because(format!("code for {}: {because}", self.purpose.as_str())), &self.origin)
    }
}
