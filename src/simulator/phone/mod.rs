//! The provider's native app, as it stands on the simulated phone.
//!
//! It is its own user agent: it asks `/authorize` for JSON with PKCE, keeps
//! cookies of its own, posts what the carrier's or the vendor's SDK gave it,
//! follows the provider's 303s to its redirection URI, and trades the code for
//! tokens. It knows of the provider what discovery says and the documented
//! fields, nothing else.

mod agent;
mod app;
mod html;

use std::collections::BTreeMap;

use serde_json::Value;

pub use app::{App, Trouble};
pub use html::PageForm;

/// How the native app is registered with the provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NativeApp {
    /// The provider's issuer.
    pub issuer: String,
    /// The app's client id; it has no secret.
    pub client_id: String,
    /// Its redirection URI.
    pub redirect_uri: String,
    /// What it asks for.
    pub scope: String,
}

/// What the app has in hand.
#[derive(Clone, Debug, Default)]
pub struct PhoneState {
    /// Cookies of the provider.
    pub cookies: BTreeMap<String, String>,
    /// The interaction that waits for the person.
    pub started: Option<Started>,
    /// What the provider shows instead of the end.
    pub page: Option<Page>,
    /// How it ended: the claims of the ID token, or what went wrong.
    pub outcome: Option<Outcome>,
    /// What the app did, step by step.
    pub steps: Vec<String>,
}

/// An authorization request that was answered with JSON.
#[derive(Clone, Debug)]
pub struct Started {
    /// Name of the interaction.
    pub interaction: String,
    /// Its token against forgery.
    pub csrf: String,
    /// The login methods, as the provider lists them.
    pub methods: Value,
    /// Name of this attempt, for the aggregator.
    pub attempt: String,
    /// PKCE.
    pub verifier: String,
    /// Echoed by the provider.
    pub state: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
}

/// A page of the provider that the app cannot answer by itself.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// The code of its error, if it shows one.
    pub error: Option<String>,
    /// What can be sent from it.
    pub forms: Vec<PageForm>,
    /// Where it is.
    pub url: String,
}

/// How a sign-in ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Signed in; the claims of the ID token.
    SignedIn(Value),
    /// Not, and why.
    Failed(String),
}
