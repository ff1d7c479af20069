//! Access tokens: an opaque row, or an `at+jwt` (RFC 9068) that has none.
//!
//! The `jti` of an `at+jwt` carries its grant's row number under the keyed
//! permutation of opaque tokens: introspection finds the live grant without a
//! row for each token, and the number tells nobody anything.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Tokens;
use super::access_claims::AccessClaims;
use super::clients::KnownClient;
use crate::base::id::{GrantId, ResourceId};
use crate::base::{OpaqueKind, OpaqueTokens, Secret, Timestamp, TokenHash};
use crate::domain::grant::LiveGrant;
use crate::keys::{SignError, TokenType};
use crate::protocol::Scope;
use crate::protocol::claims::{Destination, PRINCIPAL_TYPE, Release};
use crate::protocol::client_metadata::{AccessTokenFormat, ClientMetadata};
use crate::store::{StoreResult, Tx, access_tokens};

/// Bytes of chance in a `jti`.
const JTI_RANDOM: usize = 16;

/// An access token that is decided on and not made yet.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    /// What it will be good for.
    pub scope: Scope,
    /// Where; empty means here alone.
    pub audience: Vec<ResourceId>,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Whom an access token speaks for.
#[derive(Clone, Copy)]
pub(super) enum Speaker<'a> {
    /// The holder of a grant.
    Person(&'a LiveGrant),
    /// The client itself (RFC 6749 §4.4).
    Client,
}

impl Ticket {
    /// A token for this client from `now` on, no longer than its grant.
    pub(super) fn new(
        tokens: &Tokens,
        client: &ClientMetadata,
        scope: Scope,
        audience: Vec<ResourceId>,
        (now, at_most): (Timestamp, Option<Timestamp>),
    ) -> Self {
        let life = match client.access_token_format {
            AccessTokenFormat::Jwt => tokens.0.lifetimes.access_jwt,
            AccessTokenFormat::Opaque => tokens.0.lifetimes.access,
        };
        let expires_at = at_most.map_or(now + life, |at_most| at_most.min(now + life));
        Self { scope, audience, issued_at: now, expires_at }
    }

    /// Whole seconds of its life, rounded down.
    pub(super) fn expires_in(&self) -> u64 {
        self.expires_at.since(self.issued_at).as_secs()
    }

    /// Stores the row of an opaque token; a JWT has none.
    pub(super) fn store(
        &self,
        tx: &mut Tx<'_>,
        known: &KnownClient,
        grant: Option<GrantId>,
        hash: TokenHash,
    ) -> StoreResult<Option<i64>> {
        match known.client.metadata.access_token_format {
            AccessTokenFormat::Jwt => Ok(None),
            AccessTokenFormat::Opaque => access_tokens::insert(
                tx,
                &access_tokens::NewAccessToken {
                    hash,
                    grant,
                    client: &known.client.id,
                    scope: &self.scope,
                    audience: &self.audience,
                    issued_at: self.issued_at,
                    expires_at: self.expires_at,
                },
            )
            .map(Some),
        }
    }
}

impl Tokens {
    /// The access token's text: that of its row, or a signed JWT.
    pub(super) fn access_text(
        &self,
        ticket: &Ticket,
        known: &KnownClient,
        speaker: Speaker<'_>,
        (row, random): (Option<i64>, &[u8; 32]),
    ) -> Result<Secret<String>, SignError> {
        match row {
            Some(row) => Ok(self.0.opaque.text(OpaqueKind::Access, row, random)),
            None => self.sign_access(ticket, known, speaker, random).map(Secret::new),
        }
    }

    fn sign_access(
        &self,
        ticket: &Ticket,
        known: &KnownClient,
        speaker: Speaker<'_>,
        random: &[u8; 32],
    ) -> Result<String, SignError> {
        let (metadata, opaque) = (&known.client.metadata, &self.0.opaque);
        let (mut claims, grant) = match speaker {
            Speaker::Client => (AccessClaims::of_client(ticket, self, known), None),
            Speaker::Person(live) => {
                let account = tells_account(metadata, &ticket.scope).then_some(&live.holder.account);
                (AccessClaims::of_person(ticket, self, live, account), Some(live.grant.id))
            }
        };
        claims.jti = Some(new_jti(opaque, grant, random));
        self.0.keys.sign(metadata.access_token_signed_response_alg, TokenType::Access, &claims)
    }
}

/// Whether the account claims go into tokens of this scope.
fn tells_account(metadata: &ClientMetadata, scope: &Scope) -> bool {
    let request = crate::protocol::ClaimsRequest::default();
    let release = Release { scope, request: &request, always_account_claims: metadata.always_include_account_claims };
    release.lets_out(PRINCIPAL_TYPE, Destination::AccessToken)
}

/// A fresh `jti`: handle of the grant, if any, and 128 bits of chance.
fn new_jti(opaque: &OpaqueTokens, grant: Option<GrantId>, random: &[u8; 32]) -> String {
    let handle = grant.map(|grant| opaque.permute(OpaqueKind::Grant, grant.row()).to_be_bytes());
    let chance = random.first_chunk::<JTI_RANDOM>().map_or(random.as_slice(), <[u8; JTI_RANDOM]>::as_slice);
    URL_SAFE_NO_PAD.encode([handle.as_ref().map_or(&[][..], <[u8; 8]>::as_slice), chance].concat())
}

/// The grant that a `jti` of ours names; `None` for a client's own token. Only
/// asked of tokens whose signature held.
pub(super) fn grant_of_jti(opaque: &OpaqueTokens, jti: &str) -> Option<GrantId> {
    let bytes = URL_SAFE_NO_PAD.decode(jti).ok()?;
    let (handle, chance) = bytes.split_first_chunk::<8>()?;
    (chance.len() == JTI_RANDOM).then(|| GrantId::new(opaque.unpermute(OpaqueKind::Grant, u64::from_be_bytes(*handle))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jti_names_its_grant_to_us_alone() {
        let opaque = OpaqueTokens::new(&[1; 32], &[2; 32]);
        let jti = new_jti(&opaque, Some(GrantId::new(7)), &[9; 32]);
        assert_eq!(grant_of_jti(&opaque, &jti), Some(GrantId::new(7)));
        assert_eq!(grant_of_jti(&opaque, &new_jti(&opaque, None, &[9; 32])), None);
        assert_ne!(grant_of_jti(&OpaqueTokens::new(&[1; 32], &[3; 32]), &jti), Some(GrantId::new(7)));
        assert_eq!(grant_of_jti(&opaque, "%"), None);
    }
}
