//! `[signup]`: whether people may make accounts by themselves.

use super::section::section;

section! {
    /// Registration by oneself, with a phone number (`/signup`). It needs a gateway for text messages (`[sms]`).
    Signup = "signup" {
        /// False switches off every way by which somebody could make an account of their own.
        enabled: bool = "true",
    }
    check(_signup) {
        Ok(())
    }
}
