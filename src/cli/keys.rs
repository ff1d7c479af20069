//! `menshen keys list` and `menshen keys rotate`.
//!
//! Rotation happens in the store; running servers take the change over within
//! half a second.

use serde_json::{Value, json};

use super::args::{Common, KeysCommand};
use super::house::House;
use super::{CliError, output};
use crate::domain::SigningKeyRecord;
use crate::keys::{Change, KeyKeeper, RotationPolicy, Trigger};
use crate::store::signing_keys;

pub(super) fn run(common: &Common, command: KeysCommand) -> Result<(), CliError> {
    let house = House::open(common)?;
    match command {
        KeysCommand::List => list(&house, common),
        KeysCommand::Rotate => rotate(&house, common),
    }
}

fn list(house: &House, common: &Common) -> Result<(), CliError> {
    let records = house.wait(house.store.read(signing_keys::list))?;
    if common.json {
        output::json(&records.iter().map(record_json).collect::<Vec<_>>());
        return Ok(());
    }
    for record in &records {
        let until = record.expires_at.map(|until| format!("  until {until}")).unwrap_or_default();
        let (algorithm, state) = (record.algorithm.as_str(), record.state.as_str());
        output::text(&format!("{}  {algorithm}  {state}  made {}{until}", record.kid, record.created_at));
    }
    Ok(())
}

fn record_json(record: &SigningKeyRecord) -> Value {
    json!({
        "kid": record.kid,
        "alg": record.algorithm.as_str(),
        "state": record.state.as_str(),
        "created_at": record.created_at.to_string(),
        "activated_at": record.activated_at.map(|at| at.to_string()),
        "retired_at": record.retired_at.map(|at| at.to_string()),
        "expires_at": record.expires_at.map(|at| at.to_string()),
    })
}

/// Every next key signs from now on, and what signed is retired.
fn rotate(house: &House, common: &Common) -> Result<(), CliError> {
    let policy = RotationPolicy::new(&house.config.keys, &house.config.tokens);
    let keeper = KeyKeeper::new(house.store.clone(), house.vault.clone(), house.entropy.clone(), policy);
    let changes = house.wait(keeper.rotate(Trigger::Now)).map_err(|error| CliError::new("keys", error))?;
    let told: Vec<String> = changes.iter().map(tell).collect();
    if common.json {
        output::json(&told);
    } else {
        output::text(&told.join("\n"));
    }
    Ok(())
}

fn tell(change: &Change) -> String {
    match change {
        Change::Make(algorithm, state) => format!("made a key for {} ({})", algorithm.as_str(), state.as_str()),
        Change::Retire(kid, until) => format!("retired {kid}, published until {until}"),
        Change::Activate(kid) => format!("{kid} signs now"),
        Change::Drop(kid) => format!("dropped {kid}"),
    }
}
