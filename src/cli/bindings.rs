//! `menshen account bindings` and `menshen account unbind`.

use serde_json::{Value, json};

use super::args::Common;
use super::house::House;
use super::{CliError, output};
use crate::identity::by_operator;

pub(super) fn list(common: &Common, house: &House, who: &str) -> Result<(), CliError> {
    let held = house.wait(house.identity()?.list_bindings(who)).map_err(|error| CliError::new(who, error))?;
    if common.json {
        let bindings: Vec<Value> = held
            .iter()
            .map(|one| {
                let used = one.last_used_at.map(|at| at.to_string());
                json!({ "id": one.id, "method": one.connector, "since": one.created_at.to_string(), "last_used": used })
            })
            .collect();
        output::json(&json!({ "who": who, "bindings": bindings }));
        return Ok(());
    }
    if held.is_empty() {
        output::text("nothing is bound");
    }
    for one in &held {
        let used = one.last_used_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        output::text(&format!("{:<6}  {:<12}  since {}  last used {used}", one.id, one.connector, one.created_at));
    }
    Ok(())
}

pub(super) fn unbind(common: &Common, house: &House, who: &str, id: i64) -> Result<(), CliError> {
    let method = house.wait(house.identity()?.unbind(who, id, &by_operator()));
    let method = method.map_err(|error| CliError::new(who, error))?;
    if common.json {
        output::json(&json!({ "who": who, "id": id, "method": method }));
    } else {
        output::text(&format!("{method} of {who} is unbound; every sign-in by it has ended"));
    }
    Ok(())
}
