//! One table of the file, read key by key: every error names the exact path,
//! and none quotes a value.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::Wrong;
use crate::protocol::client_rules::is_invisible;

/// A table and its path.
pub(super) struct Table {
    at: String,
    rest: Map<String, Value>,
}

impl Table {
    pub(super) fn root(map: Map<String, Value>) -> Self {
        Self { at: String::new(), rest: map }
    }

    /// The path of this table.
    pub(super) fn path(&self) -> &str {
        &self.at
    }

    /// The path of a key of this table.
    pub(super) fn at(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> Wrong {
        Wrong::new(self.at(key), reason)
    }

    /// Refuses keys that nobody knows.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Wrong> {
        match self.rest.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(self.wrong(&shown(key), "unknown key")),
            None => Ok(()),
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, Wrong> {
        match self.rest.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Err(self.wrong(key, "is empty")),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "expected a text")),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &str) -> Result<String, Wrong> {
        self.text(key)?.ok_or_else(|| self.wrong(key, "is missing"))
    }

    /// A name that people read: nothing invisible, at most 100 characters.
    pub(super) fn name(&mut self, key: &str) -> Result<Option<String>, Wrong> {
        let Some(name) = self.text(key)? else { return Ok(None) };
        if name.chars().count() > 100 {
            return Err(self.wrong(key, "is longer than 100 characters"));
        }
        if name.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(self.wrong(key, "holds a control, zero-width or direction character"));
        }
        Ok(Some(name.trim().to_owned()))
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, Wrong> {
        match self.rest.remove(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(key, "expected true or false")),
        }
    }

    /// One of a few words.
    /// A whole number from 0 to `most`.
    pub(super) fn number(&mut self, key: &str, most: u16) -> Result<Option<u16>, Wrong> {
        let Some(value) = self.rest.remove(key) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number <= most);
        number.map(Some).ok_or_else(|| self.wrong(key, format!("expected a number from 0 to {most}")))
    }

    pub(super) fn word<T: FromStr>(&mut self, key: &str, words: &str) -> Result<Option<T>, Wrong> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_unknown| self.wrong(key, format!("expected {words}")))
    }

    pub(super) fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, Wrong> {
        let Some(value) = self.rest.remove(key) else { return Ok(None) };
        let Value::Array(values) = value else { return Err(self.wrong(key, "expected a list of texts")) };
        let read = values.into_iter().enumerate().map(|(at, value)| match value {
            Value::String(text) => Ok(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.wrong(&format!("{key}[{at}]"), "expected a text"))
            }
        });
        read.collect::<Result<_, _>>().map(Some)
    }

    /// A table of values within this one.
    pub(super) fn members(&mut self, key: &str) -> Result<Option<Map<String, Value>>, Wrong> {
        match self.rest.remove(key) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(self.wrong(key, "expected a table")),
        }
    }

    /// The tables of a list (`[[key]]`), each with its path.
    pub(super) fn tables(&mut self, key: &str) -> Result<Vec<Self>, Wrong> {
        let values = match self.rest.remove(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(_) => return Err(self.wrong(key, format!("expected a list of tables, [[{}]]", self.at(key)))),
        };
        let tables = values.into_iter().enumerate().map(|(number, value)| {
            let at = self.at(&format!("{key}[{number}]"));
            match value {
                Value::Object(rest) => Ok(Self { at, rest }),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    Err(Wrong::new(at, "expected a table"))
                }
            }
        });
        tables.collect()
    }

    /// What was not taken yet.
    pub(super) fn into_rest(self) -> Map<String, Value> {
        self.rest
    }
}

/// A key as it may be shown: short, and on one line.
fn shown(key: &str) -> String {
    key.chars().take(60).map(|c| if c.is_control() || is_invisible(c) { '?' } else { c }).collect()
}
