//! The text of an `apply` file, TOML or JSON, as one tree of values.
//!
//! No message here quotes the text: it holds passwords.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Wrong;

/// Characters of a key that an error tells.
const MAX_KEY: usize = 64;

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
    match serde_json::from_str(text).map(|Strict(value)| value) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Wrong::new("line 1", "expected a JSON object")),
        // Ours: it names the key and quotes no value.
        Err(error) if error.is_data() => {
            let told = error.to_string();
            let what = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _place)| what).to_owned();
            Err(Wrong::new(place(error.line(), error.column()), what))
        }
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

/// A JSON value in which no object has a key twice: of two values one would be
/// dropped without a word.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = pairs.next_key::<String>()? {
            if map.contains_key(&key) {
                let name: String = key.chars().filter(|c| !c.is_control()).take(MAX_KEY).collect();
                return Err(A::Error::custom(format!("the key `{name}` stands twice in one object")));
            }
            let Strict(value) = pairs.next_value()?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
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
    fn a_key_that_stands_twice_is_refused_by_its_name() {
        for (text, format, line) in [
            ("{\"client\": [],\n\"client\": []}", Format::Json, "line 2, column 8: the key `client` stands twice"),
            ("{\"account\": [{\"password\": \"s3cret\",\n\"password\": \"s3cret\"}]}", Format::Json, "line 2"),
            ("{\"a\": [{\"b\": {\"c\": 1,\n\"\\u0063\": {}}}]}", Format::Json, "line 2"),
            ("[resource]\n[resource]\n", Format::Toml, "line 2"),
            ("password = \"s3cret\"\npassword = \"s3cret\"", Format::Toml, "line 2"),
        ] {
            let wrong = read(text, format).unwrap_err().to_string();
            assert!(wrong.starts_with(line) && !wrong.contains("s3cret"), "{wrong}");
            assert!(!wrong.contains('\n'), "{wrong}");
        }
        assert!(read(r#"{"a": {"x": 1}, "b": [{"x": -1.5}, {"x": null, "y": true}]}"#, Format::Json).is_ok());
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
