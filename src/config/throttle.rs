//! `[throttle]`: limits in time and volume.

use super::section::section;

section! {
    /// Limits on guessing and on volume.
    Throttle = "throttle" {
        /// False lifts every limit in time and volume (per principal, number, address, client; resend waits).
        /// Tries per code and single use stay.
        enabled: bool = "true",
    }
    check(_throttle) {
        Ok(())
    }
}
