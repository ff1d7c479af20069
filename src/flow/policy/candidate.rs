//! Which account a request is about, before anything is asked of that account:
//! the chooser's rules (design page on the chooser, sections 3 to 5).
//!
//! Pure, like everything of the policy; `next_step` alone calls it for a
//! decision, the chooser's page for what it offers.

use super::{AccountAffinity, Ask, Asked, Confirm, Situation};
use crate::base::Timestamp;
use crate::base::id::{PrincipalId, SignInId};
use crate::domain::{SignIn, SignInState, Standing};
use crate::protocol::{ErrorCode, Prompt};

/// Which account a request is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Candidate {
    One(SignInId),
    Ask(Ask),
    Refuse(ErrorCode),
}

/// The accounts that the person may pick in this interaction, whatever page
/// they are on: those that the chooser shows, or would show if it was asked for.
#[must_use]
pub fn offered(asked: &Asked, situation: &Situation, now: Timestamp) -> Vec<SignInId> {
    let accounts = Accounts::of(asked, situation, now);
    let nobody = Situation { chosen: None, proved: None, ..situation.clone() };
    match candidate(asked, &nobody, now) {
        Candidate::Ask(Ask::Choose(ids)) => ids,
        Candidate::Ask(_) | Candidate::One(_) | Candidate::Refuse(_) => accounts.listed(&accounts.open),
    }
}

/// Those whom the request names, when nobody else in the browser can change
/// what is decided without a page: then they alone need to be looked up, however
/// many people are signed in. `None` when the whole browser counts.
#[must_use]
pub fn named_alone(asked: &Asked) -> Option<&[PrincipalId]> {
    let asks = [Prompt::Login, Prompt::SelectAccount, Prompt::Create];
    if asks.into_iter().any(|prompt| asked.prompts.contains(prompt)) {
        return None;
    }
    match (&asked.demands.subject, &asked.hinted) {
        (Some(subject), _) => Some(std::slice::from_ref(subject)),
        (None, hinted) => hinted.as_deref(),
    }
}

pub(super) fn candidate(asked: &Asked, situation: &Situation, now: Timestamp) -> Candidate {
    let accounts = Accounts::of(asked, situation, now);
    if let Some(chosen) = situation.chosen {
        return accounts.chosen(chosen);
    }
    if asked.prompts.contains(Prompt::Create) {
        return Candidate::Ask(Ask::SignUp);
    }
    if asked.prompts.contains(Prompt::None) {
        return accounts.silently();
    }
    if asked.prompts.contains(Prompt::SelectAccount) {
        return Candidate::Ask(accounts.choose(&accounts.open));
    }
    if asked.is_anew() { accounts.anew() } else { accounts.usually() }
}

/// The accounts of a browser, as one request sees them.
struct Accounts<'a> {
    asked: &'a Asked,
    situation: &'a Situation,
    /// Could be returned: signed in or locked, in good standing, and allowed.
    open: Vec<&'a SignIn>,
    /// Allowed, but known by name alone, or stopped: each asks for a proof.
    remembered: Vec<&'a SignIn>,
}

impl<'a> Accounts<'a> {
    fn of(asked: &'a Asked, situation: &'a Situation, now: Timestamp) -> Self {
        let allowed = situation.sign_ins.iter().filter(|sign_in| asked.demands.allow(sign_in));
        let (open, remembered) = allowed.partition(|sign_in| {
            sign_in.state(now) != SignInState::SignedOut && sign_in.principal.standing() == Standing::Good
        });
        Self { asked, situation, open, remembered }
    }

    /// The account chosen here stands, unless another one was demanded: then
    /// the person is told, and the client never gets the wrong one. When it is
    /// gone from the browser meanwhile, the person chooses again.
    fn chosen(&self, chosen: SignInId) -> Candidate {
        if self.open.iter().any(|sign_in| sign_in.id == chosen) {
            return Candidate::One(chosen);
        }
        if self.remembered.iter().any(|sign_in| sign_in.id == chosen) {
            return Candidate::Ask(Ask::Login(Some(chosen)));
        }
        let here = self.situation.sign_ins.iter().any(|sign_in| sign_in.id == chosen);
        if here && self.situation.proved == Some(chosen) {
            return Candidate::Ask(Ask::Mismatch(chosen));
        }
        Candidate::Ask(self.choose(&self.open))
    }

    /// `prompt=none`: nobody is asked, so nobody is guessed.
    fn silently(&self) -> Candidate {
        let hinted = self.asked.hinted.is_some() || self.asked.demands.name_one();
        match self.fitting().as_slice() {
            [] => Candidate::Refuse(ErrorCode::LoginRequired),
            [one] if hinted || !self.is_swap(one) => Candidate::One(one.id),
            [_] => Candidate::Refuse(ErrorCode::AccountSelectionRequired),
            several => match self.last_used(several) {
                Some(last) if !hinted && self.asked.affinity == AccountAffinity::LastUsed => Candidate::One(last.id),
                Some(_) | None => Candidate::Refuse(ErrorCode::AccountSelectionRequired),
            },
        }
    }

    /// `prompt=login`, `max_age=0`: a new proof of the one account that is meant,
    /// else the login page names its account.
    fn anew(&self) -> Candidate {
        let meant = match self.fitting().as_slice() {
            [one] => Some(one.id),
            [] => self.remembered_one(),
            [_, _, ..] => None,
        };
        Candidate::Ask(Ask::Login(meant))
    }

    fn usually(&self) -> Candidate {
        let fitting = self.fitting();
        if self.asked.demands.name_one() || self.asked.hinted.is_some() {
            return match fitting.as_slice() {
                // Never fall back to an account that nobody named.
                [] => Candidate::Ask(Ask::Login(self.remembered_one())),
                [one] => Candidate::One(one.id),
                several => Candidate::Ask(Ask::Choose(ids(&self.in_order(several)))),
            };
        }
        match fitting.as_slice() {
            [one] if !self.is_swap(one) && self.asked.confirm == Confirm::OnChange => Candidate::One(one.id),
            several => Candidate::Ask(self.choose(several)),
        }
    }

    /// The open accounts that the hint fits, all of them without one.
    fn fitting(&self) -> Vec<&'a SignIn> {
        self.open.iter().copied().filter(|sign_in| self.is_hinted(sign_in)).collect()
    }

    /// The one remembered account that was named, if anybody was.
    fn remembered_one(&self) -> Option<SignInId> {
        let named = self.asked.demands.name_one() || self.asked.hinted.is_some();
        let mut fitting = self.remembered.iter().filter(|sign_in| self.is_hinted(sign_in));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) if named => Some(one.id),
            (Some(_) | None, _) => None,
        }
    }

    /// The chooser over these accounts and all that are remembered; a login
    /// page instead of an empty one.
    fn choose(&self, open: &[&'a SignIn]) -> Ask {
        let listed = self.listed(open);
        if listed.is_empty() { Ask::Login(None) } else { Ask::Choose(listed) }
    }

    fn listed(&self, open: &[&'a SignIn]) -> Vec<SignInId> {
        let mut listed = ids(&self.in_order(open));
        listed.extend(ids(&self.in_order(&self.remembered)));
        listed
    }

    /// Those whom the hint fits first, then the one that the client got last.
    fn in_order(&self, sign_ins: &[&'a SignIn]) -> Vec<&'a SignIn> {
        let mut sorted = sign_ins.to_vec();
        let hinted = |one: &SignIn| self.asked.hinted.is_some() && self.is_hinted(one);
        sorted.sort_by_key(|one| (!hinted(one), self.situation.affinity.as_ref() != Some(&one.principal.id)));
        sorted
    }

    fn last_used(&self, among: &[&'a SignIn]) -> Option<&'a SignIn> {
        among.iter().copied().find(|one| self.situation.affinity.as_ref() == Some(&one.principal.id))
    }

    fn is_hinted(&self, sign_in: &SignIn) -> bool {
        self.asked.hinted.as_ref().is_none_or(|hinted| hinted.contains(&sign_in.principal.id))
    }

    /// The client got another account last time, and nobody said that it
    /// changes: returning this one silently would swap the identity under the person.
    fn is_swap(&self, sole: &SignIn) -> bool {
        self.situation.affinity.as_ref().is_some_and(|last| *last != sole.principal.id)
    }
}

fn ids(sign_ins: &[&SignIn]) -> Vec<SignInId> {
    sign_ins.iter().map(|sign_in| sign_in.id).collect()
}
