//! Whether an account must prove itself (again) before it is used: one rule, which
//! the words on a row and the decision both follow.
//!
//! Pure, like everything of the policy.

use std::collections::BTreeMap;

use super::{Asked, Situation};
use crate::base::Timestamp;
use crate::base::id::{AccountId, SignInId};
use crate::domain::{OwnerPolicy, PrincipalKind, SignIn, SignInState, Standing};
use crate::protocol::LoginMethods;

/// How an account comes to be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// The person picks it from a list.
    Picked,
    /// It is the one that is meant, and nobody is asked.
    Unasked,
}

/// Where a request comes from, as far as it can be told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Whence {
    /// Kind of browser and system, as `/me/sessions` names them.
    pub browser: Option<String>,
    /// The country's two letters.
    pub country: Option<String>,
}

impl Whence {
    /// Whether that is another kind of browser, or another country. A country that
    /// is not known is no other one.
    #[must_use]
    pub fn is_elsewhere(&self, proved: &Self) -> bool {
        let moved = match (&self.country, &proved.country) {
            (Some(here), Some(there)) => here != there,
            (None, _) | (_, None) => false,
        };
        moved || self.browser != proved.browser
    }
}

/// What the owners of some sign-ins ask of their people.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// Their policies. An owner that is not here was not looked up, and nobody of
    /// theirs is used without a proof.
    pub policies: BTreeMap<AccountId, OwnerPolicy>,
    /// Whence the last proofs came, where an owner minds.
    pub proved: BTreeMap<SignInId, Whence>,
    /// Whence this request comes.
    pub here: Whence,
}

impl Owners {
    /// What the owner of a sign-in asks, if that was looked up.
    #[must_use]
    pub fn of(&self, sign_in: &SignIn) -> Option<&OwnerPolicy> {
        self.policies.get(&sign_in.principal.account.owner_id)
    }

    /// Whether the owner wants a new proof of a sign-in that is alive.
    fn ask(&self, (sign_in, way): (&SignIn, Way), now: Timestamp) -> bool {
        let Some(owner) = self.of(sign_in) else { return true };
        let unused = now.since(sign_in.last_seen_at);
        let elsewhere = || self.proved.get(&sign_in.id).is_none_or(|proved| self.here.is_elsewhere(proved));
        !LoginMethods::of(&owner.login_methods).allow(&sign_in.method)
            || owner.reauth.idle().is_some_and(|limit| unused >= limit)
            || (owner.reauth.root && way == Way::Picked && sign_in.principal.kind == PrincipalKind::Root)
            || (owner.reauth.on_change && elsewhere())
    }
}

/// What an account is good for in this request: active when it is used as it
/// stands, anything else when its login page comes first.
///
/// A row of a list says this of being picked, and [`next_step`](super::next_step)
/// does it; so the owner of the account must have been looked up.
#[must_use]
pub fn state_for(asked: &Asked, situation: &Situation, (sign_in, way): (&SignIn, Way), now: Timestamp) -> SignInState {
    let proved = match sign_in.state(now) {
        SignInState::SignedOut => return SignInState::SignedOut,
        SignInState::Locked => situation.proved == Some(sign_in.id),
        SignInState::Active => situation.proved == Some(sign_in.id) || !is_due(asked, situation, (sign_in, way), now),
    };
    // Whoever was stopped is told why after a proof, and to nobody else.
    let good = sign_in.principal.standing() == Standing::Good;
    if proved && good { SignInState::Active } else { SignInState::Locked }
}

/// Whether a new proof is due of a sign-in that is alive: the client wants one, or
/// the last one is too old for it or by a method that it does not take, or the
/// owner asks for one.
fn is_due(asked: &Asked, situation: &Situation, (sign_in, way): (&SignIn, Way), now: Timestamp) -> bool {
    asked.is_anew()
        || asked.max_age.is_some_and(|max_age| !sign_in.is_fresh(max_age, now))
        || !situation.methods.allow(&sign_in.method)
        || situation.owners.ask((sign_in, way), now)
}
