//! One try to sign in: when, from where, for which request.

use std::net::IpAddr;

use super::authenticator::Step;
use crate::base::id::{BrowserId, ClientId, InteractionId, PrincipalId};
use crate::base::{Entropy, Timestamp};
use crate::domain::Language;
use crate::domain::audit::Origin;

/// What surrounds a posted form. Built once per request by `flow`.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The request's one reading of the clock.
    pub now: Timestamp,
    /// Address of the person, behind trusted proxies already resolved.
    pub address: IpAddr,
    /// The request's number.
    pub request_id: &'a str,
    /// The interaction that the page belongs to.
    pub interaction: InteractionId,
    /// The client that asks for the sign-in, when one does.
    pub client: Option<&'a ClientId>,
    /// What is known of the browser.
    pub browser: &'a KnownBrowser,
    /// What this method asked last in this interaction.
    pub asked: Option<&'a Step>,
    /// The language of the page, for what is sent.
    pub language: Language,
    /// Where salts and handles come from.
    pub entropy: &'a dyn Entropy,
}

impl Attempt<'_> {
    /// Who asks, as the audit trail writes it down.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { actor: "person".to_owned(), address: self.address.to_string(), request_id: self.request_id.to_owned() }
    }
}

/// What authentication may know of the browser: which one it is, and for whom it
/// signed in before. One that is known for somebody has a guessing budget of its
/// own, which no stranger can use up.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KnownBrowser {
    browser: Option<BrowserId>,
    principals: Vec<PrincipalId>,
}

impl KnownBrowser {
    /// A browser that was never seen.
    #[must_use]
    pub const fn stranger() -> Self {
        Self { browser: None, principals: Vec::new() }
    }

    /// A browser in which `principals` signed in before, whatever became of
    /// those sign-ins. With nobody it is a stranger that can be counted.
    #[must_use]
    pub const fn seen(browser: BrowserId, principals: Vec<PrincipalId>) -> Self {
        Self { browser: Some(browser), principals }
    }

    /// Which browser it is, if it has a cookie of ours.
    #[must_use]
    pub const fn id(&self) -> Option<BrowserId> {
        self.browser
    }

    /// Whether anybody signed in in it before.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        self.browser.is_some() && !self.principals.is_empty()
    }

    /// The browser, if `principal` signed in in it before.
    #[must_use]
    pub fn known_for(&self, principal: &PrincipalId) -> Option<BrowserId> {
        self.browser.filter(|_| self.principals.contains(principal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_only_for_those_who_signed_in_in_it() {
        let (alice, bob) = (PrincipalId::from_text("p_alice"), PrincipalId::from_text("p_bob"));
        let browser = KnownBrowser::seen(BrowserId::new(7), vec![alice.clone()]);
        assert_eq!(browser.known_for(&alice), Some(BrowserId::new(7)));
        assert_eq!(browser.known_for(&bob), None);
        assert_eq!(KnownBrowser::stranger().known_for(&alice), None);
        let nobodys = KnownBrowser::seen(BrowserId::new(7), Vec::new());
        assert!(browser.is_seen() && !nobodys.is_seen() && nobodys.id() == browser.id());
    }
}
