//! What is known of a principal, as claims; what of it leaves is decided by
//! [`crate::protocol::claims::Release`].

use serde_json::{Map, Value, json};

use super::TokenParts;
use crate::base::id::PrincipalId;
use crate::domain::grant::{AccountClaims, LiveGrant};
use crate::domain::principal::resource_name;
use crate::domain::{ContactKind, PrincipalKind};
use crate::keys::ContactKeys;
use crate::protocol::claims;
use crate::store::identifiers::{self, Identifier};
use crate::store::principals::{self, Profile};
use crate::store::{StoreResult, Tx};

/// What a principal says of itself, with its contacts, as stored.
pub(super) struct Person {
    profile: Profile,
    contacts: Vec<Identifier>,
}

impl Person {
    /// Reads what the live grant of this principal does not hold.
    pub(super) fn find(tx: &mut Tx<'_>, id: &PrincipalId) -> StoreResult<Option<Self>> {
        let Some(profile) = principals::find_profile(tx, id)? else { return Ok(None) };
        let contacts = identifiers::list(tx, id)?;
        Ok(Some(Self { profile, contacts }))
    }

    /// Every claim there is about the person of this grant, `sub` included.
    pub(super) fn claims(self, parts: &TokenParts, live: &LiveGrant) -> Map<String, Value> {
        let (holder, id) = (&live.holder, &live.grant.principal);
        let mut all = self.profile.claims;
        all.entry("name").or_insert_with(|| json!(self.profile.display_name));
        all.entry("updated_at").or_insert_with(|| json!(holder.updated_at.seconds()));
        match holder.kind {
            // The name that an IAM user signs in with is the house's to say.
            PrincipalKind::IamUser => drop(all.insert("preferred_username".to_owned(), json!(holder.login_name))),
            PrincipalKind::Root | PrincipalKind::SubAccount => {
                all.entry("preferred_username").or_insert_with(|| json!(holder.login_name));
            }
        }
        add_contacts(&mut all, &self.contacts, &parts.contacts, id);
        all.extend(account_claims(&holder.account));
        all.insert(claims::SUB.to_owned(), json!(id));
        all.insert(claims::LOGIN_HINT.to_owned(), json!(parts.login_hints.of(id)));
        let name = resource_name(holder.kind, &holder.account.account_id, id);
        all.insert(claims::PRINCIPAL.to_owned(), json!(name));
        if let Some(alias) = &holder.alias {
            all.insert(claims::ACCOUNT_ALIAS.to_owned(), json!(alias));
        }
        all
    }
}

/// The oldest of each kind; what does not open is left out, never guessed.
fn add_contacts(all: &mut Map<String, Value>, contacts: &[Identifier], keys: &ContactKeys, id: &PrincipalId) {
    for (kind, value, verified) in
        [(ContactKind::Email, "email", "email_verified"), (ContactKind::Phone, "phone_number", "phone_number_verified")]
    {
        let Some(contact) = contacts.iter().find(|contact| contact.kind == kind) else { continue };
        match keys.open(id, kind, &contact.sealed) {
            Ok(text) => {
                all.insert(value.to_owned(), json!(text));
                all.insert(verified.to_owned(), json!(contact.verified_at.is_some()));
            }
            Err(error) => tracing::error!(principal = %id, %error, "a contact does not open"),
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
