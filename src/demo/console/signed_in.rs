//! Who is signed in at one of the example clients.

use serde_json::{Map, Value};

use super::relying_party::AnIdToken;
use super::session::Tool;
use crate::base::{Secret, Timestamp};

/// Somebody who signed in to one of the clients.
#[derive(Clone)]
pub struct SignedIn {
    /// The ID token itself, the hint of a later sign-out.
    pub id_token: AnIdToken,
    /// Its claims, checked.
    pub id_claims: Map<String, Value>,
    /// What the userinfo endpoint says.
    pub userinfo: Map<String, Value>,
    /// For the API.
    pub access_token: Secret<String>,
    /// For more of them. Taken out while it is being used: a token that is
    /// presented twice ends its whole family.
    pub refresh_token: Option<Secret<String>>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// How often it was refreshed.
    pub refreshed: u32,
    /// What the API answered last: status and body.
    pub api_answer: Option<(u16, String)>,
}

/// Somebody at one of the clients, by a name that the address of a tab carries:
/// two tabs can work as two accounts.
#[derive(Clone)]
pub struct Seat {
    /// To which client.
    pub tool: Tool,
    /// The name in addresses; means nothing in another browser.
    pub handle: String,
    /// Who.
    pub signed_in: SignedIn,
}
