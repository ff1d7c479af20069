//! `[geo]`: in which country addresses are.

use std::path::PathBuf;

use super::section::section;

section! {
    /// In which country an address is: for people's own list of sessions, and for owners who mind a change. Looked up in a file of yours: nobody is asked.
    Geo = "geo" {
        /// Database of countries or cities in MaxMind's format (`.mmdb`), read again when it changes. Not set: no countries.
        database: Option<PathBuf> = "",
    }
    check(_geo) {
        Ok(())
    }
}
