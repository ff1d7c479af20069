//! `GET` and `POST /userinfo` (OIDC Core §5.3, RFC 6750).

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;

use super::wire::{self, Wire};
use crate::protocol::presented::bearer_token;
use crate::protocol::{ErrorCode, RawParams};

/// Tells a client what its token lets it know of the person.
pub async fn answer(wire: Wire, payload: Payload) -> HttpResponse {
    let body = match body(&wire, payload).await {
        Ok(body) => body,
        Err(refused) => return wire.share(refused, None).await,
    };
    let token = match bearer_token(wire.authorization(), body.as_ref()) {
        Ok(Some(token)) => token,
        Ok(None) => return wire.share(challenge(None, StatusCode::UNAUTHORIZED), None).await,
        Err(error) => return wire.share(refuse(error.code()), None).await,
    };
    match wire.tokens.userinfo(&token).await {
        Ok(told) => wire.share(wire::answer(StatusCode::OK, &told.claims), Some(&told.client)).await,
        Err(error) => {
            tracing::info!(%error, "userinfo was refused");
            wire.share(refuse(error.code()), None).await
        }
    }
}

/// The form of a POST that has one; a POST with its token in the header may
/// come with any body or none (conformance-needs 14).
async fn body(wire: &Wire, payload: Payload) -> Result<Option<RawParams>, HttpResponse> {
    let is_form = wire
        .request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    if wire.request.method() != Method::POST || !is_form {
        return Ok(None);
    }
    wire.form(payload).await.map(Some)
}

/// An error as a resource gives it: the challenge says why (RFC 6750 §3.1).
fn refuse(code: ErrorCode) -> HttpResponse {
    match StatusCode::from_u16(code.status()) {
        Ok(status) if status.is_client_error() => challenge(Some(code), status),
        Ok(_) | Err(_) => wire::refusal(code, None),
    }
}

/// Without an error it is the bare challenge for who came without a token.
fn challenge(code: Option<ErrorCode>, status: StatusCode) -> HttpResponse {
    let text = code.map_or_else(|| "Bearer".to_owned(), |code| format!(r#"Bearer error="{code}""#));
    let mut answer = match code {
        Some(code) => wire::refusal(code, None),
        None => HttpResponse::new(status),
    };
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    answer
}
