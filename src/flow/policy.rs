//! What comes next: the one place that decides it, and it is pure.
//!
//! Called with what the client asked and what the browser has; answers with a
//! code to give out, a page to show, or an error to return. Every step of an
//! interaction comes back here, so no step decides for another. Under
//! `prompt=none` the first unmet step becomes its error code. The rules of the
//! account choice follow the design page on the chooser, sections 3 to 5.

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::id::{PrincipalId, SignInId};
use crate::domain::{SignIn, SignInState, Standing};
use crate::protocol::{ErrorCode, Prompt, Prompts, Scope};

/// The steps between a request and its code, in their order. Those that
/// nothing can ask for yet stand here and are never asked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// Which of several accounts.
    Choose,
    /// Nobody is signed in, or not freshly enough.
    Login,
    /// The password must be replaced first.
    ChangePassword,
    /// A second factor is enrolled.
    SecondFactor,
    /// New terms.
    Agreements,
    /// A higher `acr` was asked for.
    StepUp,
    /// The person has not let this client in.
    Consent,
}

/// What the client asked, as far as it decides the next step.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `prompt`.
    pub prompts: Prompts,
    /// `max_age`.
    pub max_age: Option<Duration>,
    /// The subject that must be returned, by `id_token_hint` or by the
    /// `claims` parameter: a hard filter, never relaxed (OIDC Core §3.1.2.2).
    pub subject: Option<PrincipalId>,
    /// Whom `login_hint` fits, when one was given: a soft filter.
    pub hinted: Option<Vec<PrincipalId>>,
    /// An essential `acr` that nobody here can reach.
    pub unreachable_acr: bool,
    /// The scope that needs the person's consent; none for clients whose
    /// consent is implied.
    pub consent_for: Option<Scope>,
}

/// What the browser and the store have.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// The sign-ins that this browser may see.
    pub sign_ins: Vec<SignIn>,
    /// The account chosen in this interaction.
    pub chosen: Option<SignInId>,
    /// The sign-in proved inside this interaction.
    pub proved: Option<SignInId>,
    /// Whom this client got last in this browser.
    pub affinity: Option<PrincipalId>,
    /// What the candidate has consented to, here or earlier.
    pub consented: Option<Scope>,
    /// Whether consent was given inside this interaction.
    pub consented_here: bool,
    /// Whether the candidate has yet to accept the present terms.
    pub agreements_due: bool,
}

/// What to do now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NextStep {
    /// Give out a code for this sign-in.
    Issue(SignInId),
    /// Show a page.
    Ask(Ask),
    /// Return this error to the client.
    Refuse(ErrorCode),
}

/// The page to show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ask {
    /// The chooser, over the accounts that the request leaves open.
    Choose(Vec<SignInId>),
    /// A login page; of this account when one is meant.
    Login(Option<SignInId>),
    /// The forced change of this account's password.
    ChangePassword(SignInId),
    /// The new terms, for this account.
    Agreements(SignInId),
    /// The consent page, for this account.
    Consent(SignInId),
}

impl Ask {
    /// The step that this page belongs to.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::Choose(_) => Step::Choose,
            Self::Login(_) => Step::Login,
            Self::ChangePassword(_) => Step::ChangePassword,
            Self::Agreements(_) => Step::Agreements,
            Self::Consent(_) => Step::Consent,
        }
    }

    /// The account that the page is about, where it is about one.
    #[must_use]
    pub const fn sign_in(&self) -> Option<SignInId> {
        match self {
            Self::Choose(_) => None,
            Self::Login(account) => *account,
            Self::ChangePassword(account) | Self::Agreements(account) | Self::Consent(account) => Some(*account),
        }
    }

    /// What `prompt=none` makes of it (OIDC Core §3.1.2.6).
    #[must_use]
    pub const fn silent_error(&self) -> ErrorCode {
        match self {
            Self::Choose(_) => ErrorCode::AccountSelectionRequired,
            Self::Login(_) => ErrorCode::LoginRequired,
            Self::ChangePassword(_) | Self::Agreements(_) => ErrorCode::InteractionRequired,
            Self::Consent(_) => ErrorCode::ConsentRequired,
        }
    }
}

/// Which account a request is about.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Candidate {
    One(SignInId),
    Ask(Ask),
    Refuse(ErrorCode),
}

/// Decides the next step of an authorization request.
#[must_use]
pub fn next_step(asked: &Asked, situation: &Situation, now: Timestamp) -> NextStep {
    let step = decide(asked, situation, now);
    match step {
        NextStep::Ask(ask) if asked.prompts.contains(Prompt::None) => NextStep::Refuse(ask.silent_error()),
        NextStep::Ask(_) | NextStep::Issue(_) | NextStep::Refuse(_) => step,
    }
}

/// The one account that the request is about, if it is settled: whose consent
/// and terms must be looked up before [`next_step`] is asked.
#[must_use]
pub fn settled_account<'a>(asked: &Asked, situation: &'a Situation, now: Timestamp) -> Option<&'a SignIn> {
    match candidate(asked, situation, now) {
        Candidate::One(id) => find(situation, id),
        Candidate::Ask(_) | Candidate::Refuse(_) => None,
    }
}

fn decide(asked: &Asked, situation: &Situation, now: Timestamp) -> NextStep {
    if asked.unreachable_acr {
        return NextStep::Refuse(ErrorCode::UnmetAuthenticationRequirements);
    }
    let id = match candidate(asked, situation, now) {
        Candidate::One(id) => id,
        Candidate::Ask(ask) => return NextStep::Ask(ask),
        Candidate::Refuse(code) => return NextStep::Refuse(code),
    };
    let Some(sign_in) = find(situation, id) else {
        return NextStep::Ask(Ask::Login(None));
    };
    if needs_proof(asked, situation, sign_in, now) {
        return NextStep::Ask(Ask::Login(Some(id)));
    }
    if sign_in.principal.must_change_password {
        return NextStep::Ask(Ask::ChangePassword(id));
    }
    if situation.agreements_due {
        return NextStep::Ask(Ask::Agreements(id));
    }
    if consent_missing(asked, situation) {
        return NextStep::Ask(Ask::Consent(id));
    }
    NextStep::Issue(id)
}

/// Whether the account must prove itself (again): it is locked, the client
/// wants a new proof, or the last one is too old.
fn needs_proof(asked: &Asked, situation: &Situation, sign_in: &SignIn, now: Timestamp) -> bool {
    if situation.proved == Some(sign_in.id) {
        return false;
    }
    let anew = asked.prompts.contains(Prompt::Login) || asked.max_age == Some(Duration::ZERO);
    let stale = asked.max_age.is_some_and(|max_age| !sign_in.is_fresh(max_age, now));
    anew || stale || sign_in.state(now) != SignInState::Active
}

fn consent_missing(asked: &Asked, situation: &Situation) -> bool {
    if situation.consented_here {
        return false;
    }
    let forced = asked.prompts.contains(Prompt::Consent);
    match &asked.consent_for {
        None => false,
        Some(scope) => forced || !situation.consented.as_ref().is_some_and(|given| scope.is_subset_of(given)),
    }
}

fn candidate(asked: &Asked, situation: &Situation, now: Timestamp) -> Candidate {
    let open = open_accounts(situation, now);
    if let Some(chosen) = situation.chosen {
        return chosen_candidate(asked, situation, &open, chosen);
    }
    if let Some(subject) = &asked.subject {
        return match open.iter().find(|sign_in| sign_in.principal.id == *subject) {
            Some(sign_in) => Candidate::One(sign_in.id),
            None => Candidate::Ask(Ask::Login(None)),
        };
    }
    if let Some(hinted) = &asked.hinted {
        let fitting: Vec<_> = open.iter().filter(|sign_in| hinted.contains(&sign_in.principal.id)).collect();
        return match fitting.as_slice() {
            // Never fall back to an account that the hint does not name.
            [] => Candidate::Ask(Ask::Login(None)),
            [one] => Candidate::One(one.id),
            several => Candidate::Ask(Ask::Choose(several.iter().map(|sign_in| sign_in.id).collect())),
        };
    }
    match open.as_slice() {
        [] => Candidate::Ask(Ask::Login(None)),
        [one] if is_silent_swap(situation, one) => Candidate::Ask(Ask::Choose(vec![one.id])),
        [one] => Candidate::One(one.id),
        // A new proof is wanted in any case: the login page names its account.
        _ if asked.prompts.contains(Prompt::Login) => Candidate::Ask(Ask::Login(None)),
        several => Candidate::Ask(Ask::Choose(several.iter().map(|sign_in| sign_in.id).collect())),
    }
}

/// The account chosen here stands, unless another one was demanded: then the
/// person is asked again, and the client never gets the wrong one.
fn chosen_candidate(asked: &Asked, situation: &Situation, open: &[&SignIn], chosen: SignInId) -> Candidate {
    let Some(sign_in) = open.iter().find(|sign_in| sign_in.id == chosen) else {
        return Candidate::Ask(Ask::Login(None));
    };
    match &asked.subject {
        Some(subject) if sign_in.principal.id != *subject => {
            let proved = situation.proved == Some(chosen);
            if proved { Candidate::Refuse(ErrorCode::LoginRequired) } else { Candidate::Ask(Ask::Login(None)) }
        }
        Some(_) | None => Candidate::One(chosen),
    }
}

/// The accounts that could be returned: signed in or locked, and allowed in.
fn open_accounts(situation: &Situation, now: Timestamp) -> Vec<&SignIn> {
    let open = |sign_in: &&SignIn| {
        sign_in.state(now) != SignInState::SignedOut && sign_in.principal.standing() == Standing::Good
    };
    situation.sign_ins.iter().filter(open).collect()
}

/// The client got another account last time, and nobody said that it changes:
/// returning this one silently would swap the identity under the person.
fn is_silent_swap(situation: &Situation, sole: &SignIn) -> bool {
    situation.affinity.as_ref().is_some_and(|last| *last != sole.principal.id)
}

fn find(situation: &Situation, id: SignInId) -> Option<&SignIn> {
    situation.sign_ins.iter().find(|sign_in| sign_in.id == id)
}

#[cfg(test)]
mod tests;
