//! What is written once a password was right: the last step of a password
//! check, in one transaction.

use super::password_check::CREDENTIAL;
use crate::authn::judge::{self, Judged};
use crate::authn::rejection::Rejection;
use crate::authn::throttle::Reserved;
use crate::base::Timestamp;
use crate::base::id::PrincipalId;
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, Outcome, Principal, Standing};
use crate::store::credentials::{self, Credential};
use crate::store::{StoreResult, Tx, audit, principals};

/// How the trail says that the proof was one.
pub(super) const RIGHT: &str = "right password";

/// What becomes of a password that is right for several principals.
#[derive(Clone, Copy)]
pub(super) enum Several {
    /// The person chooses.
    Ask,
    /// The first slot has it.
    First,
}

/// A principal whose password was right, and its new hash if it needs one.
pub(super) struct Match {
    pub principal: PrincipalId,
    pub credential: Credential,
    pub renewed: Option<String>,
}

/// What is written once a password was right.
pub(super) struct Settlement {
    pub right: Vec<Match>,
    pub reserved: Reserved,
    pub several: Several,
    pub template: AuditEvent,
    pub origin: Origin,
    pub method: &'static str,
}

/// How a right password ended.
pub(super) enum Settled {
    /// Somebody may sign in.
    One(Box<Principal>),
    /// Several may; their secrets were read as of this moment.
    Several(Vec<Principal>, Timestamp),
    /// Nobody may.
    Refused(Rejection),
}

impl Settlement {
    /// Gives the guess back, renews hashes, looks at the standing and writes the
    /// login down: one transaction.
    pub(super) fn settle(&self, tx: &mut Tx<'_>) -> StoreResult<Settled> {
        self.reserved.give_back(tx)?;
        let mut proven = self.still_right(tx)?;
        let good = |principal: &Principal| principal.standing() == Standing::Good;
        let choice = match self.several {
            Several::First => false,
            Several::Ask => proven.iter().filter(|principal| good(principal)).count() > 1,
        };
        if choice {
            proven.retain(good);
            let because = format!("{}: right for {} accounts, to be chosen", self.method, proven.len());
            audit::record(tx, &self.template.clone().because(because), &self.origin)?;
            return Ok(Settled::Several(proven, tx.now()));
        }
        let preferred = match self.several {
            Several::First => 0,
            Several::Ask => proven.iter().position(good).unwrap_or(0),
        };
        if let Some(principal) = proven.into_iter().nth(preferred) {
            return judge(tx, principal, &self.template, &self.origin, (self.method, RIGHT));
        }
        let event = AuditEvent { outcome: Outcome::Refused, ..self.template.clone() };
        audit::record(tx, &event.because(format!("{}: password changed meanwhile", self.method)), &self.origin)?;
        Ok(Settled::Refused(Rejection::BadCredentials))
    }

    /// Those whose stored password is still the one that was compared, with
    /// their live state; their new hashes are stored.
    fn still_right(&self, tx: &mut Tx<'_>) -> StoreResult<Vec<Principal>> {
        let mut proven = Vec::new();
        for Match { principal, credential, renewed } in &self.right {
            let current = credentials::find(tx, principal, CREDENTIAL)?;
            if current.is_none_or(|current| current.data != credential.data) {
                continue;
            }
            if let Some(renewed) = renewed {
                credentials::replace(tx, credential.id, &credential.data, renewed)?;
            }
            proven.extend(principals::find(tx, principal)?);
        }
        Ok(proven)
    }
}

/// Whether somebody whose proof was right may sign in.
pub(super) fn judge(
    tx: &mut Tx<'_>,
    principal: Principal,
    template: &AuditEvent,
    origin: &Origin,
    (method, proof): (&str, &str),
) -> StoreResult<Settled> {
    Ok(match judge::judge(tx, principal, template, origin, (method, proof))? {
        Judged::Good(principal) => Settled::One(principal),
        Judged::Refused(rejection) => Settled::Refused(rejection),
    })
}
