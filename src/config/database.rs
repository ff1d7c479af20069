//! `[database]`: where everything is stored.

use super::error::require;
use super::section::section;
use super::types::DatabaseUrl;

section! {
    /// Where everything is stored: SQLite in one file, or PostgreSQL 15 or newer.
    Database = "database" {
        /// `sqlite:PATH` (made when absent) or `postgres://user:password@host/database`.
        url: DatabaseUrl = r#""sqlite:data/menshen.db""#,
        /// Connections to PostgreSQL, or SQLite's connections for reading; 0: chosen by the number of cores.
        connections: u32 = "0",
    }
    check(database) {
        require("database.connections", database.connections <= 1_000, "must be at most 1000")
    }
}
