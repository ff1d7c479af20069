//! `GET /jwks` (RFC 7517 §5): our public keys, from memory.

use actix_web::HttpResponse;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};

use crate::token::Tokens;

/// The JWK set. A key is published a day before its first use, so five minutes
/// in a cache hide none (security.md D9).
pub async fn get(tokens: Data<Tokens>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(Bytes::from_owner(tokens.jwks()))
}
