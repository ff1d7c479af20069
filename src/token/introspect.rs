//! Introspection (RFC 7662): is this token good, now, and what may its presenter do?
//!
//! A client may ask about tokens issued to it and about tokens whose audience
//! names a resource of which it is the introspection client. About every other
//! token, known or not, it learns `{"active":false}` and nothing else (IR-02, IR-03).

use serde::Serialize;

use super::Tokens;
use super::access::Ticket;
use super::access_claims::AccessClaims;
use super::client_auth::AuthenticatedClient;
use super::clients::KnownClient;
use super::resolve::Resolved;
use crate::base::{OpaqueKind, Secret};
use crate::domain::grant::LiveGrant;
use crate::store::{StoreResult, refresh_tokens};

/// What introspection answers; serialised as it goes over the wire.
#[derive(Serialize)]
pub struct Introspection {
    active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    about: Option<Box<About>>,
}

/// A live token. Account claims stand always, as they are now.
#[derive(Serialize)]
struct About {
    #[serde(flatten)]
    claims: AccessClaims,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

impl Introspection {
    const INACTIVE: Self = Self { active: false, about: None };

    /// Whether the token is good.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.active
    }
}

impl Tokens {
    /// What `client` may know of `token`. The form of the token says what it is,
    /// so a wrong `token_type_hint` misleads nobody.
    pub async fn introspect(&self, client: &AuthenticatedClient, token: &Secret<String>) -> StoreResult<Introspection> {
        let text = token.expose();
        if text.starts_with(OpaqueKind::Refresh.prefix()) {
            return self.introspect_refresh(client, text).await;
        }
        let Some((resolved, holder, ())) = self.resolve(text, |_tx, _resolved| Ok(())).await? else {
            return Ok(Introspection::INACTIVE);
        };
        if !self.may_know(client, &resolved).await? {
            return Ok(Introspection::INACTIVE);
        }
        Ok(self.tell_access(resolved, &holder))
    }

    async fn may_know(&self, client: &AuthenticatedClient, resolved: &Resolved) -> StoreResult<bool> {
        if resolved.client == *client.id() {
            return Ok(true);
        }
        for resource in &resolved.audience {
            let resource = self.0.clients.find_resource(resource).await?;
            if resource.is_some_and(|resource| resource.introspection_client.as_ref() == Some(client.id())) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn introspect_refresh(&self, client: &AuthenticatedClient, text: &str) -> StoreResult<Introspection> {
        let Some(presented) = self.0.opaque.read(OpaqueKind::Refresh, text) else {
            return Ok(Introspection::INACTIVE);
        };
        let now = self.0.clock.now();
        let found = self.0.store.read(move |tx| refresh_tokens::find(tx, presented)).await?;
        let Some(token) = found.filter(|token| token.is_live(now) && token.live.grant.client == *client.id()) else {
            return Ok(Introspection::INACTIVE);
        };
        let live = &token.live;
        let (issued_at, expires_at) = (token.issued_at, token.expires_at);
        let ticket = Ticket { scope: live.grant.scope.clone(), audience: Vec::new(), issued_at, expires_at };
        let mut about = self.about_person(&ticket, live);
        // It is presented to us alone, and by nobody as a bearer's.
        (about.claims.aud, about.token_type) = (None, None);
        Ok(Introspection { active: true, about: Some(Box::new(about)) })
    }

    fn tell_access(&self, resolved: Resolved, holder: &KnownClient) -> Introspection {
        let Resolved { scope, audience, issued_at, expires_at, jti, live, client: _ } = resolved;
        let ticket = Ticket { scope, audience, issued_at, expires_at };
        let mut about = match &live {
            Some(live) => self.about_person(&ticket, live),
            None => About {
                claims: AccessClaims::of_client(&ticket, self, holder),
                username: None,
                token_type: Some("Bearer"),
                sid: None,
            },
        };
        about.claims.jti = jti;
        Introspection { active: true, about: Some(Box::new(about)) }
    }

    fn about_person(&self, ticket: &Ticket, live: &LiveGrant) -> About {
        About {
            claims: AccessClaims::of_person(ticket, self, live, Some(&live.holder.account)),
            username: Some(live.holder.login_name.clone()),
            token_type: Some("Bearer"),
            sid: Some(live.grant.sid.as_str().to_owned()),
        }
    }
}
