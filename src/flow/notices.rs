//! What people are told of by letter: a sign-in from a browser that they never
//! used, a new password, a copied cookie.

use super::interaction::Interaction;
use super::{Flow, Visit};
use crate::authn::Proof;
use crate::base::id::BrowserId;
use crate::domain::{Principal, SignInState};
use crate::identity::Scene;
use crate::notify::Occasion;
use crate::store::{StoreResult, Tx, sign_ins};

impl Flow {
    /// Tells a principal's people of what happened in this visit.
    pub(super) fn tell(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        principal: &Principal,
        occasion: &Occasion,
    ) -> StoreResult<()> {
        self.notices.tell(tx, principal, occasion, &Self::scene(visit))
    }

    /// Where and when, for the people who are told.
    pub(super) fn scene(visit: &Visit) -> Scene {
        Scene {
            at: visit.now,
            address: visit.address.to_string(),
            user_agent: visit.user_agent.clone(),
            language: visit.language(&[]),
        }
    }

    /// A sign-in from a browser in which this principal never signed in, when it
    /// did in another. The very first sign-in is news to nobody.
    pub(super) fn tell_of_new_browser(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        proof: &Proof,
    ) -> StoreResult<()> {
        let principal = proof.principal();
        let browsers = sign_ins::browsers_of(tx, &principal.id)?;
        if browsers.is_empty() || browsers.contains(&interaction.browser.id) {
            return Ok(());
        }
        let method = proof.method().to_owned();
        self.tell(tx, visit, principal, &Occasion::NewBrowser { method })
    }

    /// Somebody showed a cookie that was replaced: whoever is signed in in that
    /// browser is told, before it ends.
    pub(super) fn tell_of_theft(&self, tx: &mut Tx<'_>, visit: &Visit, browser: BrowserId) -> StoreResult<()> {
        for sign_in in sign_ins::of_browser(tx, browser)? {
            if sign_in.stored_state != SignInState::SignedOut {
                self.tell(tx, visit, &sign_in.principal, &Occasion::TheftSignal)?;
            }
        }
        Ok(())
    }
}
