//! `POST /token` (RFC 6749 §3.2).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::wire::{self, Wire};
use crate::token::TokenError;

/// Trades what was presented for tokens.
pub async fn post(wire: Wire, payload: Payload) -> HttpResponse {
    let body = match wire.form(payload).await {
        Ok(body) => body,
        Err(refused) => return wire.share(refused, None).await,
    };
    match wire.tokens.token(wire.authorization(), &body, &wire.call).await {
        Ok((client, issued)) => wire.share(wire::answer(StatusCode::OK, &issued), Some(&client)).await,
        Err(error) => {
            log(&error);
            wire.share(wire.refuse(error.code(), error.description()), None).await
        }
    }
}

/// Our own faults are errors, everybody else's are not.
fn log(error: &TokenError) {
    if error.code().status() >= 500 {
        tracing::error!(%error, "no token was issued");
    } else {
        tracing::info!(%error, "no token was issued");
    }
}
