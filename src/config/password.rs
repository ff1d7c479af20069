//! `[password]`: rules for passwords that people choose.

use super::error::require;
use super::section::section;

section! {
    /// Rules for passwords that people choose. No rules of composition, no forced change.
    Password = "password" {
        /// Characters at least.
        min_length: u32 = "8",
        /// Least strength (zxcvbn, 0 to 4), estimated with the person's own words.
        min_score: u32 = "3",
    }
    check(password) {
        require("password.min_length", (8..=128).contains(&password.min_length), "must be 8 to 128")?;
        require("password.min_score", password.min_score <= 4, "must be 0 to 4")
    }
}
