//! How answers are printed. A reader that went away (`| head`) is no error.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

/// Prints text, with a line break at its end.
pub(super) fn text(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n'));
}

/// Prints `value` as JSON, in lines for people.
pub(super) fn json(value: &impl Serialize) {
    text(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A JSON object as lines `key: value` for people; what is null is left out.
pub(super) fn lines(value: &Value) -> String {
    let mut out = Vec::new();
    flatten("", value, &mut |key, value| out.push(format!("{key}: {value}")));
    out.join("\n")
}

fn flatten(prefix: &str, value: &Value, put: &mut dyn FnMut(&str, &str)) {
    let below = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    match value {
        Value::Null => {}
        Value::String(text) => put(prefix, text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => put(prefix, &value.to_string()),
        Value::Object(members) => {
            for (key, value) in members {
                flatten(&below(key), value, put);
            }
        }
    }
}
