//! IAM user: `user@alias` or `user@account-id`, then the password. amr: `pwd`.
//!
//! The account may also come from the page (`/login/iam/{account}`) or from a
//! field of its own. Somebody who does not exist reaches the password step like
//! anybody else, and fails there like anybody else.

use std::sync::Arc;

use async_trait::async_trait;

use super::password_check::{Found, PasswordCheck};
use super::settlement::Several;
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, Method, Progress, Step};
use crate::authn::contact::nobody;
use crate::authn::form::{ACCOUNT, Form, PASSWORD, USERNAME};
use crate::authn::registry::{Deps, Entry};
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::throttle::Subject;
use crate::base::id::AccountId;
use crate::domain::Amr;
use crate::domain::contact::{account_key, username_key};
use crate::store::{StoreResult, Tx, accounts, principals};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        section.refuse_unknown(&[])?;
        Ok(vec![Arc::new(IamUser(deps.clone()))])
    },
};

const METHOD: Method = Method { name: "iam_user", factor: Factor::Knowledge, amr: &[Amr::Password] };

struct IamUser(Deps);

#[async_trait]
impl Authenticator for IamUser {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::UpnThenSecret
    }

    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        let typed = match TypedName::read(form) {
            Ok(typed) => typed,
            Err(progress) => return Ok(progress),
        };
        if form.posted(PASSWORD).is_none() {
            return Ok(Progress::Ask(Step::Password { upn: typed.upn() }));
        }
        let password = match form.password() {
            Ok(password) => password,
            Err(rejection) => return Ok(rejection.into()),
        };
        let check = PasswordCheck { deps: &self.0, attempt, method: METHOD, several: Several::First };
        let Some(name) = typed.canonical(self.0.own_domain.as_deref()) else {
            let found = Found { subjects: vec![nobody(&typed.upn())], slots: vec![None] };
            return check.run(password, move |_tx| Ok(found)).await;
        };
        check.run(password, move |tx| name.find(tx)).await
    }
}

/// A name as it was typed, split in user and account.
struct TypedName<'a> {
    user: &'a str,
    account: &'a str,
}

impl<'a> TypedName<'a> {
    /// From the form: what stands behind the last `@` is the account, else the
    /// field or the page says it, else it is asked for.
    fn read(form: &'a Form) -> Result<Self, Progress> {
        let username = form.required(USERNAME)?.trim();
        // A full-width at sign is what some keyboards give.
        if let Some((user, account)) = username.rsplit_once(['@', '＠']) {
            return Ok(Self { user, account });
        }
        match (form.filled(ACCOUNT), form.posted(ACCOUNT)) {
            (Some(account), _) => Ok(Self { user: username, account: account.trim() }),
            (None, Some(_)) => Err(Rejection::FieldRequired { field: ACCOUNT }.into()),
            (None, None) => Err(Progress::Ask(Step::Account { username: username.to_owned() })),
        }
    }

    fn upn(&self) -> String {
        format!("{}@{}", self.user, self.account)
    }

    /// The form by which it is found; `None` when nobody can be called so.
    fn canonical(&self, own_domain: Option<&str>) -> Option<Name> {
        let account = account_key(self.account)?;
        let suffix = own_domain.map(|domain| format!(".{domain}"));
        let alias = suffix.as_deref().and_then(|suffix| account.strip_suffix(suffix));
        Some(Name { user: username_key(self.user)?, account: alias.unwrap_or(&account).to_owned() })
    }
}

/// A name in canonical form.
struct Name {
    user: String,
    account: String,
}

impl Name {
    /// Looks the user up. Guesses at a user who does not exist count for the
    /// account's id, not for what was typed: by alias and by id it is one name,
    /// as it is for a user who exists.
    fn find(&self, tx: &mut Tx<'_>) -> StoreResult<Found> {
        let by_alias = accounts::find_by_alias(tx, &self.account)?;
        let by_id = accounts::find(tx, &AccountId::from_text(self.account.as_str()))?;
        let user = principals::find_iam_user(tx, &self.account, &self.user)?;
        let account = by_alias.or(by_id).map_or_else(|| self.account.clone(), |account| account.id.to_string());
        let subject = match &user {
            Some(user) => Subject::Principal(user.id.clone()),
            None => Subject::Nobody(format!("iam:{}@{account}", self.user)),
        };
        Ok(Found { subjects: vec![subject], slots: vec![user] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<String, String> {
        let form = Form::new(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        match TypedName::read(&form) {
            Ok(name) => Ok(name.upn()),
            Err(Progress::Ask(step)) => Err(format!("{step:?}")),
            Err(Progress::Rejected(rejection)) => Err(format!("{rejection:?}")),
            Err(Progress::Verified(_) | Progress::Choose(_) | Progress::Unregistered(_) | Progress::Unbound(_)) => {
                unreachable!()
            }
        }
    }

    #[test]
    fn the_account_stands_in_the_name_or_in_its_field_or_is_asked_for() {
        assert_eq!(read(&[(USERNAME, " alice@acme ")]), Ok("alice@acme".into()));
        assert_eq!(read(&[(USERNAME, "alice"), (ACCOUNT, "acme")]), Ok("alice@acme".into()));
        assert_eq!(read(&[(USERNAME, "alice@globex"), (ACCOUNT, "acme")]), Ok("alice@globex".into()));
        assert_eq!(read(&[(USERNAME, "alice")]), Err(r#"Account { username: "alice" }"#.into()));
        assert_eq!(read(&[(USERNAME, "alice"), (ACCOUNT, " ")]), Err(r#"FieldRequired { field: "account" }"#.into()));
    }

    #[test]
    fn a_name_has_one_form_by_case_width_and_our_own_suffix() {
        let canonical = |user, account| {
            TypedName { user, account }
                .canonical(Some("id.example"))
                .map(|name| format!("{}@{}", name.user, name.account))
        };
        for (user, account) in [("alice", "acme"), ("ALICE", "Acme"), ("ａｌｉｃｅ", "acme.id.example")] {
            assert_eq!(canonical(user, account), Some("alice@acme".into()));
        }
        assert_eq!(canonical("al ice", "acme"), None);
    }
}
