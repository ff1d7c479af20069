//! Reading stored text back into types: a row that does not read is reported
//! as inconsistent, never guessed at.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, StoreResult};
use crate::protocol::Scope;

/// Parses a named value of a column.
pub(super) fn named<T: FromStr>(text: &str, column: &'static str, row: impl ToString) -> StoreResult<T> {
    text.parse().map_err(|_unknown| inconsistent(column, row))
}

/// Parses the scope of a column; an empty text is the empty scope.
pub(super) fn scope(text: &str, column: &'static str, row: impl ToString) -> StoreResult<Scope> {
    match text {
        "" => Ok(Scope::default()),
        text => Scope::parse(text).map_err(|_malformed| inconsistent(column, row)),
    }
}

/// Parses the JSON of a column.
pub(super) fn json<T: DeserializeOwned>(text: &str, column: &'static str, row: impl ToString) -> StoreResult<T> {
    serde_json::from_str(text).map_err(|_malformed| inconsistent(column, row))
}

/// Writes a value as the JSON of a column.
pub(super) fn to_json<T: Serialize>(value: &T, column: &'static str) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|_unserialisable| inconsistent(column, "new"))
}

#[expect(clippy::needless_pass_by_value, reason = "callers name a row by what they have: a number or an id")]
fn inconsistent(column: &'static str, row: impl ToString) -> StoreError {
    StoreError::inconsistent(column, row.to_string(), "does not read")
}
