//! What the token endpoint answers (RFC 6749 §5.1, OIDC Core §3.1.3.3).

use serde::{Serialize, Serializer};

use crate::base::Secret;
use crate::protocol::Scope;

/// A successful answer; serialised as it goes over the wire.
#[derive(Serialize)]
pub struct TokenAnswer {
    #[serde(serialize_with = "exposed")]
    pub(super) access_token: Secret<String>,
    token_type: &'static str,
    /// Seconds.
    pub(super) expires_in: u64,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub(super) scope: Scope,
    #[serde(serialize_with = "exposed_if_any", skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<Secret<String>>,
    #[serde(serialize_with = "exposed_if_any", skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<Secret<String>>,
}

impl TokenAnswer {
    /// An answer with an access token alone.
    pub(super) const fn new(access_token: Secret<String>, expires_in: u64, scope: Scope) -> Self {
        Self { access_token, token_type: "Bearer", expires_in, scope, refresh_token: None, id_token: None }
    }

    /// The access token.
    #[must_use]
    pub const fn access_token(&self) -> &Secret<String> {
        &self.access_token
    }

    /// The refresh token, if one was issued.
    #[must_use]
    pub const fn refresh_token(&self) -> Option<&Secret<String>> {
        self.refresh_token.as_ref()
    }

    /// The ID token, if one was issued.
    #[must_use]
    pub const fn id_token(&self) -> Option<&Secret<String>> {
        self.id_token.as_ref()
    }

    /// What the access token is good for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }
}

fn exposed<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn exposed_if_any<S: Serializer>(secret: &Option<Secret<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}
