//! Who has a phone number, and who of them signs in once it is proved. Shared by
//! the methods that prove a number.

use super::phone_rows::Rows;
use super::settlement::{Settled, judge};
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Method, Progress};
use crate::authn::contact::Contact;
use crate::authn::proof::Proof;
use crate::authn::registry::Deps;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::shortlist::Shortlist;
use crate::domain::{AuditEvent, AuditKind, Outcome, Principal, PrincipalKind, Standing};
use crate::store::{StoreResult, Tx, audit, identifiers, principals};

/// What the person said before the number was proved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Wish {
    /// This row.
    Row(String),
    /// Whichever account there is, chosen now.
    Any,
    /// Something that no row stood for: only a choice can tell.
    Unclear,
}

/// Whoever may sign in by a number: accounts that proved it, and main accounts
/// that have it and never proved anything. One that proved another contact is
/// that contact's holder's: a number that was only written down beside it opens
/// nothing (RG-01). Oldest first.
pub(super) fn of_number(tx: &mut Tx<'_>, contact: &Contact) -> StoreResult<Vec<Principal>> {
    let mut holders = Vec::new();
    for (holder, proved) in principals::find_with_proof(tx, contact.lookup())? {
        let may = match holder.kind {
            PrincipalKind::Root => proved || !identifiers::any_proven(tx, &holder.id)?,
            PrincipalKind::SubAccount => proved,
            PrincipalKind::IamUser => false,
        };
        holders.extend(may.then_some(holder));
    }
    Ok(holders)
}

/// One try by one method that proves numbers.
pub(super) struct NumberProved<'a> {
    pub deps: &'a Deps,
    pub attempt: &'a Attempt<'a>,
    pub method: Method,
}

/// What a proved number leads to.
enum Outlook {
    Settled(Settled),
    /// Nobody has it (any more).
    Nobody,
}

impl NumberProved<'_> {
    /// Signs in whom the row stood for, or asks.
    pub(super) async fn settle(&self, contact: &Contact, wish: Wish) -> Result<Option<Progress>, AuthnError> {
        let key = self.deps.decoys.clone();
        let (interaction, number) = (self.attempt.interaction, contact.clone());
        let (template, origin, method) = (self.event(), self.attempt.origin(), self.method.name);
        let settled = self.deps.store.write(move |tx| {
            let holders = of_number(tx, &number)?;
            let rows = Rows { key: &key, interaction, contact: &number };
            let good: Vec<&Principal> = holders.iter().filter(|one| one.standing() == Standing::Good).collect();
            let chosen = match (&wish, good.as_slice()) {
                // Nobody may come in: what is the matter with them is told to who has their phone.
                (_, []) => holders.first(),
                (Wish::Row(handle), _) => rows.find(handle, &holders).filter(|one| one.standing() == Standing::Good),
                (Wish::Any, [only]) => Some(*only),
                (Wish::Any | Wish::Unclear, [_, ..]) => None,
            };
            if let Some(principal) = chosen {
                return judge(tx, principal.clone(), &template, &origin, (method, "proven phone"))
                    .map(Outlook::Settled);
            }
            if holders.is_empty() {
                return Ok(Outlook::Nobody);
            }
            let because = format!("{method}: right for {} accounts, to be chosen", holders.len());
            audit::record(tx, &template.clone().because(because), &origin)?;
            let now = tx.now();
            Ok(Outlook::Settled(Settled::Several(holders, now)))
        });
        match settled.await? {
            Outlook::Nobody => Ok(None),
            Outlook::Settled(settled) => self.progress(contact, settled).map(Some),
        }
    }

    /// Takes the choice among the accounts of a number that was proved.
    pub(super) async fn choose(&self, list: &Shortlist, handle: &str) -> Result<Progress, AuthnError> {
        let (Some(picked), Some(kept)) = (list.pick(handle, self.attempt).cloned(), list.contact()) else {
            return Ok(Rejection::SelectRequired.into());
        };
        let contact = self.deps.codes.kept(self.attempt.interaction, kept)?;
        let (number, template, origin) = (contact.clone(), self.event(), self.attempt.origin());
        let method = self.method.name;
        let settled = self.deps.store.write(move |tx| {
            // Whoever lost the number meanwhile is not signed in by it.
            match of_number(tx, &number)?.into_iter().find(|one| one.id == picked) {
                Some(principal) => judge(tx, principal, &template, &origin, (method, "proven phone")),
                None => Ok(Settled::Refused(Rejection::SelectRequired)),
            }
        });
        self.progress(&contact, settled.await?)
    }

    fn progress(&self, contact: &Contact, settled: Settled) -> Result<Progress, AuthnError> {
        Ok(match settled {
            Settled::One(principal) => Progress::Verified(Proof::mint(*principal, self.method, self.attempt)),
            Settled::Refused(rejection) => rejection.into(),
            Settled::Several(principals, checked_at) => {
                let list = Shortlist::new(self.method.name, &principals, checked_at, self.attempt);
                Progress::Choose(list.by_contact(self.deps.codes.keep(self.attempt, contact)?))
            }
        })
    }

    fn event(&self) -> AuditEvent {
        let mut event = AuditEvent::new(AuditKind::Login, Outcome::Success);
        event.client = self.attempt.client.cloned();
        event
    }
}
