//! Vendors' identities that are bound to an account, taken away again: by whoever
//! holds the account (`flow` decides whether they may), or by an operator.
//!
//! What was signed in by the identity ends with it, its people are told, and it is
//! written down, all in one transaction.

use std::sync::Arc;

use super::notices::{Notices, Scene};
use super::operator::OperatorError;
use super::refusal::{Stop, all_or_nothing};
use super::{Identity, who};
use crate::base::id::SignInId;
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, AuditKind, Language, Outcome, Principal};
use crate::notify::Occasion;
use crate::session;
use crate::store::bindings::{self, Held};
use crate::store::{StoreResult, Tx, audit, sign_ins};

/// Who takes a binding away, and where.
pub struct Remover<'a> {
    /// Their sign-in, which goes on; none of an operator.
    pub own: Option<SignInId>,
    /// For the people who are told.
    pub scene: &'a Scene,
    /// For the audit trail.
    pub origin: &'a Origin,
}

/// Takes a binding away, and ends the sign-ins that were proved by it in any
/// browser; false when somebody else did so a moment ago.
pub fn unbind(
    tx: &mut Tx<'_>,
    notices: &Notices,
    (principal, binding): (&Principal, &Held),
    by: &Remover<'_>,
) -> StoreResult<bool> {
    if !bindings::remove(tx, &principal.id, binding.id)? {
        return Ok(false);
    }
    for place in sign_ins::places_of(tx, &principal.id)? {
        let proved_by_it = place.method == binding.connector && Some(place.id) != by.own;
        if proved_by_it && let Some(sign_in) = sign_ins::find(tx, place.id)? {
            session::sign_out(tx, &sign_in, by.origin)?;
        }
    }
    let event = AuditEvent::new(AuditKind::BindingRemoved, Outcome::Success).of_principal(&principal.id);
    audit::record(tx, &event.of_account(&principal.account.id).because(&binding.connector), by.origin)?;
    let occasion = Occasion::BindingRemoved { connector: binding.connector.clone() };
    notices.tell(tx, principal, &occasion, by.scene)?;
    Ok(true)
}

impl Identity {
    /// What is bound to whom `who` names.
    ///
    /// # Errors
    /// It names nobody; the store's own.
    pub async fn list_bindings(&self, who: &str) -> Result<Vec<Held>, OperatorError> {
        let (makings, who) = (Arc::clone(&self.0.makings), who.to_owned());
        let found = self.0.store.read(move |tx| match who::find(tx, &makings.contacts, &who)? {
            Some(principal) => bindings::list(tx, &principal.id).map(Some),
            None => Ok(None),
        });
        found.await?.ok_or(OperatorError::Unknown)
    }

    /// Takes away what is bound to whom `who` names, by its number in
    /// [`Identity::list_bindings`]; of which connector it was. An operator may take the
    /// last way into an account, and can give another.
    ///
    /// # Errors
    /// `who` names nobody, or has no such binding.
    pub async fn unbind(&self, who: &str, binding: i64, origin: &Origin) -> Result<String, OperatorError> {
        let (makings, who, origin) = (Arc::clone(&self.0.makings), who.to_owned(), origin.clone());
        let outcome = self.0.store.write(move |tx| {
            all_or_nothing(tx, |tx| {
                let principal = makings.load(tx, &who)?;
                let none = || Stop::Refused(OperatorError::NotBound);
                let held = bindings::list_held(tx, &principal.id)?;
                let held = held.into_iter().find(|one| one.id == binding).ok_or_else(none)?;
                let scene = Scene {
                    at: tx.now(),
                    address: origin.address.clone(),
                    user_agent: String::new(),
                    language: Language::Chinese,
                };
                let by = Remover { own: None, scene: &scene, origin: &origin };
                let removed = unbind(tx, &makings.notices, (&principal, &held), &by)?;
                if removed { Ok(held.connector) } else { Err(none()) }
            })
        });
        outcome.await?
    }
}
