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
use crate::domain::{SignIn, SignInState};
use crate::protocol::client_metadata::AccountAffinity;
use crate::protocol::{ErrorCode, LoginMethods, Prompt, Prompts, Scope};
use candidate::{Candidate, candidate};
pub use candidate::{named_alone, offered};
pub use demands::{Demands, NamedSession};
pub use proof::{Owners, Way, Whence, state_for};

mod candidate;
mod demands;
mod proof;

/// The steps between a request and its code, in their order. Those that
/// nothing can ask for yet stand here and are never asked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// A new account was asked for.
    SignUp,
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
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `prompt`.
    pub prompts: Prompts,
    /// `max_age`.
    pub max_age: Option<Duration>,
    /// What an account must be to be returned: hard filters, never relaxed.
    pub demands: Demands,
    /// Whom `login_hint` fits, when one was given: a soft filter.
    pub hinted: Option<Vec<PrincipalId>>,
    /// An essential `acr` that nobody here can reach.
    pub unreachable_acr: bool,
    /// The scope that needs the person's consent; none for clients whose
    /// consent is implied.
    pub consent_for: Option<Scope>,
    /// Whether a silent request may take the account that this client got last
    /// (`account_affinity`).
    pub affinity: AccountAffinity,
    /// When a single account is shown to the person first (`always_confirm_account`).
    pub confirm: Confirm,
}

impl Asked {
    /// Whether a new proof is wanted in every case: `prompt=login`, or
    /// `max_age=0`, which is the same (OIDC Core §3.1.2.1).
    #[must_use]
    pub fn is_anew(&self) -> bool {
        self.prompts.contains(Prompt::Login) || self.max_age == Some(Duration::ZERO)
    }
}

/// Whether a single account is used without a question.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Confirm {
    /// Only when it is not the one that the client got last.
    #[default]
    OnChange,
    /// Whenever nobody named it.
    Always,
}

/// What the browser and the store have.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// The sign-ins that this browser may see, last used first.
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
    /// The login methods that the client takes.
    pub methods: LoginMethods,
    /// What the owners of the accounts in question ask.
    pub owners: Owners,
}

impl Situation {
    /// The sign-in of this row, while the browser has it.
    #[must_use]
    pub fn find(&self, id: SignInId) -> Option<&SignIn> {
        self.sign_ins.iter().find(|sign_in| sign_in.id == id)
    }

    /// The login methods that the client and the owner of this account take, as far
    /// as the owner was looked up.
    #[must_use]
    pub fn methods_for(&self, sign_in: &SignIn) -> LoginMethods {
        let owner = self.owners.of(sign_in).map(|owner| owner.login_methods.as_slice());
        self.methods.clone().and(owner.unwrap_or_default())
    }
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
    /// Sign-up (`prompt=create`).
    SignUp,
    /// The chooser, over the accounts that the request leaves open and those
    /// that are remembered; the first has the focus.
    Choose(Vec<SignInId>),
    /// A login page; of this account when one is meant.
    Login(Option<SignInId>),
    /// Somebody signed in who is not whom the client demanded: said so, before
    /// the client hears of it.
    Mismatch(SignInId),
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
            Self::SignUp => Step::SignUp,
            Self::Choose(_) => Step::Choose,
            Self::Login(_) | Self::Mismatch(_) => Step::Login,
            Self::ChangePassword(_) => Step::ChangePassword,
            Self::Agreements(_) => Step::Agreements,
            Self::Consent(_) => Step::Consent,
        }
    }

    /// The account that the page is about, where it is about one.
    #[must_use]
    pub const fn sign_in(&self) -> Option<SignInId> {
        match self {
            Self::SignUp | Self::Choose(_) => None,
            Self::Login(account) => *account,
            Self::Mismatch(account)
            | Self::ChangePassword(account)
            | Self::Agreements(account)
            | Self::Consent(account) => Some(*account),
        }
    }

    /// What `prompt=none` makes of it (OIDC Core §3.1.2.6).
    #[must_use]
    pub const fn silent_error(&self) -> ErrorCode {
        match self {
            Self::Choose(_) => ErrorCode::AccountSelectionRequired,
            Self::SignUp | Self::Login(_) | Self::Mismatch(_) => ErrorCode::LoginRequired,
            Self::ChangePassword(_) | Self::Agreements(_) => ErrorCode::InteractionRequired,
            Self::Consent(_) => ErrorCode::ConsentRequired,
        }
    }
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

/// The one account that the request is about, if there is one: whose owner,
/// consent and terms must be looked up before [`next_step`] is asked.
#[must_use]
pub fn account_meant<'a>(asked: &Asked, situation: &'a Situation, now: Timestamp) -> Option<&'a SignIn> {
    match candidate(asked, situation, now) {
        Candidate::One(id) | Candidate::Ask(Ask::Login(Some(id))) => situation.find(id),
        Candidate::Ask(_) | Candidate::Refuse(_) => None,
    }
}

fn decide(asked: &Asked, situation: &Situation, now: Timestamp) -> NextStep {
    if asked.unreachable_acr {
        return NextStep::Refuse(ErrorCode::UnmetAuthenticationRequirements);
    }
    if asked.demands.session == NamedSession::Gone {
        return NextStep::Refuse(ErrorCode::LoginRequired);
    }
    let id = match candidate(asked, situation, now) {
        Candidate::One(id) => id,
        Candidate::Ask(ask) => return NextStep::Ask(ask),
        Candidate::Refuse(code) => return NextStep::Refuse(code),
    };
    let Some(sign_in) = situation.find(id) else {
        return NextStep::Ask(Ask::Login(None));
    };
    let way = if situation.chosen == Some(id) { Way::Picked } else { Way::Unasked };
    if state_for(asked, situation, (sign_in, way), now) != SignInState::Active {
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

#[cfg(test)]
mod tests;
