//! `[outbound]`: calls that we make.

use std::path::PathBuf;

use super::section::section;

section! {
    /// Calls that this server makes: vendors, upstream providers, relying parties' keys and logout endpoints.
    Outbound = "outbound" {
        /// Root certificates (PEM) that are trusted beside the usual ones.
        ca_file: Option<PathBuf> = "",
        /// Also call private addresses, and loopback by plain http: for simulators and tests.
        allow_private_addresses: bool = "false",
    }
    check(_outbound) {
        Ok(())
    }
}
