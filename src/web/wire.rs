//! What the protocol endpoints share: reading a call, answering in JSON, and
//! CORS by registration.
//!
//! Pages have their own way (`context`, `failure`); nothing here renders or
//! knows a cookie. An origin is told that it may read an answer only when the
//! client it concerns registered it, and never with credentials (TK-20).

use std::future::{Ready, ready};

use actix_web::dev::Payload as RawPayload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE,
    HeaderMap, HeaderName, HeaderValue, ORIGIN, PRAGMA, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;

use super::body::{self, BodyKind};
use super::client_address::ProxyTrust;
use crate::protocol::{ErrorCode, RawParams};
use crate::telemetry::RequestId;
use crate::token::{Call, KnownClient, Tokens};

/// Seconds to wait when storage is in trouble.
const WAIT: HeaderValue = HeaderValue::from_static("2");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// One call of a protocol endpoint.
pub struct Wire {
    /// The service.
    pub tokens: Tokens,
    /// When and from where.
    pub call: Call,
    /// The request itself.
    pub request: HttpRequest,
}

/// An error answer (RFC 6749 §5.2).
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'a str>,
}

impl FromRequest for Wire {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut RawPayload) -> Self::Future {
        ready(
            Self::of(request).ok_or_else(|| actix_web::error::ErrorBadRequest("The client's address is not known.\n")),
        )
    }
}

impl Wire {
    fn of(request: &HttpRequest) -> Option<Self> {
        let tokens = request.app_data::<Data<Tokens>>()?.get_ref().clone();
        let address = request.app_data::<ProxyTrust>()?.client_address(request).ok()?;
        let id = request.extensions().get::<RequestId>().map(ToString::to_string);
        let call = Call { arrived_at: tokens.now(), address: address.to_string(), request_id: id.unwrap_or_default() };
        Some(Self { tokens, call, request: request.clone() })
    }

    /// The `Authorization` header; what is not ASCII is as wrong as can be.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default())
    }

    /// Reads the parameters of a POST: a form in the body, nothing in the query
    /// (RFC 6749 §2.3.1, TK-19).
    ///
    /// # Errors
    /// The answer that says what was wrong.
    pub async fn form(&self, payload: Payload) -> Result<RawParams, HttpResponse> {
        if !self.request.query_string().is_empty() {
            return Err(refusal(ErrorCode::InvalidRequest, Some("parameters belong in the body")));
        }
        let bytes = body::read(&self.request, payload, BodyKind::Form).await.map_err(|error| {
            let mut answer = refusal(ErrorCode::InvalidRequest, Some("the body must be a form"));
            *answer.status_mut() = error.status();
            answer
        })?;
        RawParams::parse(&bytes)
            .map_err(|_malformed| refusal(ErrorCode::InvalidRequest, Some("the body is not well-formed")))
    }

    /// An error answer; a client that used Basic is challenged with it.
    #[must_use]
    pub fn refuse(&self, code: ErrorCode, description: Option<&str>) -> HttpResponse {
        let mut answer = refusal(code, description);
        if code == ErrorCode::InvalidClient && self.authorization().is_some() {
            let challenge = HeaderValue::from_static(r#"Basic realm="menshen", charset="UTF-8""#);
            answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        answer
    }

    /// Lets the caller's origin read the answer if `client` registered it; where
    /// no client is known, if any did (an error tells nothing of anybody).
    pub async fn share(&self, mut answer: HttpResponse, client: Option<&KnownClient>) -> HttpResponse {
        let Some(origin) = self.request.headers().get(ORIGIN) else { return answer };
        let text = origin.to_str().unwrap_or_default();
        let registered = match client {
            Some(client) => client.client.metadata.allowed_cors_origins.iter().any(|known| known == text),
            None => self.tokens.clients().knows_origin(text).await.unwrap_or(false),
        };
        let headers = answer.headers_mut();
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if registered {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
        }
        answer
    }
}

/// `OPTIONS` before a cross-origin call. It names no client, so any registered
/// origin may go on; the answer itself is shared by its own client's registration.
pub async fn preflight(wire: Wire) -> HttpResponse {
    let mut answer = wire.share(HttpResponse::NoContent().finish(), None).await;
    let headers = answer.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        set(headers, ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        set(headers, ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type");
        set(headers, ACCESS_CONTROL_MAX_AGE, "600");
    }
    answer
}

/// 405 for an endpoint that takes POST alone.
pub async fn post_only() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST, OPTIONS")).finish()
}

/// 405 for an endpoint that takes GET and POST.
pub async fn get_or_post() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD, POST, OPTIONS")).finish()
}

/// A JSON answer that nobody keeps (RFC 6749 §5.1).
#[must_use]
pub fn answer(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(json) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((CACHE_CONTROL, NO_STORE))
            .insert_header((PRAGMA, "no-cache"))
            .body(json),
        Err(error) => {
            tracing::error!(%error, "an answer does not serialise");
            HttpResponse::InternalServerError().insert_header((CACHE_CONTROL, NO_STORE)).finish()
        }
    }
}

/// An error answer with the status of its code.
#[must_use]
pub fn refusal(code: ErrorCode, description: Option<&str>) -> HttpResponse {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut refused = answer(status, &ErrorBody { error: code, error_description: description });
    if status == StatusCode::SERVICE_UNAVAILABLE {
        refused.headers_mut().insert(RETRY_AFTER, WAIT);
    }
    refused
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
