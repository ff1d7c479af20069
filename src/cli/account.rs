//! `menshen account …`: the operator's hands on accounts and people.
//!
//! What names an account acts on the account, with everybody under it; what
//! names an IAM user acts on that user alone. Running servers obey at once: they
//! look at the stored state at every sign-in, token and introspection.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::args::{AccountCommand, Common};
use super::house::House;
use super::{CliError, output, who};
use crate::authn::hashing::{Arena, Cost, Hasher, NormalPassword};
use crate::base::Secret;
use crate::domain::audit::Origin;
use crate::domain::{Account, AccountStatus, Principal, PrincipalKind, PrincipalStatus};
use crate::identity::refusal::all_or_nothing;
use crate::identity::{MustChange, NewPassword, set_account_status, set_password, set_principal_status};
use crate::keys::{ContactKeys, Purpose};
use crate::store::{StoreResult, accounts, identifiers};

/// Accounts that are read at once.
const PAGE: i64 = 500;

pub(super) fn run(common: &Common, command: &AccountCommand) -> Result<(), CliError> {
    let house = House::open(common)?;
    match command {
        AccountCommand::List => list(&house, common),
        AccountCommand::Show { who } => show(&house, common, who),
        AccountCommand::Disable { who } => switch(&house, common, who, Switch::Off),
        AccountCommand::Enable { who } => switch(&house, common, who, Switch::On),
        AccountCommand::Suspend { who } => switch(&house, common, who, Switch::Suspend),
        AccountCommand::Resume { who } => switch(&house, common, who, Switch::Resume),
        AccountCommand::ResetPassword { who } => reset_password(&house, common, who),
    }
}

fn list(house: &House, common: &Common) -> Result<(), CliError> {
    let mut all: Vec<Account> = Vec::new();
    loop {
        let after = all.last().map(|account| account.id.to_string()).unwrap_or_default();
        let page = house.wait(house.store.read(move |tx| accounts::list(tx, &after, PAGE)))?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if common.json {
        output::json(&all.iter().map(account_json).collect::<Vec<_>>());
    } else {
        for account in &all {
            let alias = account.alias.as_deref().unwrap_or("-");
            let line = [account.id.as_str(), account.kind.as_str(), account.status.as_str(), alias, &account.name];
            output::text(&line.join("  "));
        }
    }
    Ok(())
}

fn show(house: &House, common: &Common, who: &str) -> Result<(), CliError> {
    let principal = who::load(house, who)?;
    let id = principal.id.clone();
    let stored = house.wait(house.store.read(move |tx| identifiers::list(tx, &id)))?;
    let keys = ContactKeys::new(Arc::clone(&house.vault));
    let mut contacts = serde_json::Map::new();
    for contact in stored {
        let value = keys.open(&principal.id, contact.kind, &contact.sealed)?;
        contacts.insert(contact.kind.as_str().to_owned(), Value::String(value));
    }
    let shown = json!({
        "sub": principal.id,
        "principal_type": principal.kind.as_str(),
        "name": principal.display_name,
        "user_name": principal.upn(),
        "status": principal.status.as_str(),
        "must_change_password": principal.must_change_password,
        "contacts": contacts,
        "account": account_json(&principal.account),
        "owner_status": principal.owner_status.as_str(),
    });
    if common.json {
        output::json(&shown);
    } else {
        output::text(&output::lines(&shown));
    }
    Ok(())
}

fn account_json(account: &Account) -> Value {
    json!({
        "account_id": account.id,
        "kind": account.kind.as_str(),
        "status": account.status.as_str(),
        "alias": account.alias,
        "name": account.name,
        "owner_account_id": account.owner_id,
        "billing_account_id": account.billing_account(),
    })
}

/// What `disable`, `enable`, `suspend` and `resume` do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Switch {
    Off,
    On,
    Suspend,
    Resume,
}

impl Switch {
    /// The account's next status.
    ///
    /// # Errors
    /// Why it cannot go there from where it is: a suspension is lifted by
    /// `resume` alone, and `resume` switches nobody on who was switched off.
    fn from(self, status: AccountStatus) -> Result<AccountStatus, &'static str> {
        match (self, status) {
            (Self::Off, AccountStatus::Suspended) => Err("is suspended; resume it first"),
            (Self::On, AccountStatus::Suspended) => Err("is suspended; use resume"),
            (Self::Suspend | Self::Resume, AccountStatus::Disabled) => Err("is disabled; enable it first"),
            (Self::Off, AccountStatus::Active | AccountStatus::Disabled) => Ok(AccountStatus::Disabled),
            (Self::Suspend, AccountStatus::Active | AccountStatus::Suspended) => Ok(AccountStatus::Suspended),
            (Self::On, AccountStatus::Active | AccountStatus::Disabled)
            | (Self::Resume, AccountStatus::Active | AccountStatus::Suspended) => Ok(AccountStatus::Active),
        }
    }
}

fn switch(house: &House, common: &Common, who: &str, switch: Switch) -> Result<(), CliError> {
    let principal = who::load(house, who)?;
    let (status, changed) = match principal.kind {
        PrincipalKind::Root | PrincipalKind::SubAccount => switch_account(house, &principal, switch)?,
        PrincipalKind::IamUser => switch_user(house, who, &principal, switch)?,
    };
    let called = who::called(&principal);
    if common.json {
        output::json(&json!({ "who": called, "status": status, "changed": changed }));
    } else {
        output::text(&format!("{called} {} {status}.", if changed { "is now" } else { "was already" }));
    }
    Ok(())
}

fn switch_account(house: &House, principal: &Principal, switch: Switch) -> Result<(&'static str, bool), CliError> {
    let account = principal.account.clone();
    let status = switch.from(account.status).map_err(|reason| CliError::new(who::called(principal), reason))?;
    let outcome =
        house.store.write(move |tx| all_or_nothing(tx, |tx| set_account_status(tx, &account, status, &operator())));
    let changed = house.wait(outcome)?.map_err(|refusal| CliError::new(refusal.key(), refusal))?;
    Ok((status.as_str(), changed))
}

fn switch_user(
    house: &House,
    who: &str,
    principal: &Principal,
    switch: Switch,
) -> Result<(&'static str, bool), CliError> {
    let status = match switch {
        Switch::Off => PrincipalStatus::Disabled,
        Switch::On => PrincipalStatus::Active,
        Switch::Suspend | Switch::Resume => {
            return Err(CliError::new(who, "is an IAM user; suspend and resume are for accounts"));
        }
    };
    let user = principal.clone();
    let outcome =
        house.store.write(move |tx| all_or_nothing(tx, |tx| set_principal_status(tx, &user, status, &operator())));
    let changed = house.wait(outcome)?.map_err(|refusal| CliError::new(refusal.key(), refusal))?;
    Ok((status.as_str(), changed))
}

/// Gives a password of chance that the next sign-in must replace; everything
/// that the old one had opened ends.
fn reset_password(house: &House, common: &Common, who: &str) -> Result<(), CliError> {
    let principal = who::load(house, who)?;
    let password = Secret::new(URL_SAFE_NO_PAD.encode(house.entropy.bytes::<15>()));
    let new = hashed(house, &password)?;
    let holder = principal.clone();
    let outcome: StoreResult<_> =
        house.wait(house.store.write(move |tx| all_or_nothing(tx, |tx| set_password(tx, &holder, &new, &operator()))));
    outcome?.map_err(|refusal| CliError::new(refusal.key(), refusal))?;
    let called = who::called(&principal);
    if common.json {
        output::json(&json!({ "who": called, "password": password.expose() }));
    } else {
        output::text(&format!(
            "The password of {called} is now {}\nThe next sign-in asks for another one. It is not shown again.",
            password.expose()
        ));
    }
    Ok(())
}

fn hashed(house: &House, password: &Secret<String>) -> Result<NewPassword, CliError> {
    let bad = |error| CliError::new("hashing", error);
    let cost = Cost::configured(&house.config.hashing);
    let hasher = Hasher::new(house.vault.derive(Purpose::CredentialPepper), cost).map_err(bad)?;
    let normal = NormalPassword::new(password.expose()).ok_or_else(|| CliError::new("password", "is too long"))?;
    let stored = hasher.hash(&normal, &house.entropy.bytes::<16>(), &mut Arena::default()).map_err(bad)?;
    Ok(NewPassword::hashed(stored, MustChange::AtNextLogin))
}

/// The operator at the command line, as the audit trail knows them.
fn operator() -> Origin {
    Origin { actor: "operator".to_owned(), address: "-".to_owned(), request_id: "-".to_owned() }
}
