//! What an account of the file allows its people, and asks of them.

use super::Wrong;
use super::table::Table;
use crate::domain::ReauthPolicy;
use crate::identity::{MOST_DAYS, PolicyChange};
use crate::protocol::login_methods;

/// The keys of an account that are about it.
pub(super) const KEYS: [&str; 5] =
    ["iam_long_lived_days", "login_methods", "reauth_idle_minutes", "reauth_root", "reauth_on_change"];

pub(super) fn read(table: &mut Table) -> Result<PolicyChange, Wrong> {
    Ok(PolicyChange {
        iam_long_lived_days: table.number("iam_long_lived_days", MOST_DAYS)?,
        login_methods: read_login_methods(table)?,
        reauth_idle_minutes: read_idle(table)?,
        reauth_root: table.flag("reauth_root")?,
        reauth_on_change: table.flag("reauth_on_change")?,
    })
}

/// Names of login methods, of which a root can use one: an owner that locked
/// itself out could not undo it.
fn read_login_methods(table: &mut Table) -> Result<Option<Vec<String>>, Wrong> {
    let Some(names) = table.texts("login_methods")? else { return Ok(None) };
    if let Some(number) = names.iter().position(|name| !login_methods::is_name(name)) {
        return Err(table.wrong(&format!("login_methods[{number}]"), "is no login method"));
    }
    if !login_methods::leave_roots_a_way(&names) {
        return Err(table.wrong("login_methods", "leaves the main account itself no way to sign in"));
    }
    Ok(Some(names))
}

fn read_idle(table: &mut Table) -> Result<Option<u16>, Wrong> {
    let key = "reauth_idle_minutes";
    let (least, most) = ReauthPolicy::IDLE_MINUTES.into_inner();
    let wrong = table.wrong(key, format!("expected 0 or a number from {least} to {most}"));
    let minutes = table.number(key, u16::MAX).map_err(|_out_of_range| wrong.clone())?;
    if minutes.is_none_or(ReauthPolicy::takes_idle) { Ok(minutes) } else { Err(wrong) }
}
