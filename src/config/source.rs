//! Where values come from: the TOML file, then the environment over it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::error::ConfigError;
use super::reference::SectionReference;
use super::value::{Raw, Setting};

/// What the variables of ours begin with.
const PREFIX: &str = "MENSHEN__";
/// The one section whose subsections are named by what is plugged in.
const OPEN_SECTION: &str = "login";

/// Every value that was given, by its dotted key.
pub(super) struct Values(BTreeMap<String, Raw>);

/// The variables of ours.
///
/// # Errors
/// One whose name or value is not UTF-8.
pub(super) fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    std::env::vars_os()
        .filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX))
        .map(|(name, value)| {
            let shown = name.to_string_lossy().into_owned();
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => Ok((name, value)),
                _ => Err(ConfigError::new(shown, "is not UTF-8")),
            }
        })
        .collect()
}

impl Values {
    /// Gathers both sources and refuses keys that no section has.
    pub(super) fn gather(
        toml_text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
        sections: &[SectionReference],
    ) -> Result<Self, ConfigError> {
        let table: Table = toml_text.parse().map_err(|error| syntax_error(toml_text, &error))?;
        let mut values = BTreeMap::new();
        for (name, value) in table {
            for (key, value) in leaves(name, value) {
                refuse_unknown(&key, &key, &value, sections)?;
                values.insert(key, Raw::Toml(value));
            }
        }
        for (variable, text) in environment {
            let Some(path) = variable.strip_prefix(PREFIX) else { continue };
            let key = path.to_lowercase().replace("__", ".");
            refuse_unknown(&variable, &key, &Value::Boolean(true), sections)?;
            values.insert(key, Raw::Text { variable, text });
        }
        Ok(Self(values))
    }

    /// One setting, or its default (TOML text; empty: not set).
    pub(super) fn setting<T: Setting>(&self, section: &str, key: &str, default: &str) -> Result<T, ConfigError> {
        let path = format!("{section}.{key}");
        match self.0.get(&path) {
            Some(raw) => T::parse(raw).map_err(|reason| ConfigError::new(&path, format!("{reason}{}", raw.origin()))),
            None => T::default_from(default).map_err(|reason| ConfigError::new(&path, reason)),
        }
    }

    /// What was given below `section.<name>`, by name.
    pub(super) fn below(&self, section: &str) -> BTreeMap<String, BTreeMap<String, Raw>> {
        let mut found: BTreeMap<String, BTreeMap<String, Raw>> = BTreeMap::new();
        for (path, raw) in &self.0 {
            let below =
                path.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')).and_then(|r| r.split_once('.'));
            if let Some((name, key)) = below {
                found.entry(name.to_owned()).or_default().insert(key.to_owned(), raw.clone());
            }
        }
        found
    }
}

/// Where in the file the syntax is broken, without the line itself.
fn syntax_error(text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    // The message of a broken value could repeat it; its first line is the parser's own words.
    let words = error.message().lines().next().unwrap_or_default();
    ConfigError::new(format!("line {line}"), format!("is not TOML: {words}"))
}

/// The values below `key` with their dotted keys; an empty table is a value.
fn leaves(key: String, value: Value) -> Vec<(String, Value)> {
    match value {
        Value::Table(table) if !table.is_empty() => {
            table.into_iter().flat_map(|(name, value)| leaves(format!("{key}.{name}"), value)).collect()
        }
        Value::Table(_)
        | Value::Array(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Float(_)
        | Value::Integer(_)
        | Value::String(_) => vec![(key, value)],
    }
}

fn refuse_unknown(shown: &str, key: &str, value: &Value, sections: &[SectionReference]) -> Result<(), ConfigError> {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    let Some(known) = sections.iter().find(|known| known.name == section) else {
        return Err(ConfigError::new(shown, "no such section"));
    };
    if name.is_empty() {
        let empty_section = matches!(value, Value::Table(_));
        return if empty_section { Ok(()) } else { Err(ConfigError::new(shown, "is a section, not a key")) };
    }
    let open = section == OPEN_SECTION && name.split_once('.').is_some_and(|(_, key)| !key.is_empty());
    let empty_method = section == OPEN_SECTION && matches!(value, Value::Table(_));
    if open || empty_method || known.keys.iter().any(|key| key.name == name) {
        return Ok(());
    }
    Err(ConfigError::new(shown, "no such key"))
}
