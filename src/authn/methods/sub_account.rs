//! Sub-account: e-mail and password. amr: `pwd`. Signs in sub-accounts, and
//! root principals by the e-mail of the main account.
//!
//! Always two hashes: rows from older systems may give one e-mail to a
//! sub-account and its main account, and then both passwords are looked at and
//! the sub-account comes first. One address of nobody costs the same two.

use std::sync::Arc;

use async_trait::async_trait;

use super::password::read;
use super::password_check::{Found, PasswordCheck};
use super::settlement::Several;
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, IdentifierField, Method, Progress};
use crate::authn::contact::{Contact, of_kind};
use crate::authn::form::Form;
use crate::authn::registry::{Deps, Entry};
use crate::authn::rejection::{AuthnError, Rejection};
use crate::domain::{Amr, PrincipalKind};
use crate::store::principals;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        section.refuse_unknown(&[])?;
        Ok(vec![Arc::new(SubAccount(deps.clone()))])
    },
};

const METHOD: Method = Method { name: "sub_account", factor: Factor::Knowledge, amr: &[Amr::Password] };

struct SubAccount(Deps);

#[async_trait]
impl Authenticator for SubAccount {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::IdentifierAndSecret { identifier: IdentifierField::Email }
    }

    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        let (username, password) = match read(form) {
            Ok(read) => read,
            Err(rejection) => return Ok(rejection.into()),
        };
        let Some(contact) = Contact::email(&self.0.contacts, username) else {
            return Ok(Rejection::EmailRequired.into());
        };
        let check = PasswordCheck { deps: &self.0, attempt, method: METHOD, several: Several::First };
        check
            .run(password, move |tx| {
                let holders = principals::find_by_contact(tx, contact.lookup())?;
                let first_of = |kind| of_kind(&holders, kind, 1).next();
                let slots = vec![first_of(PrincipalKind::SubAccount), first_of(PrincipalKind::Root)];
                Ok(Found { subjects: contact.subjects(&holders), slots })
            })
            .await
    }
}
