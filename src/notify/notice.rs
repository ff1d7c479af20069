//! Word of something that happened to an account: what, when, from where. A
//! notice asks for nothing and links to nothing, so that nobody learns to click
//! on letters about their account.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// What happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "occasion", rename_all = "snake_case")]
pub enum Occasion {
    /// A sign-in from a browser that was never seen for this account.
    NewBrowser {
        /// The login method.
        method: String,
    },
    /// The password was changed by somebody who knew the old one.
    PasswordChanged,
    /// The password was replaced by a code to a contact.
    PasswordReset,
    /// An upstream identity was attached.
    BindingAdded {
        /// Which connector's.
        connector: String,
    },
    /// An upstream identity was taken away.
    BindingRemoved {
        /// Which connector's.
        connector: String,
    },
    /// An upstream identity was to be attached, and was not: there is another.
    BindingRefused {
        /// Which connector's.
        connector: String,
    },
    /// A copy of a browser's cookie was used: everybody in it was signed out.
    TheftSignal,
}

/// One notice.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Notice {
    /// What happened.
    pub occasion: Occasion,
    /// To whom: display name, or `alice@acme`.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub address: String,
    /// By which browser, in a few words of ours: what somebody sends as their
    /// `User-Agent` never reaches a letter.
    pub device: String,
}
