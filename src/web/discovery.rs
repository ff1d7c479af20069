//! `GET /.well-known/openid-configuration` and `…/oauth-authorization-server`
//! (OpenID Connect Discovery 1.0 §4, RFC 8414 §3): one document, made once.

use actix_web::HttpResponse;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};

use crate::domain::Acr;
use crate::flow::SignUpPolicy;
use crate::protocol::discovery::{Capabilities, ProviderMetadata};
use crate::protocol::prompt::{PROMPT_VALUES_SUPPORTED, Prompt};

/// The document as it goes over the wire.
pub struct Discovery(Bytes);

impl Discovery {
    /// The document of this issuer. Where nobody makes accounts by themselves,
    /// `prompt=create` is not offered.
    #[must_use]
    pub fn new(issuer: &str, sign_up: SignUpPolicy) -> Self {
        let offered = |prompt: &&&str| sign_up == SignUpPolicy::Open || **prompt != Prompt::Create.as_str();
        let prompt_values: Vec<&'static str> = PROMPT_VALUES_SUPPORTED.iter().filter(offered).copied().collect();
        let acr_values = Acr::supported();
        let capabilities = Capabilities { issuer, acr_values: &acr_values, prompt_values: &prompt_values };
        let metadata = ProviderMetadata::new(&capabilities);
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
