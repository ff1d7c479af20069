//! `POST /revoke` (RFC 7009 §2).

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;

use super::wire::Wire;
use crate::base::Secret;
use crate::token::TokenError;

/// Revokes a token of the client; 200 after the commit, and for every token
/// that is not the client's too.
pub async fn post(wire: Wire, payload: Payload) -> HttpResponse {
    let body = match wire.form(payload).await {
        Ok(body) => body,
        Err(refused) => return wire.share(refused, None).await,
    };
    let client = match wire.tokens.client(wire.authorization(), &body).await {
        Ok(client) => client,
        Err(error) => return wire.share(wire.refuse(error.code(), error.description()), None).await,
    };
    let token = match body.required("token") {
        Ok(token) => Secret::new(token.to_owned()),
        Err(error) => {
            return wire.share(wire.refuse(error.code(), Some(error.description())), Some(&client)).await;
        }
    };
    let answer = match wire.tokens.revoke(&client, &token, &wire.call).await {
        Ok(()) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish(),
        Err(error) => {
            tracing::error!(%error, "a revocation was not stored");
            wire.refuse(TokenError::from(error).code(), None)
        }
    };
    wire.share(answer, Some(&client)).await
}
