//! Revocation (RFC 7009): answered after its commit, and never falsely.
//!
//! An access token goes by itself, a refresh token takes its whole family along.
//! A token of another client stays as it was; the answer is the same (IR-04).

use super::client_auth::AuthenticatedClient;
use super::resolve::AccessForm;
use super::{Call, Tokens};
use crate::base::{OpaqueKind, Presented, Secret};
use crate::domain::audit::Origin;
use crate::domain::grant::{LiveGrant, RevokedWhy};
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::store::{StoreError, StoreResult, Tx, access_tokens, audit, grants, refresh_tokens, revoked_jwts};

/// What a text could revoke.
enum Target {
    Refresh(Presented),
    Opaque(Presented),
    Jwt { jti: String, expires_at: crate::base::Timestamp },
}

impl Tokens {
    /// Revokes `token` if it is `client`'s. `Ok` says that nothing of it counts
    /// any more, or that nothing of it ever did for this client.
    pub async fn revoke(&self, client: &AuthenticatedClient, token: &Secret<String>, call: &Call) -> StoreResult<()> {
        let Some(target) = self.revocable(client, token.expose()) else { return Ok(()) };
        let (client, origin) = (client.clone(), call.origin(client));
        let written = self.0.store.write(move |tx| match &target {
            Target::Refresh(presented) => revoke_family(tx, &client, *presented, &origin),
            Target::Opaque(presented) => revoke_opaque(tx, &client, *presented, &origin),
            Target::Jwt { jti, expires_at } => {
                revoked_jwts::insert(tx, jti, *expires_at)?;
                record(tx, &client, None, &origin)
            }
        });
        match written.await {
            // Another request revoked the same JWT at this moment: it is revoked.
            Err(StoreError::Conflict(_)) => Ok(()),
            other => other,
        }
    }

    fn revocable(&self, client: &AuthenticatedClient, text: &str) -> Option<Target> {
        if text.starts_with(OpaqueKind::Refresh.prefix()) {
            return self.0.opaque.read(OpaqueKind::Refresh, text).map(Target::Refresh);
        }
        match self.read_access(text, self.0.clock.now())? {
            AccessForm::Opaque(presented) => Some(Target::Opaque(presented)),
            AccessForm::Jwt(jwt) => {
                (jwt.client_id == *client.id()).then(|| Target::Jwt { expires_at: jwt.expires_at(), jti: jwt.jti })
            }
        }
    }
}

fn revoke_family(
    tx: &mut Tx<'_>,
    client: &AuthenticatedClient,
    presented: Presented,
    origin: &Origin,
) -> StoreResult<()> {
    let found = refresh_tokens::find(tx, presented)?.filter(|token| token.live.grant.client == *client.id());
    let Some(token) = found else { return Ok(()) };
    if grants::revoke(tx, token.live.grant.id, RevokedWhy::ByClient)? {
        record(tx, client, Some(&token.live), origin)?;
    }
    Ok(())
}

fn revoke_opaque(
    tx: &mut Tx<'_>,
    client: &AuthenticatedClient,
    presented: Presented,
    origin: &Origin,
) -> StoreResult<()> {
    let found = access_tokens::find(tx, presented)?.filter(|token| token.client == *client.id());
    let Some(token) = found else { return Ok(()) };
    if access_tokens::revoke(tx, token.id)? {
        record(tx, client, token.live.as_ref(), origin)?;
    }
    Ok(())
}

fn record(tx: &mut Tx<'_>, client: &AuthenticatedClient, live: Option<&LiveGrant>, origin: &Origin) -> StoreResult<()> {
    let mut event = AuditEvent::new(AuditKind::TokenRevoked, Outcome::Success).of_client(client.id());
    if let Some(live) = live {
        event = event.of_principal(&live.grant.principal).of_account(&live.holder.account.account_id);
    }
    audit::record(tx, &event, origin)
}
