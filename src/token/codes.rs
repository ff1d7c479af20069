//! Authorization codes: `flow` issues them inside its own transaction, the
//! code grant spends them.

use std::sync::Arc;
use std::time::Duration;

use super::oxide::{self, Facts, Stop};
use crate::base::id::{ResourceId, SessionId};
use crate::base::{OpaqueKind, OpaqueTokens, Secret};
use crate::domain::{Client, SignIn};
use crate::protocol::client_metadata::GrantType;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::scope::OFFLINE_ACCESS;
use crate::protocol::{AuthorizationRequest, ClaimsRequest, Scope};
use crate::store::{StoreError, StoreResult, Tx, codes, grants};

/// What a code is made of that must not be drawn inside a transaction.
/// [`super::Tokens::code_mint`] gives one for each code.
pub struct CodeMint {
    pub(super) opaque: Arc<OpaqueTokens>,
    pub(super) random: [u8; 32],
    pub(super) lives: CodeLives,
}

/// The lifetimes that a code decides on.
#[derive(Clone, Copy)]
pub(super) struct CodeLives {
    /// Of the code itself.
    pub code: Duration,
    /// Of the longest access token it may buy.
    pub access: Duration,
    /// Of a family that outlives its sign-in.
    pub family: Duration,
}

/// What the person agreed to, ready to be sold for tokens.
pub struct NewGrant<'a> {
    /// To whom.
    pub client: &'a Client,
    /// By whom, from which sign-in.
    pub sign_in: &'a SignIn,
    /// That sign-in as this client knows it.
    pub sid: &'a SessionId,
    /// What was asked.
    pub request: &'a AuthorizationRequest,
    /// What was granted of it.
    pub scope: Scope,
    /// The resources that the request named; empty when it named none.
    pub resources: Vec<ResourceId>,
}

/// Stores the grant and the code that buys it; the code as it goes to the
/// client. Bound to client, redirection URI, challenge, nonce and claims request.
///
/// # Errors
/// [`StoreError::Inconsistent`] when the request is one that the checks before
/// would never have let through.
pub fn issue(tx: &mut Tx<'_>, mint: &CodeMint, new: &NewGrant<'_>) -> StoreResult<Secret<String>> {
    let (client, request) = (&new.client.id, new.request);
    let asked = Facts { client: client.as_str(), redirect_uri: Some(&request.redirect_uri), scope: &new.scope };
    let scope = oxide::authorize::<StoreError>(asked).map_err(|stop| match stop {
        Stop::Ours(error) => error,
        Stop::Engine(code) => StoreError::inconsistent("interactions", client, code),
    })?;
    let now = tx.now();
    let offline = scope.contains(OFFLINE_ACCESS) && new.client.metadata.allows(GrantType::RefreshToken);
    let life = if offline { mint.lives.family } else { mint.lives.code + mint.lives.access };
    let grant = grants::insert(
        tx,
        &grants::NewGrant {
            client,
            principal: &new.sign_in.principal.id,
            sign_in: new.sign_in.id,
            sid: new.sid,
            scope: &scope,
            resources: &new.resources,
            claims: &claims_text(&request.claims)?,
            nonce: request.nonce.as_deref(),
            offline,
            auth_time: new.sign_in.auth_time,
            assurance: &new.sign_in.assurance,
            expires_at: now + life,
        },
    )?;
    let row = codes::insert(
        tx,
        &codes::NewCode {
            hash: mint.opaque.hash(OpaqueKind::Code, &mint.random),
            grant,
            client,
            redirect_uri: &request.redirect_uri,
            challenge: request.code_challenge.as_ref().map(CodeChallenge::as_str),
            expires_at: now + mint.lives.code,
        },
    )?;
    Ok(mint.opaque.text(OpaqueKind::Code, row, &mint.random))
}

/// Most requests name no claims; those cost no JSON.
fn claims_text(claims: &ClaimsRequest) -> StoreResult<String> {
    if *claims == ClaimsRequest::default() {
        return Ok(String::new());
    }
    serde_json::to_string(claims).map_err(|error| StoreError::inconsistent("grants.claims", "new", error))
}
