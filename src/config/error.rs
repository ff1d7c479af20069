//! Why a configuration is refused: one line, key and reason, never a value.

use std::fmt;

/// A key (or a file) and what is wrong with it. The reason never repeats the
/// value, because the value may be a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ConfigError {
    /// The key as `section.key`, the environment variable, or the file.
    pub key: String,
    /// The reason, in one line.
    pub reason: String,
}

impl ConfigError {
    /// A refusal of `key` because of `reason`; line breaks become spaces.
    pub fn new(key: impl fmt::Display, reason: impl fmt::Display) -> Self {
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { key: one_line(key.to_string()), reason: one_line(reason.to_string()) }
    }
}

/// Refuses `key` unless `holds`; a condition, not a mode, hence the bool.
pub(super) fn require(key: &str, holds: bool, reason: &str) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::new(key, reason)) }
}
