//! Introspection (RFC 7662): is this token good, now, and what may its presenter do?
//!
//! A client may ask about tokens issued to it and about tokens whose audience
//! names a resource of which it is the introspection client. About every other
//! token, known or not, it learns `{"active":false}` and nothing else (IR-02, IR-03).

use serde::Serialize;

use super::Tokens;
use super::access::subject_of;
use super::audience::Audience;
use super::client_auth::AuthenticatedClient;
use super::clients::{ClientOwner, KnownClient};
use super::resolve::Resolved;
use crate::base::{OpaqueKind, Secret, Timestamp};
use crate::domain::grant::LiveGrant;
use crate::protocol::Scope;
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
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    exp: i64,
    iat: i64,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    iss: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_account_id: Option<String>,
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
        let about = About {
            exp: token.expires_at.seconds(),
            iat: token.issued_at.seconds(),
            scope: token.live.grant.scope.clone(),
            ..self.about_person(&token.live)
        };
        Ok(Introspection { active: true, about: Some(Box::new(about)) })
    }

    fn tell_access(&self, resolved: Resolved, holder: &KnownClient) -> Introspection {
        let about = match &resolved.live {
            Some(live) => self.about_person(live),
            None => self.about_client(holder),
        };
        let about = About {
            token_type: Some("Bearer"),
            exp: resolved.expires_at.seconds(),
            iat: resolved.issued_at.seconds(),
            aud: Some(Audience::of(&resolved.audience, &self.0.issuer)),
            scope: resolved.scope,
            jti: resolved.jti,
            ..about
        };
        Introspection { active: true, about: Some(Box::new(about)) }
    }

    fn about_person(&self, live: &LiveGrant) -> About {
        let (grant, account) = (&live.grant, &live.holder.account);
        About {
            username: Some(live.holder.login_name.clone()),
            sub: grant.principal.as_str().to_owned(),
            sid: Some(grant.sid.as_str().to_owned()),
            auth_time: Some(grant.auth_time.seconds()),
            acr: Some(grant.assurance.acr.as_str()),
            amr: grant.assurance.amr_names(),
            principal_type: Some(account.principal_type.as_str()),
            account_id: Some(account.account_id.as_str().to_owned()),
            owner_account_id: Some(account.owner_account_id.as_str().to_owned()),
            billing_account_id: Some(account.billing_account_id.as_str().to_owned()),
            ..self.about_nobody(grant.client.as_str().to_owned())
        }
    }

    fn about_client(&self, holder: &KnownClient) -> About {
        let client = holder.client.id.as_str();
        let owned = |of: fn(&ClientOwner) -> &crate::base::id::AccountId| {
            holder.owner.as_ref().map(|owner| of(owner).as_str().to_owned())
        };
        About {
            sub: subject_of(client),
            owner_account_id: owned(|owner| &owner.owner_account_id),
            billing_account_id: owned(|owner| &owner.billing_account_id),
            ..self.about_nobody(client.to_owned())
        }
    }

    fn about_nobody(&self, client_id: String) -> About {
        About {
            client_id,
            iss: self.0.issuer.clone(),
            scope: Scope::default(),
            username: None,
            token_type: None,
            exp: Timestamp::EPOCH.seconds(),
            iat: Timestamp::EPOCH.seconds(),
            sub: String::new(),
            aud: None,
            jti: None,
            sid: None,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            principal_type: None,
            account_id: None,
            owner_account_id: None,
            billing_account_id: None,
        }
    }
}
