//! What an access token says: signed into an `at+jwt` (RFC 9068 §2.2), told by
//! introspection (RFC 7662 §2.2) of either kind.

use serde::Serialize;

use super::Tokens;
use super::access::Ticket;
use super::audience::Audience;
use super::clients::{ClientOwner, KnownClient};
use crate::base::id::AccountId;
use crate::domain::grant::{AccountClaims, LiveGrant};
use crate::protocol::Scope;

/// The claims of one token. Members that a token lacks are left out.
#[derive(Serialize)]
pub(super) struct AccessClaims {
    pub iss: String,
    pub exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    pub sub: String,
    pub client_id: String,
    pub iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
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

impl AccessClaims {
    /// Of the holder of a grant; `account` says what stands of the account.
    pub(super) fn of_person(
        ticket: &Ticket,
        tokens: &Tokens,
        live: &LiveGrant,
        account: Option<&AccountClaims>,
    ) -> Self {
        let grant = &live.grant;
        Self {
            sub: grant.principal.as_str().to_owned(),
            auth_time: Some(grant.auth_time.seconds()),
            acr: Some(grant.assurance.acr.as_str()),
            amr: grant.assurance.amr_names(),
            principal_type: account.map(|account| account.principal_type.as_str()),
            account_id: account.map(|account| text(&account.account_id)),
            owner_account_id: account.map(|account| text(&account.owner_account_id)),
            billing_account_id: account.map(|account| text(&account.billing_account_id)),
            ..Self::of_nobody(ticket, tokens, grant.client.as_str())
        }
    }

    /// Of a client that speaks for itself: its owner stands in every token.
    pub(super) fn of_client(ticket: &Ticket, tokens: &Tokens, known: &KnownClient) -> Self {
        let client = known.client.id.as_str();
        let owned = |of: fn(&ClientOwner) -> &AccountId| known.owner.as_ref().map(|owner| text(of(owner)));
        Self {
            sub: format!("client:{client}"),
            owner_account_id: owned(|owner| &owner.owner_account_id),
            billing_account_id: owned(|owner| &owner.billing_account_id),
            ..Self::of_nobody(ticket, tokens, client)
        }
    }

    fn of_nobody(ticket: &Ticket, tokens: &Tokens, client_id: &str) -> Self {
        let iss = tokens.issuer();
        Self {
            iss: iss.to_owned(),
            exp: ticket.expires_at.seconds(),
            aud: Some(Audience::of(&ticket.audience, iss)),
            sub: String::new(),
            client_id: client_id.to_owned(),
            iat: ticket.issued_at.seconds(),
            jti: None,
            scope: ticket.scope.clone(),
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

fn text(id: &AccountId) -> String {
    id.as_str().to_owned()
}
