//! What a file declares, read and checked as far as that goes without the store.

use std::collections::HashSet;

use super::Wrong;
use super::claims::{self, Contacts};
use super::document::{self, Format};
use super::passwords::{self, DeclaredPassword};
use super::policy;
use super::registrations::{self, ClientEntry, ResourceEntry};
use super::table::Table;
use crate::authn::password_policy::PasswordPolicy;
use crate::base::id::AccountId;
use crate::domain::contact::{Email, Phone, username_key};
use crate::domain::{Account, AccountStatus, ContactKind};
use crate::identity::{Billing, MustChange, PolicyChange};

/// The rules of the house that a file is read by.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Country code of a phone number that is written without one.
    pub default_country: &'a str,
    /// Which passwords are good.
    pub passwords: PasswordPolicy,
}

/// A whole file. Its values are good; whether they fit what is stored,
/// [`Identity::apply`](crate::identity::Identity::apply) finds out.
pub struct Declaration {
    pub(super) people: Vec<PersonEntry>,
    pub(super) resources: Vec<ResourceEntry>,
    pub(super) clients: Vec<ClientEntry>,
}

/// One account, sub-account or IAM user.
pub(super) struct PersonEntry {
    pub(super) at: String,
    pub(super) role: Role,
    pub(super) id: Option<AccountId>,
    pub(super) alias: Option<String>,
    pub(super) name: Option<String>,
    /// Of the account; an IAM user has no third state, and is disabled when suspended.
    pub(super) status: Option<AccountStatus>,
    pub(super) billing: Option<Billing>,
    pub(super) contacts: Vec<DeclaredContact>,
    pub(super) password: Option<DeclaredPassword>,
    pub(super) must_change: MustChange,
    pub(super) claims: Option<serde_json::Map<String, serde_json::Value>>,
    /// Of a main account: what it allows its people, and asks of them.
    pub(super) policy: PolicyChange,
}

/// What somebody is. Owners are named by their place in [`Declaration::people`].
pub(super) enum Role {
    Main,
    Sub { owner: usize },
    Iam { owner: usize, username: String, key: String },
}

/// An e-mail address or a phone number in canonical form.
pub(super) struct DeclaredContact {
    pub(super) kind: ContactKind,
    pub(super) canonical: String,
    /// An operator's word counts, unless the claims say otherwise.
    pub(super) verified: bool,
}

impl PersonEntry {
    pub(super) fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.at)
    }

    pub(super) fn contact(&self, kind: ContactKind) -> Option<&DeclaredContact> {
        self.contacts.iter().find(|contact| contact.kind == kind)
    }

    /// What a new one is called when the file does not say.
    pub(super) fn display_name(&self) -> String {
        let local = || self.contact(ContactKind::Email).and_then(|email| email.canonical.split('@').next());
        let called = self.name.as_deref().or(match &self.role {
            Role::Main | Role::Sub { .. } => self.alias.as_deref().or_else(local),
            Role::Iam { username, .. } => Some(username.as_str()),
        });
        called.unwrap_or_default().to_owned()
    }
}

const PERSON: [&str; 5] = ["name", "password", "claims", "status", "must_change_password"];
const ACCOUNT: [&str; 6] = ["id", "alias", "email", "phone", "sub_account", "iam_user"];

impl Declaration {
    /// Reads a file.
    ///
    /// # Errors
    /// The first key that is wrong.
    pub fn read(text: &str, format: Format, rules: &Rules<'_>) -> Result<Self, Wrong> {
        let mut root = Table::root(document::read(text, format)?);
        root.only(&["allow_weak_passwords", "account", "client", "resource"])?;
        let weak = root.flag("allow_weak_passwords")?.unwrap_or_default();
        let mut people = Vec::new();
        for table in root.tables("account")? {
            people.extend(read_account(table, people.len(), rules)?);
        }
        if !weak {
            people.iter().try_for_each(|person| passwords::judge(person, rules.passwords))?;
        }
        let resources = root.tables("resource")?.into_iter().map(registrations::read_resource);
        let resources = resources.collect::<Result<_, _>>()?;
        let clients = root.tables("client")?.into_iter().map(registrations::read_client).collect::<Result<_, _>>()?;
        let declaration = Self { people, resources, clients };
        declaration.refuse_repeats()?;
        Ok(declaration)
    }

    /// Refuses a second declaration of the same thing.
    fn refuse_repeats(&self) -> Result<(), Wrong> {
        let mut seen = HashSet::new();
        let mut once = |what: &'static str, name: String, at: String| {
            if seen.insert((what, name)) { Ok(()) } else { Err(Wrong::new(at, "is declared twice")) }
        };
        for person in &self.people {
            if let Some(id) = &person.id {
                once("id", id.to_string(), person.at("id"))?;
            }
            if let Some(alias) = &person.alias {
                once("alias", alias.clone(), person.at("alias"))?;
            }
            if let Some(email) = person.contact(ContactKind::Email) {
                once("email", email.canonical.clone(), person.at("email"))?;
            }
            if let Role::Iam { owner, key, .. } = &person.role {
                once("username", format!("{owner} {key}"), person.at("username"))?;
            }
        }
        for resource in &self.resources {
            once("resource", resource.resource.id.to_string(), format!("{}.id", resource.at))?;
        }
        for client in &self.clients {
            once("client", client.id.to_string(), format!("{}.client_id", client.at))?;
        }
        Ok(())
    }
}

/// One `[[account]]` with everybody in it; `place` is where it will stand.
fn read_account(mut table: Table, place: usize, rules: &Rules<'_>) -> Result<Vec<PersonEntry>, Wrong> {
    table.only(&[&PERSON[..], &ACCOUNT, &policy::KEYS].concat())?;
    let (subs, users) = (table.tables("sub_account")?, table.tables("iam_user")?);
    let id = read_id(&mut table)?;
    let alias = table.text("alias")?;
    if alias.as_deref().is_some_and(|alias| !Account::is_alias(alias)) {
        let rule = "expected 3 to 64 lower-case letters, digits and inner hyphens, not digits alone";
        return Err(table.wrong("alias", rule));
    }
    let policy = policy::read(&mut table)?;
    let root = read_person(&mut table, Role::Main, rules)?;
    let root = PersonEntry { id, alias, policy, ..root };
    if root.alias.is_none() && root.contact(ContactKind::Email).is_none() {
        return Err(Wrong::new(root.at, "needs an alias or an email to be known by"));
    }
    let mut people = vec![root];
    for mut sub in subs {
        sub.only(&[&PERSON[..], &["id", "email", "phone", "independent_billing"]].concat())?;
        let id = read_id(&mut sub)?;
        let billing = sub.flag("independent_billing")?;
        let billing = billing.map(|alone| if alone { Billing::Independent } else { Billing::Shared });
        let person = read_person(&mut sub, Role::Sub { owner: place }, rules)?;
        if person.contact(ContactKind::Email).is_none() {
            return Err(Wrong::new(person.at("email"), "is missing"));
        }
        people.push(PersonEntry { id, billing, ..person });
    }
    for mut user in users {
        user.only(&[&PERSON[..], &["username"]].concat())?;
        let username = user.required("username")?.trim().to_owned();
        let Some(key) = username_key(&username) else {
            return Err(user.wrong("username", "expected 1 to 64 letters, digits, `.`, `_`, `-`"));
        };
        people.push(read_person(&mut user, Role::Iam { owner: place, username, key }, rules)?);
    }
    Ok(people)
}

/// Twelve digits, the first not zero, as the house makes them.
fn read_id(table: &mut Table) -> Result<Option<AccountId>, Wrong> {
    let Some(id) = table.text("id")? else { return Ok(None) };
    if id.len() == 12 && !id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Some(AccountId::from_text(id)))
    } else {
        Err(table.wrong("id", "expected twelve digits, the first not 0"))
    }
}

/// What accounts, sub-accounts and IAM users have in common.
fn read_person(table: &mut Table, role: Role, rules: &Rules<'_>) -> Result<PersonEntry, Wrong> {
    let contacts = match role {
        Role::Main | Role::Sub { .. } => Contacts::SignIn,
        Role::Iam { .. } => Contacts::Claims,
    };
    let claims = claims::read(table, contacts)?;
    let mut declared = Vec::new();
    if let Some(email) = table.text("email")? {
        let email = Email::parse(&email).ok_or_else(|| table.wrong("email", "is not an e-mail address"))?;
        let verified = claims.email_verified.unwrap_or(true);
        declared.push(DeclaredContact { kind: ContactKind::Email, canonical: email.as_str().to_owned(), verified });
    }
    if let Some(phone) = table.text("phone")? {
        let phone = Phone::parse(&phone, rules.default_country);
        let phone = phone.ok_or_else(|| table.wrong("phone", "is not a phone number"))?;
        let verified = claims.phone_verified.unwrap_or(true);
        declared.push(DeclaredContact { kind: ContactKind::Phone, canonical: phone.as_str().to_owned(), verified });
    }
    let must_change =
        if table.flag("must_change_password")?.unwrap_or_default() { MustChange::AtNextLogin } else { MustChange::No };
    Ok(PersonEntry {
        at: table.path().to_owned(),
        role,
        id: None,
        alias: None,
        name: table.name("name")?,
        status: table.word("status", "active, disabled or suspended")?,
        billing: None,
        contacts: declared,
        password: passwords::read(table)?,
        must_change,
        claims: claims.declared,
        policy: PolicyChange::default(),
    })
}
