//! `menshen account …`: the operator's hand on accounts and people.

use std::io::Read;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::Common;
use super::house::House;
use super::reauth::{self, ReauthArgs};
use super::{CliError, bindings, output};
use crate::base::Secret;
use crate::domain::{Account, ContactKind, Principal};
use crate::identity::{MOST_DAYS, MustChange, OperatorError, PolicyChange, Portrait, Switch, by_operator};
use crate::web::pages::mask;

/// `menshen account …`
#[derive(Clone, Debug, Subcommand)]
pub enum AccountCommand {
    /// List accounts by number.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
        /// Begin behind this number.
        #[arg(long, value_name = "ID", default_value = "")]
        after: String,
    },
    /// Show one account or person.
    Show(Who),
    /// Switch off: every sign-in and every token ends, at once.
    Disable(Who),
    /// Switch on again.
    Enable(Who),
    /// Stop an account and everybody under it, at once.
    Suspend(Who),
    /// Take a suspension back.
    Resume(Who),
    /// Let the IAM users of a main account stay signed in for so many days; 0: not at all. What lasts longer
    /// is cut down at once.
    LongLived {
        /// The main account.
        #[command(flatten)]
        who: Who,
        /// 0 to 90.
        #[arg(value_name = "DAYS", value_parser = clap::value_parser!(u16).range(0..=i64::from(MOST_DAYS)))]
        days: u16,
    },
    /// Have the people of a main account prove themselves again although they are signed in.
    Reauth {
        /// The main account.
        #[command(flatten)]
        who: Who,
        /// When.
        #[command(flatten)]
        when: ReauthArgs,
    },
    /// List the vendors' identities that are bound to somebody.
    Bindings(Who),
    /// Take one of them away: the sign-ins by it end, at once.
    Unbind {
        /// Whose.
        #[command(flatten)]
        who: Who,
        /// Its number in `account bindings`.
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Give another password: every sign-in and every token ends, at once.
    ResetPassword {
        /// Whose.
        #[command(flatten)]
        who: Who,
        /// Read it from standard input instead of making one.
        #[arg(long)]
        stdin: bool,
        /// Do not ask for another one at the next sign-in.
        #[arg(long)]
        keep: bool,
    },
}

/// Whom a command is about.
#[derive(Args, Clone, Debug)]
pub struct Who {
    /// E-mail address, `user@alias`, `user@id`, or the id of an account or a principal.
    #[arg(value_name = "WHO")]
    who: String,
}

pub(super) fn run(common: &Common, command: &AccountCommand) -> Result<(), CliError> {
    let house = House::open(common)?;
    match command {
        AccountCommand::List { limit, after } => list(common, &house, *limit, after),
        AccountCommand::Show(who) => show(common, &house, &who.who),
        AccountCommand::Disable(who) => switch(common, &house, &who.who, Switch::Disable),
        AccountCommand::Enable(who) => switch(common, &house, &who.who, Switch::Enable),
        AccountCommand::Suspend(who) => switch(common, &house, &who.who, Switch::Suspend),
        AccountCommand::Resume(who) => switch(common, &house, &who.who, Switch::Resume),
        AccountCommand::LongLived { who, days } => allow_long_lived(common, &house, &who.who, *days),
        AccountCommand::Reauth { who, when } => reauth::run(common, &house, &who.who, when),
        AccountCommand::Bindings(who) => bindings::list(common, &house, &who.who),
        AccountCommand::Unbind { who, id } => bindings::unbind(common, &house, &who.who, *id),
        AccountCommand::ResetPassword { who, stdin, keep } => {
            let given = if *stdin { Some(read_password()?) } else { None };
            let must_change = if *keep { MustChange::No } else { MustChange::AtNextLogin };
            reset_password(common, &house, &who.who, given, must_change)
        }
    }
}

fn list(common: &Common, house: &House, limit: i64, after: &str) -> Result<(), CliError> {
    let accounts = house.wait(house.identity()?.list_accounts(after.to_owned(), limit))?;
    let full = usize::try_from(limit).is_ok_and(|limit| accounts.len() == limit);
    let next = accounts.last().filter(|_last| full).map(|last| last.id.as_str());
    if common.json {
        let accounts: Vec<Value> = accounts.iter().map(account_json).collect();
        output::json(&json!({ "accounts": accounts, "next": next }));
        return Ok(());
    }
    for account in &accounts {
        output::text(&account_line(account));
    }
    if let Some(next) = next {
        output::text(&format!("more: --after {next}"));
    }
    Ok(())
}

fn account_line(account: &Account) -> String {
    let alias = account.alias.as_deref().unwrap_or("-");
    format!("{}  {:<4}  {:<9}  {alias}  {}", account.id, account.kind.as_str(), account.status.as_str(), account.name)
}

fn account_json(account: &Account) -> Value {
    json!({
        "id": account.id, "kind": account.kind, "owner": account.owner_id, "alias": account.alias,
        "name": account.name, "status": account.status, "billing_account": account.billing_account(),
    })
}

fn show(common: &Common, house: &House, who: &str) -> Result<(), CliError> {
    let portrait = house.wait(house.identity()?.portray(who)).map_err(|error| CliError::new(who, error))?;
    if common.json {
        output::json(&portrait_json(&portrait));
    } else {
        output::text(&portrait_text(&portrait));
    }
    Ok(())
}

/// Enough of a contact to recognise it.
fn masked(kind: ContactKind, text: &str) -> String {
    match kind {
        ContactKind::Email => mask::email(text),
        ContactKind::Phone => mask::phone(text),
    }
}

fn user_name(user: &Principal) -> String {
    user.upn().unwrap_or_else(|| user.display_name.clone())
}

fn portrait_text(portrait: &Portrait) -> String {
    let Portrait { principal, contacts, sub_accounts, iam_users, policy } = portrait;
    let mut lines = vec![
        format!("{} {} ({})", principal.kind, user_name(principal), principal.id),
        format!("name           {}", principal.display_name),
        format!("status         {}", principal.status),
        format!("account        {}", account_line(&principal.account)),
        format!("owner          {}  {}", principal.account.owner_id, principal.owner_status),
        format!("billed         {}", principal.account.billing_account()),
    ];
    if principal.must_change_password {
        lines.push("password       must be changed at the next sign-in".to_owned());
    }
    if let Some(policy) = policy {
        lines.push(format!("long-lived     {} days for its IAM users", policy.iam_long_lived_days));
        lines.push(format!("proof again    {}", reauth::told(policy.reauth)));
    }
    lines.extend(contacts.iter().map(|(kind, text)| format!("{:<14} {}", kind.as_str(), masked(*kind, text))));
    lines.extend(sub_accounts.iter().map(|account| format!("sub-account    {}", account_line(account))));
    lines.extend(iam_users.iter().map(|user| {
        format!("IAM user       {}  {:<9}  {}  {}", user.id, user.status.as_str(), user_name(user), user.display_name)
    }));
    lines.join("\n")
}

fn portrait_json(portrait: &Portrait) -> Value {
    let Portrait { principal, contacts, sub_accounts, iam_users, policy } = portrait;
    let users: Vec<Value> = iam_users
        .iter()
        .map(|user| json!({ "id": user.id, "login": user.upn(), "name": user.display_name, "status": user.status }))
        .collect();
    let contacts: Vec<Value> =
        contacts.iter().map(|(kind, text)| json!({ "kind": kind, "masked": masked(*kind, text) })).collect();
    json!({
        "id": principal.id, "kind": principal.kind, "login": principal.upn(), "name": principal.display_name,
        "status": principal.status, "owner_status": principal.owner_status,
        "must_change_password": principal.must_change_password, "account": account_json(&principal.account),
        "contacts": contacts, "sub_accounts": sub_accounts.iter().map(account_json).collect::<Vec<_>>(),
        "iam_users": users, "iam_long_lived_days": policy.as_ref().map(|policy| policy.iam_long_lived_days),
        "reauth": policy.as_ref().map(|policy| reauth::shown(policy.reauth)),
    })
}

fn switch(common: &Common, house: &House, who: &str, switch: Switch) -> Result<(), CliError> {
    let changed = house.wait(house.identity()?.switch(who, switch, &by_operator()));
    let changed = changed.map_err(|error| CliError::new(who, error))?;
    let now = match switch {
        Switch::Disable => "disabled",
        Switch::Enable => "enabled",
        Switch::Suspend => "suspended",
        Switch::Resume => "resumed",
    };
    if common.json {
        output::json(&json!({ "who": who, "changed": changed }));
    } else if changed {
        output::text(&format!("{now} {who}"));
    } else {
        output::text("nothing changed");
    }
    Ok(())
}

fn allow_long_lived(common: &Common, house: &House, who: &str, days: u16) -> Result<(), CliError> {
    let change = PolicyChange { iam_long_lived_days: Some(days), ..PolicyChange::default() };
    let changed = house.wait(house.identity()?.change_policy(who, change, &by_operator()));
    let changed = changed.map_err(|error| CliError::new(who, error))?;
    if common.json {
        output::json(&json!({ "who": who, "changed": changed, "iam_long_lived_days": days }));
    } else if changed {
        output::text(&format!("IAM users of {who} may stay signed in for {days} days"));
    } else {
        output::text("nothing changed");
    }
    Ok(())
}

fn reset_password(
    common: &Common,
    house: &House,
    who: &str,
    given: Option<Secret<String>>,
    must_change: MustChange,
) -> Result<(), CliError> {
    let is_ours = given.is_none();
    let identity = house.identity()?;
    let password = given.unwrap_or_else(|| identity.fresh_password());
    let done = house.wait(identity.reset_password(who, &password, must_change, &by_operator()));
    done.map_err(|error: OperatorError| CliError::new(who, error))?;
    // What the operator typed is not printed again.
    let shown = is_ours.then(|| password.expose().as_str());
    let must_change = must_change == MustChange::AtNextLogin;
    if common.json {
        output::json(&json!({ "who": who, "password": shown, "must_change_password": must_change }));
        return Ok(());
    }
    output::text(&format!("password of {who} is set; every sign-in and every token has ended"));
    if let Some(password) = shown {
        output::text(&format!("password {password}"));
    }
    Ok(())
}

fn read_password() -> Result<Secret<String>, CliError> {
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text).map_err(|error| CliError::new("stdin", error.kind()))?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    Ok(Secret::new(password))
}
