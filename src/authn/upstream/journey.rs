//! Away and back: what a method is told when a person leaves for a vendor, and
//! what it is told when they return.

use crate::base::Secret;
use crate::domain::Language;
use crate::protocol::RawParams;

/// Which of a method's doors a person goes through. A vendor may have an app of
/// its own for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// A browser.
    Browser,
    /// The browser inside WeChat.
    InsideWeChat,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Browser, Self::InsideWeChat];

    /// The place of a browser that calls itself so.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        if user_agent.contains("MicroMessenger") { Self::InsideWeChat } else { Self::Browser }
    }

    /// Its name in a state.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::InsideWeChat => "wechat",
        }
    }
}

/// What a vendor is to ask of somebody who is signed in there, where it can be told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Wanted {
    /// Nothing: they come back at once.
    #[default]
    Anybody,
    /// Which account they want here.
    Chosen,
    /// A new proof.
    Proved,
}

/// What a method is told when a person leaves.
pub struct Departure<'a> {
    /// The door.
    pub place: Place,
    /// Where the vendor sends them back.
    pub redirect_uri: &'a str,
    /// What must come back with them.
    pub state: &'a str,
    /// What an ID token must repeat.
    pub nonce: &'a str,
    /// What the exchange will show, hashed in the departure (PKCE).
    pub verifier: &'a Secret<String>,
    /// The language of the page that they leave.
    pub language: Language,
    /// What they are to be asked there.
    pub wanted: Wanted,
}

/// Where a person goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The vendor's page.
    pub link: String,
    /// The same page for a frame of ours, if the vendor has one.
    pub panel: Option<Panel>,
}

/// A vendor's page inside of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Panel {
    /// Its address.
    pub src: String,
    /// The one origin that the frame may show.
    pub origin: String,
}

/// What a method is told when a person returns.
pub struct Arrival<'a> {
    /// The door that they left by.
    pub place: Place,
    /// Where they were sent back, for vendors that compare it.
    pub redirect_uri: &'a str,
    /// What they brought, without repeats.
    pub params: &'a RawParams,
    /// What an ID token must repeat.
    pub nonce: &'a str,
    /// What the exchange must show.
    pub verifier: &'a Secret<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_inside_wechat_says_so() {
        let inside = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.38 NetType/WIFI";
        assert_eq!(Place::of(inside), Place::InsideWeChat);
        assert_eq!(Place::of("Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0"), Place::Browser);
    }
}
