//! `[sessions]`: lifetimes of sign-ins and interactions.

use std::time::Duration;

use super::error::require;
use super::section::section;
use super::value::{days, minutes};

section! {
    /// Lifetimes of sign-ins in a browser, and of an authorization request that waits for the person.
    Sessions = "sessions" {
        /// Root and sub-account: sign-in that is not used.
        idle: Duration = r#""3h""#,
        /// Root and sub-account: whole life of a sign-in.
        absolute: Duration = r#""24h""#,
        /// Root and sub-account: whole life after "stay signed in".
        stay_signed_in: Duration = r#""30d""#,
        /// IAM user: whole life of a sign-in.
        iam_user: Duration = r#""6h""#,
        /// IAM user: the longest life that an owner may allow.
        iam_user_long_lived: Duration = r#""90d""#,
        /// A waiting authorization request (interaction).
        interaction: Duration = r#""30m""#,
        /// Age at which the browser's cookie is replaced without a sign-in.
        rotate_cookie: Duration = r#""12h""#,
    }
    check(sessions) {
        let minute = minutes(1);
        require("sessions.idle", sessions.idle >= minute, "must be at least 1m")?;
        require("sessions.absolute", sessions.absolute >= sessions.idle, "must not be shorter than idle")?;
        require(
            "sessions.stay_signed_in",
            (sessions.absolute..=days(366)).contains(&sessions.stay_signed_in),
            "must not be shorter than absolute, nor longer than 366d",
        )?;
        require("sessions.iam_user", sessions.iam_user >= minute, "must be at least 1m")?;
        require(
            "sessions.iam_user_long_lived",
            (sessions.iam_user..=days(90)).contains(&sessions.iam_user_long_lived),
            "must not be shorter than iam_user, nor longer than 90d",
        )?;
        require(
            "sessions.interaction",
            (minute..=minutes(1440)).contains(&sessions.interaction),
            "must be 1m to 24h",
        )?;
        require("sessions.rotate_cookie", sessions.rotate_cookie >= minute, "must be at least 1m")
    }
}
