//! ID tokens (OIDC Core §2): who signed in, when, how surely, and for whom.
//!
//! Claims about the person stay out unless they were asked for by name: an
//! access token fetches them (conformance-needs 13).

use serde::Serialize;
use serde_json::{Map, Value};

use super::Tokens;
use super::person::{Person, account_claims};
use crate::base::{Secret, Timestamp};
use crate::domain::grant::LiveGrant;
use crate::keys::signing::half_hash;
use crate::keys::{SignError, TokenType};
use crate::protocol::claims::{ACCOUNT_CLAIMS, Destination, OF_THE_PROTOCOL, Release, SUB};
use crate::protocol::{ClaimsRequest, ClientMetadata, Scope};

/// Whether the ID token answers the authorization request or a refresh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Nonce {
    /// The first one carries the request's nonce (OIDC Core §3.1.3.6).
    Carried,
    /// A refreshed one should carry none (OIDC Core §12.2).
    LeftOut,
}

/// What an ID token is made of.
pub(super) struct IdTicket<'a> {
    /// The grant, live.
    pub live: &'a LiveGrant,
    /// The client's registration.
    pub metadata: &'a ClientMetadata,
    /// The scope of the access token beside it.
    pub scope: &'a Scope,
    /// From when.
    pub issued_at: Timestamp,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    sid: &'a str,
    acr: &'static str,
    amr: Vec<&'static str>,
    at_hash: String,
    #[serde(flatten)]
    personal: Map<String, Value>,
}

impl IdTicket<'_> {
    /// Whether the `claims` parameter of a grant names something for the ID
    /// token that the grant itself does not tell.
    pub(super) fn asks_for_more(claims: &str) -> bool {
        let known = |name: &str| name == SUB || ACCOUNT_CLAIMS.contains(&name) || OF_THE_PROTOCOL.contains(&name);
        request_of(claims).id_token.keys().any(|name| !known(name))
    }

    fn personal(&self, tokens: &Tokens, person: Option<Person>) -> Map<String, Value> {
        let request = request_of(&self.live.grant.claims);
        let available = person
            .map_or_else(|| account_claims(&self.live.holder.account), |person| person.claims(&tokens.0, self.live));
        let always_account_claims = self.metadata.always_include_account_claims;
        let mut personal = Release { scope: self.scope, request: &request, always_account_claims }
            .filter(&available, Destination::IdToken);
        // What the protocol says itself stands once.
        personal.retain(|name, _| name != SUB && !OF_THE_PROTOCOL.contains(&name.as_str()));
        personal
    }
}

impl Tokens {
    /// Signs an ID token that belongs to `access_token`; `person` is for claims
    /// asked for by name.
    pub(super) fn id_token(
        &self,
        ticket: &IdTicket<'_>,
        person: Option<Person>,
        access_token: &str,
        nonce: Nonce,
    ) -> Result<Secret<String>, SignError> {
        let grant = &ticket.live.grant;
        let claims = IdClaims {
            iss: &self.0.issuer,
            sub: grant.principal.as_str(),
            aud: grant.client.as_str(),
            exp: (ticket.issued_at + self.0.lifetimes.id).seconds(),
            iat: ticket.issued_at.seconds(),
            auth_time: grant.auth_time.seconds(),
            nonce: grant.nonce.as_deref().filter(|_| nonce == Nonce::Carried),
            sid: grant.sid.as_str(),
            acr: grant.assurance.acr.as_str(),
            amr: grant.assurance.amr_names(),
            at_hash: half_hash(access_token),
            personal: ticket.personal(self, person),
        };
        self.0.keys.sign(ticket.metadata.id_token_signed_response_alg, TokenType::Id, &claims).map(Secret::new)
    }
}

/// The stored `claims` parameter; it was checked before it was stored.
pub(super) fn request_of(claims: &str) -> ClaimsRequest {
    if claims.is_empty() { ClaimsRequest::default() } else { serde_json::from_str(claims).unwrap_or_default() }
}
