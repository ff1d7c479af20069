//! Access tokens: an opaque row, or an `at+jwt` (RFC 9068) that has none.
//!
//! The `jti` of an `at+jwt` carries its grant's row number under the keyed
//! permutation of opaque tokens: introspection finds the live grant without a
//! row for each token, and the number tells nobody anything.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::clients::KnownClient;
use super::{Inner, Tokens};
use crate::base::id::{GrantId, ResourceId};
use crate::base::{OpaqueKind, OpaqueTokens, Secret, Timestamp, TokenHash};
use crate::domain::SigningAlgorithm;
use crate::domain::grant::LiveGrant;
use crate::keys::{SignError, TokenType};
use crate::protocol::Scope;
use crate::protocol::claims::{Destination, PRINCIPAL_TYPE, Release};
use crate::protocol::client_metadata::{AccessTokenFormat, ClientMetadata, SigningAlg};
use crate::store::{StoreResult, Tx, access_tokens};

/// Bytes of chance in a `jti`.
const JTI_RANDOM: usize = 16;

/// A `resource` that the client may not have here (RFC 8707 §2).
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a resource is not one of those granted and registered")]
pub struct WrongTarget;

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

/// `aud` as it is written: one text, or a list of several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// The resources a token is for; without one it is for the issuer's own endpoints.
    pub(super) fn of(resources: &[ResourceId], issuer: &str) -> Self {
        match resources {
            [] => Self::One(issuer.to_owned()),
            [only] => Self::One(only.as_str().to_owned()),
            several => Self::Many(several.iter().map(|resource| resource.as_str().to_owned()).collect()),
        }
    }

    /// As resources again; the issuer is none.
    pub(super) fn resources(&self, issuer: &str) -> Vec<ResourceId> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(several) => several.as_slice(),
        };
        all.iter().filter(|name| *name != issuer).map(ResourceId::from_text).collect()
    }
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    iss: &'a str,
    exp: i64,
    aud: Audience,
    sub: &'a str,
    client_id: &'a str,
    iat: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: &'a Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_account_id: Option<&'a str>,
}

/// Which resources a token is for: those asked for, out of those granted, out of
/// those registered now. Who names none gets what was granted, or the client's first.
pub(super) fn audience(
    asked: &[ResourceId],
    granted: &[ResourceId],
    client: &ClientMetadata,
) -> Result<Vec<ResourceId>, WrongTarget> {
    let registered = |resource: &&ResourceId| client.resources.contains(resource);
    if asked.is_empty() {
        return Ok(if granted.is_empty() {
            client.resources.first().cloned().into_iter().collect()
        } else {
            granted.iter().filter(registered).cloned().collect()
        });
    }
    let mut audience = Vec::with_capacity(asked.len());
    for resource in asked {
        if !registered(&resource) || !(granted.is_empty() || granted.contains(resource)) {
            return Err(WrongTarget);
        }
        if !audience.contains(resource) {
            audience.push(resource.clone());
        }
    }
    Ok(audience)
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
            None => self.0.sign_access(ticket, known, speaker, random).map(Secret::new),
        }
    }
}

impl Inner {
    fn sign_access(
        &self,
        ticket: &Ticket,
        known: &KnownClient,
        speaker: Speaker<'_>,
        random: &[u8; 32],
    ) -> Result<String, SignError> {
        let metadata = &known.client.metadata;
        let (jti, itself);
        let mut claims = AccessClaims {
            iss: &self.issuer,
            exp: ticket.expires_at.seconds(),
            aud: Audience::of(&ticket.audience, &self.issuer),
            sub: "",
            client_id: known.client.id.as_str(),
            iat: ticket.issued_at.seconds(),
            jti: "",
            scope: &ticket.scope,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            principal_type: None,
            account_id: None,
            owner_account_id: known.owner.as_ref().map(|owner| owner.owner_account_id.as_str()),
            billing_account_id: known.owner.as_ref().map(|owner| owner.billing_account_id.as_str()),
        };
        match speaker {
            Speaker::Client => {
                (jti, itself) = (new_jti(&self.opaque, None, random), subject_of(known.client.id.as_str()));
                claims.sub = &itself;
            }
            Speaker::Person(live) => {
                jti = new_jti(&self.opaque, Some(live.grant.id), random);
                let account = tells_account(metadata, &ticket.scope).then_some(&live.holder.account);
                claims.sub = live.grant.principal.as_str();
                claims.auth_time = Some(live.grant.auth_time.seconds());
                claims.acr = Some(live.grant.assurance.acr.as_str());
                claims.amr = live.grant.assurance.amr_names();
                claims.principal_type = account.map(|account| account.principal_type.as_str());
                claims.account_id = account.map(|account| account.account_id.as_str());
                claims.owner_account_id = account.map(|account| account.owner_account_id.as_str());
                claims.billing_account_id = account.map(|account| account.billing_account_id.as_str());
            }
        }
        claims.jti = &jti;
        self.keys.sign(algorithm(metadata.access_token_signed_response_alg), TokenType::Access, &claims)
    }
}

/// Whether the account claims go into tokens of this scope.
fn tells_account(metadata: &ClientMetadata, scope: &Scope) -> bool {
    let request = crate::protocol::ClaimsRequest::default();
    let release = Release { scope, request: &request, always_account_claims: metadata.always_include_account_claims };
    release.lets_out(PRINCIPAL_TYPE, Destination::AccessToken)
}

/// `sub` of a client that speaks for itself.
pub(super) fn subject_of(client: &str) -> String {
    format!("client:{client}")
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

/// The registered algorithm as the keys know it.
pub(super) const fn algorithm(registered: SigningAlg) -> SigningAlgorithm {
    match registered {
        SigningAlg::Es256 => SigningAlgorithm::Es256,
        SigningAlg::Rs256 => SigningAlgorithm::Rs256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<ResourceId> {
        names.iter().copied().map(ResourceId::from_text).collect()
    }

    /// RFC 8707, and LC-04: what is no longer registered is no longer given.
    #[test]
    fn a_token_is_for_what_was_asked_granted_and_registered() {
        let client = ClientMetadata { resources: ids(&["r:1", "r:2"]), ..ClientMetadata::default() };
        let of = |asked: &[&str], granted: &[&str]| audience(&ids(asked), &ids(granted), &client).ok();
        assert_eq!(of(&[], &[]), Some(ids(&["r:1"])));
        assert_eq!(of(&["r:2", "r:2"], &[]), Some(ids(&["r:2"])));
        assert_eq!(of(&[], &["r:2", "r:gone"]), Some(ids(&["r:2"])));
        assert_eq!(of(&["r:1"], &["r:2"]), None);
        assert_eq!(of(&["r:gone"], &["r:gone"]), None);
        assert_eq!(of(&["r:other"], &[]), None);
    }

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
