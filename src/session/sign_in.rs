//! Signing in: the only door, and it opens to a proof alone.

use super::browsers::{Browser, Browsers};
use super::ending::end;
use super::lifetimes::{held, lifetimes};
use crate::authn::Proof;
use crate::base::id::SignInId;
use crate::base::{Secret, Timestamp};
use crate::domain::browser::{LifetimePolicy, Stay};
use crate::domain::{SignIn, SignInState};
use crate::store::sign_ins::{self, NewSignIn};
use crate::store::{StoreResult, Tx};

/// Where a proof arrived: the browser, and what it said of itself.
pub struct Arrival<'a> {
    /// The browser that the person sits at.
    pub browser: &'a Browser,
    /// Its address.
    pub address: &'a str,
    /// What it calls itself.
    pub user_agent: &'a str,
    /// Whether the person asked to stay signed in.
    pub stay: Stay,
    /// Chance for the new cookie, drawn before the transaction.
    pub random: &'a [u8; 32],
}

/// A finished sign-in.
pub struct SignedIn {
    /// Its row.
    pub id: SignInId,
    /// The browser's new cookie, when its secret was replaced.
    pub cookie: Option<Secret<String>>,
}

/// Signs in whom the proof names. The row that the principal has in this
/// browser is used again; when it was not live any more, what it had given out
/// ends first, so that nothing old comes back to life with it.
pub fn sign_in(
    tx: &mut Tx<'_>,
    browsers: &Browsers,
    policy: &LifetimePolicy,
    proof: &Proof,
    arrival: &Arrival<'_>,
) -> StoreResult<SignedIn> {
    let principal = proof.principal();
    let at = proof.at();
    let before = sign_ins::of_browser(tx, arrival.browser.id)?;
    let before = held(tx, policy, before)?;
    if let Some(stale) = before.iter().find(|row| row.principal.id == principal.id && !is_live(row, at)) {
        end(tx, stale.id, &principal.id)?;
    }
    let lifetimes = lifetimes(tx, policy, principal, arrival.stay)?;
    let id = sign_ins::put(
        tx,
        &NewSignIn {
            browser: arrival.browser.id,
            principal: &principal.id,
            method: proof.method(),
            assurance: proof.assurance(),
            auth_time: at,
            idle_expires_at: at + lifetimes.idle,
            absolute_expires_at: at + lifetimes.absolute,
            remember: arrival.stay == Stay::Extended,
            address: arrival.address,
            user_agent: arrival.user_agent,
        },
    )?;
    let cookie = browsers.rotate(tx, arrival.browser, arrival.random, at)?;
    Ok(SignedIn { id, cookie })
}

fn is_live(sign_in: &SignIn, now: Timestamp) -> bool {
    sign_in.state(now) == SignInState::Active
}
