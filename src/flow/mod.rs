//! Floor 4: the hub. Every request of a person comes here, and only
//! [`policy::next_step`] decides what comes next.
//!
//! One file for each step: begin a request, resume it, log in, choose, accept
//! terms, change a password, consent, sign out. A step stores what the person
//! did in the interaction and sends them back to resume; steps never route to
//! each other. `web` calls [`Flow`] with plain data and turns [`Answer`]s into
//! HTTP.

mod accounts;
mod apps;
mod arrive;
mod begin;
mod bind;
mod bindings;
mod choose;
mod consent;
mod context;
mod counting;
mod entrance;
mod entry;
mod interaction;
mod issue;
mod leaving;
mod login;
mod login_page;
mod logout;
mod narrowing;
mod native;
mod notices;
mod outcome;
mod own;
mod owners;
mod password;
mod people;
pub mod policy;
mod reset;
mod resume;
mod sessions;
mod sign_up;
mod situation;
mod terms;
mod typed;
mod upstream;

use std::sync::Arc;
use std::time::Duration;

pub use accounts::{AccountEntry, AccountsAction, AccountsView};
pub use apps::{AppEntry, AppsView};
pub use bind::{BindEntry, BindProgress, BindStage, BindSubmission, BindView};
pub use bindings::{BindingEntry, BindingsView, FRESH_PROOF, ProofAge, UnbindRefused};
pub use choose::{ChoiceEntry, ChoiceView, Choosing};
pub use consent::{ConsentView, Decision};
pub use context::{ClientFace, View};
pub use entry::{PageSubmission, PostedPage};
pub use interaction::{Interaction, MethodStep, Progress, StoredRequest, Ticks};
pub use login::{PostedLogin, Submission};
pub use login_page::{LoginPage, LoginView};
pub use logout::{LoggedOut, LogoutChoice, LogoutEntry, LogoutRequest, LogoutView, SignedOutView};
pub use native::NativeView;
pub use outcome::{Answer, Destination, FlowError, Outcome, Problem};
pub use own::{OwnForm, OwnPage};
pub use password::{PasswordChange, PasswordRefused, PasswordView, PostedPassword};
pub use people::Facts;
pub use reset::{ResetPolicy, ResetProgress, ResetRefused, ResetStage, ResetSubmission, ResetView};
pub use resume::Landing;
pub use sessions::{SessionEntry, SessionsAction, SessionsView};
pub use sign_up::{SignUpPolicy, SignUpProgress, SignUpRefused, SignUpStage, SignUpSubmission, SignUpView};
pub use terms::TermsView;
pub use upstream::DepartureView;

use crate::authn::codes::Codes;
use crate::authn::hashing::Passwords;
use crate::authn::password_policy::PasswordPolicy;
use crate::authn::{Registry, Upstream};
use crate::base::id::ClientId;
use crate::base::{OpaqueTokens, SharedClock, SharedEntropy, Timestamp};
use crate::domain::audit::Origin;
use crate::domain::browser::LifetimePolicy;
use crate::domain::{Language, PrincipalKind};
use crate::geo::Countries;
use crate::identity::Notices;
use crate::keys::{ContactKeys, LoginHints, MacKey};
use crate::session::Browsers;
use crate::store::Store;
use crate::telemetry::Metrics;
use crate::token::Tokens;

/// What surrounds one request of a person: read once, passed down.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The request's one reading of the clock.
    pub now: Timestamp,
    /// The request's number.
    pub request_id: String,
    /// Address of the peer, trusted proxies resolved.
    pub address: std::net::IpAddr,
    /// What the browser calls itself, cut to a bearable length.
    pub user_agent: String,
    /// Value of the browser's cookie, when exactly one came.
    pub cookie: Option<String>,
    /// The language that the person picked, if they did.
    pub picked: Option<Language>,
    /// The language that the browser accepts best.
    pub accepted: Language,
}

impl Visit {
    /// The language for messages to this person: as picked, else as the client
    /// wished (`ui_locales`), else as the browser accepts.
    #[must_use]
    pub fn language(&self, wished: &[String]) -> Language {
        self.picked.or_else(|| wished.iter().find_map(|tag| Language::find(tag))).unwrap_or(self.accepted)
    }

    /// Who acts, as the audit trail writes it down.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { actor: "person".to_owned(), address: self.address.to_string(), request_id: self.request_id.clone() }
    }
}

/// What of the configuration decides here.
#[derive(Clone, Debug)]
pub struct FlowSettings {
    /// Exact issuer.
    pub issuer: String,
    /// How long an interaction waits.
    pub interaction: Duration,
    /// Version of the terms that everybody must have accepted; none when there
    /// are no terms.
    pub agreements_version: Option<String>,
    /// Lifetimes of sign-ins.
    pub lifetimes: LifetimePolicy,
    /// Country code of phone numbers written without one.
    pub default_country: String,
    /// Whether people may make accounts by themselves.
    pub sign_up: SignUpPolicy,
    /// Whether passwords can be reset by a code.
    pub reset: ResetPolicy,
    /// Accounts that one phone number may have.
    pub accounts_per_phone: u32,
    /// The client whose `initiate_login_uri` a login without a client ends at,
    /// if it does not end at `/accounts`.
    pub default_client: Option<ClientId>,
}

impl FlowSettings {
    /// The terms that this kind of principal must have accepted. An IAM user's
    /// owner accepted them for everybody in the account.
    #[must_use]
    pub fn terms_for(&self, kind: PrincipalKind) -> Option<&str> {
        match kind {
            PrincipalKind::Root | PrincipalKind::SubAccount => self.agreements_version.as_deref(),
            PrincipalKind::IamUser => None,
        }
    }
}

/// The services that the steps share. Built once by `app`; cheap to clone.
#[derive(Clone)]
pub struct Flow {
    /// The database.
    pub store: Store,
    /// Codes and hints.
    pub tokens: Tokens,
    /// Login methods.
    pub registry: Arc<Registry>,
    /// One-time codes.
    pub codes: Codes,
    /// Word of what happened to accounts.
    pub notices: Notices,
    /// Logins at vendors.
    pub upstream: Upstream,
    /// Password hashes.
    pub passwords: Passwords,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Rules for new passwords.
    pub password_policy: PasswordPolicy,
    /// Cookies.
    pub browsers: Browsers,
    /// Names of interactions and handles.
    pub opaque: Arc<OpaqueTokens>,
    /// Blind indexes of contacts, for hints.
    pub contacts: ContactKeys,
    /// Countries of addresses.
    pub countries: Countries,
    /// Opaque names of people, for hints.
    pub login_hints: LoginHints,
    /// Key of the tokens in forms.
    pub csrf: Arc<MacKey>,
    /// The clock.
    pub clock: SharedClock,
    /// Chance.
    pub entropy: SharedEntropy,
    /// Settings.
    pub settings: Arc<FlowSettings>,
}
