//! `[throttle]`: limits in time and volume.

use super::error::require;
use super::section::section;

section! {
    /// Limits on guessing and on volume.
    Throttle = "throttle" {
        /// False lifts every limit in time and volume (per principal, number, address, browser, client; resend waits).
        /// Tries per code and single use stay.
        enabled: bool = "true",
        /// One-time codes that one browser may ask for in an hour, beside the limits of each number and address. A
        /// browser in which the number's owner signed in before does not meet it. So many numbers, too, may an app ask
        /// for in one tap.
        codes_per_browser: u32 = "10",
        /// One-time codes by text message that may be asked for in an hour over all, so that nobody runs up the bill.
        /// A browser in which the number's owner signed in before still gets its code when they are used up. Numbers
        /// that are asked for in one tap are counted beside them, to the same figure.
        sms_per_hour: u32 = "10000",
    }
    check(throttle) {
        require("throttle.codes_per_browser", throttle.codes_per_browser > 0, "must be at least 1")?;
        require("throttle.sms_per_hour", throttle.sms_per_hour > 0, "must be at least 1")
    }
}
