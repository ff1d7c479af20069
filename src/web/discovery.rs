//! `GET /.well-known/openid-configuration` and `…/oauth-authorization-server`
//! (OpenID Connect Discovery 1.0 §4, RFC 8414 §3): one document, made once.

use actix_web::HttpResponse;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};

use crate::domain::Acr;
use crate::protocol::discovery::{Capabilities, ProviderMetadata};

/// The document as it goes over the wire.
pub struct Discovery(Bytes);

impl Discovery {
    /// The document of this issuer.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        let metadata = ProviderMetadata::new(&Capabilities { issuer, acr_values: &Acr::supported() });
        // Text and lists of text always serialise.
        Self(serde_json::to_vec(&metadata).unwrap_or_default().into())
    }
}

/// The document.
pub async fn get(document: Data<Discovery>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(document.0.clone())
}
