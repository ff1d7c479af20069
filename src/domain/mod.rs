//! Floor 2: the things of the house and their states, pure.
//!
//! Who can sign in, whose account it is, how surely we know, and what a
//! browser, an interaction or a grant may be. Read by every floor above; calls
//! nothing but `base` and `protocol`.

pub mod account;
pub mod assurance;
pub mod audit;
pub mod browser;
pub mod client;
mod code;
pub mod contact;
pub mod grant;
mod language;
mod names;
pub mod owner_policy;
pub mod principal;
pub mod resource;
pub mod signing_key;
pub mod user_agent;

pub use account::{Account, AccountKind, AccountStatus};
pub use assurance::{Acr, Amr, Assurance};
pub use audit::{AuditEvent, AuditKind, Outcome};
pub use browser::{SignIn, SignInState};
pub use client::{Client, ClientStatus, RedirectAnswer, VerifiedRedirect};
pub use code::CodePurpose;
pub use contact::{ContactKind, Email, Phone};
pub use language::Language;
pub use names::UnknownName;
pub use owner_policy::{OwnerPolicy, ReauthPolicy};
pub use principal::{Principal, PrincipalKind, PrincipalStatus, Standing};
pub use resource::Resource;
pub use signing_key::{KeyState, SigningKeyRecord};
