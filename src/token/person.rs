//! What is known of a principal, as claims; what of it leaves is decided by
//! [`crate::protocol::claims::Release`].

use serde_json::{Map, Value, json};

use crate::base::id::PrincipalId;
use crate::domain::grant::{AccountClaims, Holder};
use crate::domain::{ContactKind, Principal};
use crate::keys::ContactKeys;
use crate::protocol::claims;
use crate::store::identifiers::{self, Identifier};
use crate::store::{StoreResult, Tx, principals};

/// A principal with its contacts, as stored.
pub(super) struct Person {
    principal: Principal,
    contacts: Vec<Identifier>,
}

impl Person {
    /// Reads a principal and its contacts.
    pub(super) fn find(tx: &mut Tx<'_>, id: &PrincipalId) -> StoreResult<Option<Self>> {
        let Some(principal) = principals::find(tx, id)? else { return Ok(None) };
        let contacts = identifiers::list(tx, id)?;
        Ok(Some(Self { principal, contacts }))
    }

    /// Every claim there is about this person, `sub` included.
    pub(super) fn claims(&self, keys: &ContactKeys, holder: &Holder) -> Map<String, Value> {
        let principal = &self.principal;
        let mut all = principal.claims.clone();
        all.entry("name").or_insert_with(|| json!(principal.display_name));
        all.entry("updated_at").or_insert_with(|| json!(holder.updated_at.seconds()));
        // The name that an IAM user signs in with is the house's to say.
        match principal.upn() {
            Some(upn) => drop(all.insert("preferred_username".to_owned(), json!(upn))),
            None => drop(all.entry("preferred_username").or_insert_with(|| json!(holder.login_name))),
        }
        self.add_contacts(&mut all, keys);
        all.extend(account_claims(&holder.account));
        all.insert(claims::SUB.to_owned(), json!(principal.id));
        all.insert(claims::PRINCIPAL.to_owned(), json!(principal.resource_name()));
        if let Some(alias) = &principal.account.alias {
            all.insert(claims::ACCOUNT_ALIAS.to_owned(), json!(alias));
        }
        all
    }

    /// The oldest of each kind; what does not open is left out, never guessed.
    fn add_contacts(&self, all: &mut Map<String, Value>, keys: &ContactKeys) {
        for (kind, value, verified) in [
            (ContactKind::Email, "email", "email_verified"),
            (ContactKind::Phone, "phone_number", "phone_number_verified"),
        ] {
            let Some(contact) = self.contacts.iter().find(|contact| contact.kind == kind) else { continue };
            match keys.open(&self.principal.id, kind, &contact.sealed) {
                Ok(text) => {
                    all.insert(value.to_owned(), json!(text));
                    all.insert(verified.to_owned(), json!(contact.verified_at.is_some()));
                }
                Err(error) => tracing::error!(principal = %self.principal.id, %error, "a contact does not open"),
            }
        }
    }
}

/// The four claims about account, owner and who pays.
pub(super) fn account_claims(account: &AccountClaims) -> Map<String, Value> {
    [
        (claims::PRINCIPAL_TYPE, account.principal_type.as_str()),
        (claims::ACCOUNT_ID, account.account_id.as_str()),
        (claims::OWNER_ACCOUNT_ID, account.owner_account_id.as_str()),
        (claims::BILLING_ACCOUNT_ID, account.billing_account_id.as_str()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .collect()
}
