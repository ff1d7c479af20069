//! The steps that all methods with a password share, in the one right order:
//! a place in the hashing queue, look up, count the guess, compare, settle.
//!
//! What a stranger sees depends on nothing but whether a password was right:
//! the number of hashes is the method's, not the person's, and whatever is known
//! about somebody's standing is told only after the password.

use super::settlement::{Match, RIGHT, Settled, Settlement, Several, judge};
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Method, Progress};
use crate::authn::hashing::{StoredPassword, Ticket, Urgency, Verdict};
use crate::authn::proof::Proof;
use crate::authn::registry::Deps;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::shortlist::Shortlist;
use crate::authn::throttle::{Admission, Plan, Reserved, Subject};
use crate::base::id::PrincipalId;
use crate::domain::{AuditEvent, AuditKind, Outcome, Principal};
use crate::store::credentials::{self, Credential};
use crate::store::{StoreResult, Tx, audit, principals};

/// Name of the credential that a password is, whichever page asks for it.
pub const CREDENTIAL: &str = "password";

/// One try at a page with a password.
pub(super) struct PasswordCheck<'a> {
    pub deps: &'a Deps,
    pub attempt: &'a Attempt<'a>,
    pub method: Method,
    pub several: Several,
}

/// What the identifier led to.
pub(super) struct Found {
    /// For whom the guess counts.
    pub subjects: Vec<Subject>,
    /// Whose password is compared; an empty slot costs the same.
    pub slots: Vec<Option<Principal>>,
}

/// A principal with a password to compare.
struct Candidate {
    principal: Principal,
    credential: Credential,
    stored: StoredPassword,
}

impl PasswordCheck<'_> {
    /// Compares `typed` with the passwords of whom `lookup` finds.
    pub(super) async fn run(
        &self,
        typed: &str,
        lookup: impl FnOnce(&mut Tx<'_>) -> StoreResult<Found> + Send + 'static,
    ) -> Result<Progress, AuthnError> {
        let seen = self.attempt.browser.is_seen();
        let ticket = self.deps.passwords.admit(if seen { Urgency::Known } else { Urgency::Stranger })?;
        let (subjects, slots) = self.deps.store.read(move |tx| load(tx, lookup)).await?;
        let plan = self.deps.throttle.plan_password(self.attempt, subjects, typed);
        let urgency = if plan.is_known() { Urgency::Known } else { Urgency::Stranger };
        let reserved = match self.reserve(plan).await? {
            Admission::Granted(reserved) => reserved,
            Admission::Refused { retry_after } => return Ok(Rejection::Throttled { retry_after }.into()),
        };
        let stored = slots.iter().map(|slot| slot.as_ref().and_then(|one| one.secret(&reserved))).collect();
        let verdicts = match self.deps.passwords.compare(&ticket, urgency, typed, stored).await {
            Ok(verdicts) => verdicts,
            Err(full) => {
                // Nobody looked, so it was no guess.
                self.deps.store.write(move |tx| reserved.give_back(tx)).await?;
                return Err(full.into());
            }
        };
        let only = match slots.as_slice() {
            [Some(one)] | [Some(one), None] | [None, Some(one)] => Some(one.principal.clone()),
            _ => None,
        };
        let right: Vec<Candidate> = slots
            .into_iter()
            .zip(verdicts)
            .filter_map(|(slot, verdict)| slot.filter(|_| verdict == Verdict::Right))
            .collect();
        if right.is_empty() {
            return self.refuse(only).await;
        }
        let right = self.renew(right, typed, &ticket).await;
        self.settle(right, reserved).await
    }

    async fn reserve(&self, plan: Plan) -> StoreResult<Admission> {
        self.deps.store.write(move |tx| plan.reserve(tx)).await
    }

    /// Writes a wrong password down; its reservations stay.
    async fn refuse(&self, only: Option<Principal>) -> Result<Progress, AuthnError> {
        let because = if only.is_some() { "wrong password" } else { "password of none" };
        let event = self.event(Outcome::Refused, only.as_ref(), because);
        let origin = self.attempt.origin();
        self.deps.store.write(move |tx| audit::record(tx, &event, &origin)).await?;
        Ok(Rejection::BadCredentials.into())
    }

    /// Hashes anew what is stored at another cost or without the pepper. A full
    /// queue is no reason to refuse: the next login does it.
    async fn renew(&self, right: Vec<Candidate>, typed: &str, ticket: &Ticket) -> Vec<Match> {
        let mut matches = Vec::new();
        for Candidate { principal, credential, stored } in right {
            let mut renewed = None;
            if self.deps.passwords.is_outdated(&stored) {
                let hashed = self.deps.passwords.hash(ticket, typed, self.attempt.entropy).await;
                renewed = hashed.ok().map(|hashed| hashed.to_data());
            }
            matches.push(Match { principal: principal.id, credential, renewed });
        }
        matches
    }

    async fn settle(&self, right: Vec<Match>, reserved: Reserved) -> Result<Progress, AuthnError> {
        let settlement = Settlement {
            right,
            reserved,
            several: self.several,
            template: self.event(Outcome::Success, None, ""),
            origin: self.attempt.origin(),
            method: self.method.name,
        };
        Ok(match self.deps.store.write(move |tx| settlement.settle(tx)).await? {
            Settled::Refused(rejection) => rejection.into(),
            Settled::One(principal) => Progress::Verified(Proof::mint(*principal, self.method, self.attempt)),
            Settled::Several(principals, checked_at) => {
                Progress::Choose(Shortlist::new(self.method.name, &principals, checked_at, self.attempt))
            }
        })
    }

    /// Takes the choice among several for whom the password was right.
    pub(super) async fn choose(&self, list: &Shortlist, handle: &str) -> Result<Progress, AuthnError> {
        let Some(picked) = list.pick(handle, self.attempt).cloned() else {
            return Ok(Rejection::SelectRequired.into());
        };
        let (checked_at, template, origin) =
            (list.checked_at(), self.event(Outcome::Success, None, ""), self.attempt.origin());
        let method = self.method.name;
        let settled = self.deps.store.write(move |tx| {
            let credential = credentials::find(tx, &picked, CREDENTIAL)?;
            // A password that was changed meanwhile takes the choice with it.
            let unchanged = credential.is_some_and(|credential| credential.updated_at <= checked_at);
            match principals::find(tx, &picked)? {
                Some(principal) if unchanged => judge(tx, principal, &template, &origin, (method, RIGHT)),
                Some(_) | None => Ok(Settled::Refused(Rejection::SelectRequired)),
            }
        });
        Ok(match settled.await? {
            Settled::One(principal) => Progress::Verified(Proof::mint(*principal, self.method, self.attempt)),
            Settled::Refused(rejection) => rejection.into(),
            Settled::Several(..) => Rejection::SelectRequired.into(),
        })
    }

    fn event(&self, outcome: Outcome, about: Option<&Principal>, because: &str) -> AuditEvent {
        let mut event = AuditEvent::new(AuditKind::Login, outcome).because(format!("{}: {because}", self.method.name));
        event.client = self.attempt.client.cloned();
        match about {
            Some(principal) => event.of_principal(&principal.id).of_account(&principal.account.id),
            None => event,
        }
    }
}

impl Candidate {
    /// The hash to compare with, if the guess may be looked at for this principal.
    fn secret(&self, reserved: &Reserved) -> Option<StoredPassword> {
        reserved.allows(&self.principal.id).then(|| self.stored.clone())
    }
}

/// What stands in an empty slot while it is read: nobody's, of the usual form.
const STAND_IN: &str = r#"{"phc":"$argon2id$v=19$m=19456,t=2,p=1$c3RhbmQtaW4tc3RhbmQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4","pepper":true}"#;

/// Fills the slots with stored passwords. An empty slot is read like a full one.
fn load(
    tx: &mut Tx<'_>,
    lookup: impl FnOnce(&mut Tx<'_>) -> StoreResult<Found>,
) -> StoreResult<(Vec<Subject>, Vec<Option<Candidate>>)> {
    let found = lookup(tx)?;
    let absent = PrincipalId::from_text("-");
    let mut slots = Vec::new();
    for slot in found.slots {
        let credential = credentials::find(tx, slot.as_ref().map_or(&absent, |principal| &principal.id), CREDENTIAL)?;
        let stored = StoredPassword::from_data(credential.as_ref().map_or(STAND_IN, |credential| &credential.data));
        let filled = slot.zip(credential).zip(Some(stored));
        slots.push(filled.and_then(|((principal, credential), stored)| match stored {
            Ok(stored) => Some(Candidate { principal, credential, stored }),
            Err(reason) => {
                tracing::error!(credential = credential.id, %reason, "a stored password cannot be read");
                None
            }
        }));
    }
    Ok((found.subjects, slots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_is_read_like_a_stored_password() {
        let stored = StoredPassword::from_data(STAND_IN).unwrap();
        assert_eq!(StoredPassword::from_data(&stored.to_data()), Ok(stored));
    }
}
