//! `[tokens]`: lifetimes of codes and tokens.

use std::time::Duration;

use super::error::require;
use super::section::section;
use super::value::{days, minutes};

section! {
    /// Lifetimes of codes and tokens.
    Tokens = "tokens" {
        /// Authorization code.
        code: Duration = r#""60s""#,
        /// Opaque access token.
        access: Duration = r#""10m""#,
        /// Access token as JWT (`at+jwt`); short, because an API that checks it alone learns of no revocation.
        access_jwt: Duration = r#""5m""#,
        /// ID token.
        id: Duration = r#""10m""#,
        /// Refresh token that is not used.
        refresh_idle: Duration = r#""14d""#,
        /// Whole life of a family of refresh tokens.
        refresh_absolute: Duration = r#""30d""#,
    }
    check(tokens) {
        let within = |key: &str, life: Duration, most: Duration, reason: &str| {
            require(key, (Duration::from_secs(1)..=most).contains(&life), reason)
        };
        within("tokens.code", tokens.code, minutes(10), "must be 1s to 10m")?;
        within("tokens.access", tokens.access, minutes(1440), "must be 1s to 24h")?;
        within("tokens.access_jwt", tokens.access_jwt, minutes(60), "must be 1s to 1h")?;
        within("tokens.id", tokens.id, minutes(1440), "must be 1s to 24h")?;
        let year = days(366);
        within("tokens.refresh_absolute", tokens.refresh_absolute, year, "must be 1s to 366d")?;
        let absolute = tokens.refresh_absolute;
        within("tokens.refresh_idle", tokens.refresh_idle, absolute, "must be 1s to refresh_absolute")
    }
}
