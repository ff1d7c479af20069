//! `id_token_hint`: an ID token of ours that comes back (OIDC Core §3.1.2.1,
//! RP-Initiated Logout 1.0 §2). It may be old; signature, issuer and audience
//! must hold all the same.

use serde::Deserialize;

use super::Tokens;
use crate::base::id::{ClientId, PrincipalId, SessionId};
use crate::keys::{Expiry, OwnRules, TokenType};

/// What a hint says.
#[derive(Clone, Debug)]
pub struct Hint {
    /// Whom the token was about.
    pub subject: PrincipalId,
    /// Which sign-in, as that client knows it.
    pub sid: Option<SessionId>,
    /// The client that it was issued to.
    pub client: ClientId,
}

#[derive(Deserialize)]
struct HintClaims {
    sub: String,
    sid: Option<String>,
    aud: String,
}

impl Hint {
    /// Whether the token was issued to this client.
    #[must_use]
    pub fn is_for(&self, client: &ClientId) -> bool {
        self.client == *client
    }
}

impl Tokens {
    /// Reads a hint; `None` for anything that is not an ID token of ours.
    #[must_use]
    pub fn read_hint(&self, raw: &str) -> Option<Hint> {
        let rules = OwnRules {
            typ: TokenType::Id,
            issuer: &self.0.issuer,
            audience: None,
            expiry: Expiry::Ignored,
            now: self.0.clock.now(),
        };
        let claims: HintClaims = self.0.keys.verify(raw, &rules).ok()?;
        Some(Hint {
            subject: PrincipalId::from_text(claims.sub),
            sid: claims.sid.map(SessionId::from_text),
            client: ClientId::from_text(claims.aud),
        })
    }
}
