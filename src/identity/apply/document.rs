//! The text of an `apply` file, TOML or JSON, as one tree of values.
//!
//! No message here quotes the text: it holds passwords.

use serde_json::{Map, Value};

use super::Wrong;

/// How the text is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// TOML 1.0.
    Toml,
}

impl Format {
    /// By the name of the file; else by its first character.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Self {
        let ends = |extension: &str| name.len() > extension.len() && name.to_ascii_lowercase().ends_with(extension);
        if ends(".json") || (!ends(".toml") && text.trim_start().starts_with('{')) { Self::Json } else { Self::Toml }
    }
}

/// Reads the text.
pub(super) fn read(text: &str, format: Format) -> Result<Map<String, Value>, Wrong> {
    match format {
        Format::Json => read_json(text),
        Format::Toml => read_toml(text),
    }
}

fn read_json(text: &str) -> Result<Map<String, Value>, Wrong> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Wrong::new("line 1", "expected a JSON object")),
        Err(error) => {
            let what = match error.classify() {
                serde_json::error::Category::Eof => "the JSON ends too early",
                serde_json::error::Category::Syntax
                | serde_json::error::Category::Data
                | serde_json::error::Category::Io => "is not JSON",
            };
            Err(Wrong::new(place(error.line(), error.column()), what))
        }
    }
}

fn read_toml(text: &str) -> Result<Map<String, Value>, Wrong> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Wrong::new(place(line, column), error.message().lines().next().unwrap_or("is not TOML").to_owned())
    })?;
    Ok(table.into_iter().map(|(key, value)| (key, to_json(value))).collect())
}

fn place(line: usize, column: usize) -> String {
    format!("line {line}, column {column}")
}

fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        // `birthdate = 1990-01-01` means what it says.
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(values) => values.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, to_json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_read_to_one_tree() {
        let toml = read("[[account]]\nalias = \"acme\"\nclaims = { birthdate = 1990-01-01 }\n", Format::Toml).unwrap();
        let json = read(r#"{"account":[{"alias":"acme","claims":{"birthdate":"1990-01-01"}}]}"#, Format::Json).unwrap();
        assert_eq!(toml, json);
    }

    #[test]
    fn the_name_decides_and_else_the_text() {
        assert_eq!(Format::of("a.json", "x = 1"), Format::Json);
        assert_eq!(Format::of("a.TOML", "{}"), Format::Toml);
        assert_eq!(Format::of("people", " {}"), Format::Json);
        assert_eq!(Format::of("people", "[[account]]"), Format::Toml);
    }

    #[test]
    fn a_broken_text_is_placed_and_never_quoted() {
        for (text, format) in [
            ("[[account]]\npassword = \"s3cret\" \"s3cret\"", Format::Toml),
            ("[[account]]\npassword = s3cret", Format::Toml),
            ("{\n\"password\": s3cret}", Format::Json),
            ("{\"password\":\n\"s3cret", Format::Json),
        ] {
            let wrong = read(text, format).unwrap_err().to_string();
            assert!(wrong.starts_with("line 2") && !wrong.contains("s3cret"), "{wrong}");
        }
    }
}
