//! Whom an operator means: an e-mail address, `user@alias`, `user@id`, an
//! account's number or alias, or a `sub`.

use crate::base::id::{AccountId, PrincipalId};
use crate::domain::contact::{Email, account_key, username_key};
use crate::domain::{ContactKind, Principal};
use crate::keys::ContactKeys;
use crate::store::{StoreResult, Tx, accounts, principals};

/// The one principal that `who` names. An account is named by its holder.
///
/// An e-mail address has a dot behind its `@` and an alias has none, so the two
/// are never mistaken for one another.
pub(super) fn find(tx: &mut Tx<'_>, keys: &ContactKeys, who: &str) -> StoreResult<Option<Principal>> {
    let who = who.trim();
    if who.starts_with("p_") && !who.contains('@') {
        return principals::find(tx, &PrincipalId::from_text(who));
    }
    if let Some(email) = Email::parse(who) {
        let found = principals::find_by_contact(tx, &keys.lookup(ContactKind::Email, email.as_str()))?;
        return Ok(found.into_iter().next());
    }
    if let Some((user, account)) = who.rsplit_once('@') {
        let (Some(user), Some(account)) = (username_key(user), account_key(account)) else { return Ok(None) };
        return principals::find_iam_user(tx, &account, &user);
    }
    let Some(account) = account_key(who) else { return Ok(None) };
    let id = match accounts::find_by_alias(tx, &account)? {
        Some(found) => found.id,
        None => AccountId::from_text(account),
    };
    principals::find_holder(tx, &id)
}
