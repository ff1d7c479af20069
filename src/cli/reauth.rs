//! `menshen account reauth`: when the people of a main account prove themselves
//! again although they are signed in.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::args::Common;
use super::house::House;
use super::{CliError, output};
use crate::domain::ReauthPolicy;
use crate::identity::{PolicyChange, by_operator};

/// What is changed; the rest stays.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct ReauthArgs {
    /// After so many minutes without use: 5 to 43200; 0: not for that.
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    idle: Option<u16>,
    /// Whenever the root account is picked in a chooser.
    #[arg(long, value_name = "on|off")]
    root: Option<Switch>,
    /// In another kind of browser, or another country, than at the last proof.
    #[arg(long, value_name = "on|off")]
    on_change: Option<Switch>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl Switch {
    fn is_on(self) -> bool {
        self == Self::On
    }
}

fn minutes(text: &str) -> Result<u16, String> {
    let (least, most) = ReauthPolicy::IDLE_MINUTES.into_inner();
    let number = text.parse().ok().filter(|minutes| ReauthPolicy::takes_idle(*minutes));
    number.ok_or_else(|| format!("expected 0 or a number from {least} to {most}"))
}

pub(super) fn run(common: &Common, house: &House, who: &str, when: &ReauthArgs) -> Result<(), CliError> {
    let change = PolicyChange {
        reauth_idle_minutes: when.idle,
        reauth_root: when.root.map(Switch::is_on),
        reauth_on_change: when.on_change.map(Switch::is_on),
        ..PolicyChange::default()
    };
    let identity = house.identity()?;
    let bad = |error| CliError::new(who, error);
    let changed = house.wait(identity.change_policy(who, change, &by_operator())).map_err(bad)?;
    let policy = house.wait(identity.portray(who)).map_err(bad)?.policy.unwrap_or_default().reauth;
    if common.json {
        output::json(&json!({ "who": who, "changed": changed, "reauth": shown(policy) }));
    } else if changed {
        output::text(&format!("people of {who} prove themselves again: {}", told(policy)));
    } else {
        output::text("nothing changed");
    }
    Ok(())
}

/// A policy in words.
pub(super) fn told(policy: ReauthPolicy) -> String {
    let idle = (policy.idle_minutes > 0).then(|| format!("after {} minutes without use", policy.idle_minutes));
    let root = policy.root.then(|| "whenever the root account is picked".to_owned());
    let change = policy.on_change.then(|| "in another kind of browser or another country".to_owned());
    let all: Vec<String> = [idle, root, change].into_iter().flatten().collect();
    if all.is_empty() { "when their sign-in is over".to_owned() } else { all.join("; ") }
}

pub(super) fn shown(policy: ReauthPolicy) -> Value {
    json!({ "idle_minutes": policy.idle_minutes, "root": policy.root, "on_change": policy.on_change })
}
