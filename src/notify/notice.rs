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
    /// By which browser, in a few words ([`device`]).
    pub device: String,
}

/// Systems by what a browser's name for itself contains; the first that fits.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];
/// Browsers likewise; those that call themselves by others' names too come first.
const BROWSERS: &[(&str, &str)] = &[
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
];

/// Browser and system in a few words of ours: what somebody sends as their
/// `User-Agent` never reaches a letter.
#[must_use]
pub fn device(user_agent: &str) -> String {
    let named = |known: &[(&str, &'static str)]| {
        known.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    match (named(BROWSERS), named(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_in_words_of_ours() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(device(edge), "Edge · Windows");
        let wechat = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Mobile MicroMessenger/8.0";
        assert_eq!(device(wechat), "WeChat · iOS");
        assert_eq!(device("<b>click https://evil.test</b>"), "-");
    }
}
