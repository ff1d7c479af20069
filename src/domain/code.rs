//! One-time codes: what they are good for.

use super::names::named_enum;

named_enum! {
    /// What a one-time code is good for; it is good for nothing else.
    CodePurpose {
        /// Signing in.
        Login = "login",
        /// Attaching an upstream identity to an account.
        Bind = "bind",
        /// Making an account.
        SignUp = "sign_up",
        /// A new password.
        Reset = "reset",
    }
}
