//! Whom an operator means by WHO: an e-mail address, `user@alias`, an alias, or
//! an id of an account or a principal.

use super::CliError;
use super::house::House;
use crate::base::id::{AccountId, PrincipalId};
use crate::domain::contact::{Email, account_key, username_key};
use crate::domain::{ContactKind, Principal, PrincipalKind};
use crate::keys::ContactKeys;
use crate::store::{StoreResult, Tx, accounts, principals};

/// Finds the one principal that `who` names; an account stands for its holder.
///
/// # Errors
/// Nobody is called that. The line repeats what was typed, as it was typed on
/// the operator's own terminal.
pub(super) fn load(house: &House, who: &str) -> Result<Principal, CliError> {
    let contacts = ContactKeys::new(std::sync::Arc::clone(&house.vault));
    let typed = who.to_owned();
    let found = house.wait(house.store.read(move |tx| find(tx, &contacts, &typed)))?;
    found.ok_or_else(|| CliError::new(who, "nobody is called that: give an e-mail address, user@alias or an id"))
}

/// The words by which a command names whom it has changed.
pub(super) fn called(principal: &Principal) -> String {
    match principal.kind {
        PrincipalKind::IamUser => format!("IAM user {}", principal.upn().unwrap_or_else(|| principal.id.to_string())),
        PrincipalKind::Root | PrincipalKind::SubAccount => {
            format!("account {} ({})", principal.account.id, principal.account.name)
        }
    }
}

fn find(tx: &mut Tx<'_>, contacts: &ContactKeys, typed: &str) -> StoreResult<Option<Principal>> {
    if let Some(principal) = principals::find(tx, &PrincipalId::from_text(typed))? {
        return Ok(Some(principal));
    }
    if let Some(email) = Email::parse(typed) {
        let lookup = contacts.lookup(ContactKind::Email, email.as_str());
        if let Some(principal) = principals::find_by_contact(tx, &lookup)?.into_iter().next() {
            return Ok(Some(principal));
        }
    }
    if let Some((user, account)) = typed.rsplit_once('@') {
        return match (username_key(user), account_key(account)) {
            (Some(user), Some(account)) => principals::find_iam_user(tx, &account, &user),
            _ => Ok(None),
        };
    }
    let Some(key) = account_key(typed) else { return Ok(None) };
    let account = match accounts::find_by_alias(tx, &key)? {
        Some(account) => Some(account),
        None => accounts::find(tx, &AccountId::from_text(key))?,
    };
    account.map_or(Ok(None), |account| principals::find_holder(tx, &account.id))
}
