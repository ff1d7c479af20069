//! A presented access token, opaque or `at+jwt`, with the live state of
//! everything behind it: what introspection and userinfo share.

use std::sync::Arc;

use serde::Deserialize;

use super::Tokens;
use super::access::grant_of_jti;
use super::audience::Audience;
use super::clients::KnownClient;
use crate::base::id::{ClientId, GrantId, ResourceId};
use crate::base::{OpaqueKind, Presented, Timestamp};
use crate::domain::grant::LiveGrant;
use crate::keys::{Expiry, OwnRules, TokenType};
use crate::protocol::Scope;
use crate::store::{StoreResult, Tx, access_tokens, grants, revoked_jwts};

/// A live access token.
pub(super) struct Resolved {
    /// Who holds it.
    pub client: ClientId,
    /// What it is good for.
    pub scope: Scope,
    /// Where; empty means here alone.
    pub audience: Vec<ResourceId>,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Its `jti`, for a JWT.
    pub jti: Option<String>,
    /// The grant behind it; none for a client's own token.
    pub live: Option<LiveGrant>,
}

/// An access token by its form, before the store is asked.
pub(super) enum AccessForm {
    /// A row.
    Opaque(Presented),
    /// A JWT of ours whose signature held and whose time is not over.
    Jwt(Box<AccessJwt>),
}

/// What we read back of our own `at+jwt`.
#[derive(Deserialize)]
pub(super) struct AccessJwt {
    pub client_id: ClientId,
    pub jti: String,
    #[serde(default)]
    scope: Scope,
    aud: Audience,
    iat: i64,
    exp: i64,
}

impl AccessJwt {
    /// Until when it counts.
    pub(super) const fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }
}

impl Tokens {
    /// Reads an access token's form: its own alphabet and length, or our own
    /// signature. A JWT is verified here and nowhere else again.
    pub(super) fn read_access(&self, text: &str, now: Timestamp) -> Option<AccessForm> {
        if text.starts_with(OpaqueKind::Access.prefix()) {
            return self.0.opaque.read(OpaqueKind::Access, text).map(AccessForm::Opaque);
        }
        let issuer = &self.0.issuer;
        let rules = OwnRules { typ: TokenType::Access, issuer, audience: None, expiry: Expiry::Enforced, now };
        self.0.keys.verify(text, &rules).ok().map(|jwt| AccessForm::Jwt(Box::new(jwt)))
    }

    /// The live token behind `text`, its client, and what `also` reads in the same
    /// snapshot; `None` for every reason for which it does not count.
    pub(super) async fn resolve<T: Send + 'static>(
        &self,
        text: &str,
        also: impl FnOnce(&mut Tx<'_>, &Resolved) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<Option<(Resolved, Arc<KnownClient>, T)>> {
        let now = self.0.clock.now();
        let Some(form) = self.read_access(text, now) else { return Ok(None) };
        let tokens = self.clone();
        let read = self.0.store.read(move |tx| {
            let found = match form {
                AccessForm::Opaque(presented) => find_opaque(tx, presented, now)?,
                AccessForm::Jwt(jwt) => {
                    let grant = grant_of_jti(&tokens.0.opaque, &jwt.jti);
                    find_jwt(tx, *jwt, grant, (&tokens.0.issuer, now))?
                }
            };
            let Some(resolved) = found else { return Ok(None) };
            let more = also(tx, &resolved)?;
            Ok(Some((resolved, more)))
        });
        let Some((resolved, more)) = read.await? else { return Ok(None) };
        let client = self.0.clients.find(&resolved.client).await?.filter(|client| client.is_active());
        Ok(client.map(|client| (resolved, client, more)))
    }
}

fn find_opaque(tx: &mut Tx<'_>, presented: Presented, now: Timestamp) -> StoreResult<Option<Resolved>> {
    let token = access_tokens::find(tx, presented)?.filter(|token| token.is_live(now));
    Ok(token.map(|token| Resolved {
        client: token.client,
        scope: token.scope,
        audience: token.audience,
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        jti: None,
        live: token.live,
    }))
}

fn find_jwt(
    tx: &mut Tx<'_>,
    jwt: AccessJwt,
    grant: Option<GrantId>,
    (issuer, now): (&str, Timestamp),
) -> StoreResult<Option<Resolved>> {
    if revoked_jwts::contains(tx, &jwt.jti)? {
        return Ok(None);
    }
    let live = match grant {
        None => None,
        Some(grant) => match grants::find_live(tx, grant)?.filter(|live| live.end(now).is_none()) {
            Some(live) => Some(live),
            None => return Ok(None),
        },
    };
    Ok(Some(Resolved {
        expires_at: jwt.expires_at(),
        audience: jwt.aud.resources(issuer),
        client: jwt.client_id,
        scope: jwt.scope,
        issued_at: Timestamp::from_seconds(jwt.iat),
        jti: Some(jwt.jti),
        live,
    }))
}
