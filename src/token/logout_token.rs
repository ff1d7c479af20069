//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4): what a client
//! is told when a sign-in that it knew is over.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::Tokens;
use crate::base::Secret;
use crate::base::id::{PrincipalId, SessionId};
use crate::domain::Client;
use crate::keys::{SignError, TokenType};

/// How long one is good; it is delivered at once.
const LIFE: Duration = Duration::from_secs(120);
/// The one event that it tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    sid: &'a str,
    events: Value,
}

impl Tokens {
    /// Signs a logout token for `client`. A repeated delivery has the same `jti`,
    /// by which the client may know it again; there is never a nonce.
    ///
    /// # Errors
    /// [`SignError`] when there is no key.
    pub fn logout_token(
        &self,
        client: &Client,
        subject: &PrincipalId,
        sid: &SessionId,
    ) -> Result<Secret<String>, SignError> {
        let now = self.0.clock.now();
        let claims = LogoutClaims {
            iss: &self.0.issuer,
            sub: subject.as_str(),
            aud: client.id.as_str(),
            iat: now.seconds(),
            exp: (now + LIFE).seconds(),
            jti: format!("logout-{sid}"),
            sid: sid.as_str(),
            events: json!({ EVENT: {} }),
        };
        let algorithm = client.metadata.id_token_signed_response_alg;
        self.0.keys.sign(algorithm, TokenType::Logout, &claims).map(Secret::new)
    }
}
