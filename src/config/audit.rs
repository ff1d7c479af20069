//! `[audit]`: how long the audit trail is kept.

use std::time::Duration;

use super::error::require;
use super::section::section;
use super::value::days;

section! {
    /// The audit trail: who did what, when, from where, and how it ended.
    Audit = "audit" {
        /// Age at which its rows are deleted; laws may ask for half a year and more.
        keep: Duration = r#""400d""#,
    }
    check(audit) {
        require("audit.keep", (days(1)..=days(36_600)).contains(&audit.keep), "must be 1d to 36600d")
    }
}
