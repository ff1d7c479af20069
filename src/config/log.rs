//! `[log]`: what is logged, and how.

use super::error::require;
use super::section::section;
use super::value::{Raw, Reason, Setting, quoted};

section! {
    /// The log, on standard error. It never holds a secret, a code or a whole phone number.
    Log = "log" {
        /// Least level, or levels by module as `info,menshen::store=debug`.
        level: String = r#""info""#,
        /// `json` for machines, `text` for people.
        format: LogFormat = r#""json""#,
    }
    check(log) {
        let plain = log.level.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":=,_".contains(&byte));
        let levels = ["off", "error", "warn", "info", "debug", "trace"];
        let known = log.level.split(',').all(|part| {
            let level = part.split_once('=').map_or(part, |(_, level)| level);
            levels.contains(&level)
        });
        require("log.level", plain && known, "expected: off, error, warn, info, debug or trace, also by module")
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Setting for LogFormat {
    const KIND: &'static str = "\"json\" or \"text\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match String::parse(raw)?.as_str() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(Self::expected()),
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(match self {
            Self::Json => "json",
            Self::Text => "text",
        }))
    }
}
