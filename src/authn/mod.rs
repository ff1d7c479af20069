//! Floor 4: how a person proves who they are.
//!
//! Owns the login methods, the guessing limits in front of them and the
//! password hashes behind them. `flow` hands a posted form to the
//! [`Authenticator`] of the page; what comes back is a [`Proof`], a question or
//! a [`Rejection`]. It does not know that sessions exist: what it may know of
//! the browser arrives as [`KnownBrowser`].
//!
//! A new login method is one file in `methods/` and one line in the registry.

pub mod attempt;
pub mod authenticator;
pub mod codes;
pub mod contact;
mod enrol;
pub mod form;
pub mod hashing;
mod judge;
mod methods;
pub mod password_policy;
pub mod proof;
pub mod provider;
pub mod registry;
pub mod rejection;
pub mod shortlist;
pub mod spray;
pub mod throttle;
pub mod upstream;
pub mod waiting;

pub use attempt::{Attempt, KnownBrowser};
pub use authenticator::{Authenticator, Face, Factor, IdentifierField, Method, Progress, Step};
pub use codes::{CodeLimits, Codes, Delivery, KeptContact, Order, ProvedBy, ProvenContact, SentCode};
pub use contact::Contact;
pub use enrol::Enrolment;
pub use form::Form;
pub use methods::password_check::CREDENTIAL as PASSWORD_CREDENTIAL;
pub use methods::phone_rows::{ChoiceRow, RowLabel};
pub use methods::sms::OTHER as OTHER_ACCOUNT;
pub use proof::Proof;
pub use provider::Provider;
pub use registry::{Deps, Registry};
pub use rejection::{AuthnError, Rejection, RejectionClass};
pub use shortlist::Shortlist;
pub use upstream::{Arrival, Departure, Panel, PendingBinding, Place, ReadyBinding, Route, Upstream, Wanted};
pub use waiting::WaitingProof;
