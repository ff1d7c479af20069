//! People as pages show them: a principal with one contact and the names of
//! the accounts behind it. Masking is the page's business.

use super::Flow;
use crate::base::id::AccountId;
use crate::domain::{ContactKind, Principal, PrincipalKind};
use crate::store::{StoreResult, Tx, accounts, identifiers};

/// Somebody, with what a page may say of them.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who.
    pub principal: Principal,
    /// The contact they sign in with, in clear: e-mail before phone. None for
    /// IAM users, whose name is `user@account`.
    pub contact: Option<(ContactKind, String)>,
    /// Name of the owning account, for everybody but a root.
    pub owner_name: Option<String>,
    /// Name of the account that is billed, when that is not the one acted in.
    pub billing_name: Option<String>,
}

impl Facts {
    /// What this principal types to sign in: `user@account`, e-mail, or phone.
    #[must_use]
    pub fn identifier(&self) -> Option<String> {
        self.principal.upn().or_else(|| self.contact.as_ref().map(|(_kind, value)| value.clone()))
    }
}

impl Flow {
    /// Gathers what a page may say of a principal.
    pub(super) fn facts(&self, tx: &mut Tx<'_>, principal: &Principal) -> StoreResult<Facts> {
        let account = &principal.account;
        let owner_name = match principal.kind {
            PrincipalKind::Root => None,
            PrincipalKind::SubAccount | PrincipalKind::IamUser => name_of(tx, &account.owner_id)?,
        };
        let billing_name =
            if account.billing_account() == &account.id { None } else { name_of(tx, account.billing_account())? };
        let contact = self.contact(tx, principal)?;
        Ok(Facts { principal: principal.clone(), contact, owner_name, billing_name })
    }

    fn contact(&self, tx: &mut Tx<'_>, principal: &Principal) -> StoreResult<Option<(ContactKind, String)>> {
        let rows = identifiers::list(tx, &principal.id)?;
        let first = |kind| rows.iter().find(|row| row.kind == kind);
        let row = first(ContactKind::Email).or_else(|| first(ContactKind::Phone));
        let opened = row.and_then(|row| {
            let value = self.contacts.open(&principal.id, row.kind, &row.sealed);
            value
                .inspect_err(|error| tracing::error!(%error, "a contact does not open"))
                .ok()
                .map(|value| (row.kind, value))
        });
        Ok(opened)
    }
}

fn name_of(tx: &mut Tx<'_>, account: &AccountId) -> StoreResult<Option<String>> {
    Ok(accounts::find(tx, account)?.map(|account| account.name))
}
