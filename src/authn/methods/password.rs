//! Account and password: phone number or e-mail address of a main account.
//! amr: `pwd`. Signs in root principals.
//!
//! A phone number may have several accounts, so a login by phone always costs
//! as many hashes as a number may have accounts, dummies included; by e-mail
//! always one. The account for which the password is right is the one; several
//! are for the person to choose from. What a sub-account or IAM user types here
//! is nobody: the page's links show the way.

use std::sync::Arc;

use async_trait::async_trait;

use super::password_check::{Found, PasswordCheck};
use super::settlement::Several;
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, IdentifierField, Method, Progress};
use crate::authn::contact::{Contact, nobody, of_kind};
use crate::authn::form::{Form, USERNAME};
use crate::authn::registry::{Deps, Entry};
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::shortlist::Shortlist;
use crate::domain::{Amr, ContactKind, PrincipalKind};
use crate::store::principals;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        section.refuse_unknown(&[])?;
        Ok(vec![Arc::new(Password(deps.clone()))])
    },
};

const METHOD: Method = Method { name: "password", factor: Factor::Knowledge, amr: &[Amr::Password] };

struct Password(Deps);

impl Password {
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> PasswordCheck<'a> {
        PasswordCheck { deps: &self.0, attempt, method: METHOD, several: Several::Ask }
    }

    /// Hashes that a login by this contact costs, whoever has it.
    fn hashes(&self, contact: &Contact) -> usize {
        match contact.kind() {
            ContactKind::Email => 1,
            ContactKind::Phone => self.0.accounts_per_phone,
        }
    }
}

#[async_trait]
impl Authenticator for Password {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::IdentifierAndSecret { identifier: IdentifierField::PhoneOrEmail }
    }

    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        let (username, password) = match read(form) {
            Ok(read) => read,
            Err(rejection) => return Ok(rejection.into()),
        };
        let check = self.check(attempt);
        let Some(contact) = Contact::any(&self.0.contacts, &self.0.default_country, username) else {
            let found = Found { subjects: vec![nobody(username)], slots: vec![None] };
            return check.run(password, move |_tx| Ok(found)).await;
        };
        let hashes = self.hashes(&contact);
        check
            .run(password, move |tx| {
                let holders = principals::find_by_contact(tx, contact.lookup())?;
                let mut slots: Vec<_> = of_kind(&holders, PrincipalKind::Root, hashes).map(Some).collect();
                slots.resize(hashes, None);
                Ok(Found { subjects: contact.subjects(&holders), slots })
            })
            .await
    }

    async fn choose(&self, attempt: &Attempt<'_>, list: &Shortlist, handle: &str) -> Result<Progress, AuthnError> {
        self.check(attempt).choose(list, handle).await
    }
}

/// What the form must hold, in the order in which the page shows it.
pub(super) fn read(form: &Form) -> Result<(&str, &str), Rejection> {
    let username = form.required(USERNAME)?;
    let password = form.password()?;
    form.agreed()?;
    Ok((username, password))
}
