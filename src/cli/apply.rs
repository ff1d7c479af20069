//! `menshen apply`.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::args::Common;
use super::house::House;
use super::{CliError, output};
use crate::identity::apply::Format;
use crate::identity::by_operator;

/// More than any file that people write; a wrong path is noticed before it is read.
const LONGEST: u64 = 64 * 1024 * 1024;

pub(super) fn run(common: &Common, file: &Path) -> Result<(), CliError> {
    let shown = file.display();
    let length = std::fs::metadata(file).map_err(|error| CliError::new(shown.to_string(), error.kind()))?.len();
    if length > LONGEST {
        return Err(CliError::new(shown, "is longer than 64 MiB"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| CliError::new(shown.to_string(), error.kind()))?;
    let house = House::open(common)?;
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let declaration = house.identity()?.read_declaration(&text, Format::of(&name, &text));
    let declaration = declaration.map_err(|wrong| CliError::new(shown.to_string(), wrong))?;
    let changes = house.wait(house.identity()?.apply(Arc::new(declaration), &by_operator()));
    let changes = changes.map_err(|error| CliError::new(shown, error))?;
    if common.json {
        output::json(&json!({ "changes": changes }));
    } else if changes.is_empty() {
        output::text("nothing changed");
    } else {
        output::text(&changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}
