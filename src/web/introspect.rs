//! `POST /introspect` (RFC 7662 §2).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::wire::{self, Wire};
use crate::base::Secret;
use crate::token::{AuthenticatedClient, ClientAuthError, TokenError};

/// Tells a client what it may know of a token.
pub async fn post(wire: Wire, payload: Payload) -> HttpResponse {
    let body = match wire.form(payload).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let client = match wire.tokens.client(wire.authorization(), &body).await.and_then(confidential) {
        Ok(client) => client,
        Err(error) => return wire.refuse(error.code(), error.description()),
    };
    let token = match body.required("token") {
        Ok(token) => Secret::new(token.to_owned()),
        Err(error) => return wire.refuse(error.code(), Some(error.description())),
    };
    match wire.tokens.introspect(&client, &token).await {
        Ok(told) => wire::answer(StatusCode::OK, &told),
        Err(error) => wire.refuse(TokenError::from(error).code(), None),
    }
}

/// Who proves nothing is told nothing (RFC 7662 §2.1).
fn confidential(client: AuthenticatedClient) -> Result<AuthenticatedClient, TokenError> {
    if client.client.metadata.is_public() {
        return Err(ClientAuthError::Method(client.id().clone()).into());
    }
    Ok(client)
}
