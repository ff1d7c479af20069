//! How answers are printed. A reader that went away (`| head`) is no error.

use std::io::Write;

use serde::Serialize;

/// Prints text, with a line break at its end.
pub(super) fn text(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n'));
}

/// Prints `value` as JSON, in lines for people.
pub(super) fn json(value: &impl Serialize) {
    text(&serde_json::to_string_pretty(value).unwrap_or_default());
}
