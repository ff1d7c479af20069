//! The few files that pages load, and what browsers ask for by themselves.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse};

use super::assets;

/// Opened by itself a picture is a document: it may load and run nothing.
const ALONE: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// `GET /assets/{file}`.
pub async fn asset(request: HttpRequest) -> HttpResponse {
    match assets::find(request.path()) {
        Some(asset) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.content_type))
            .insert_header((CACHE_CONTROL, assets::CACHE_CONTROL))
            .insert_header((CONTENT_SECURITY_POLICY, ALONE))
            .body(asset.body),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("There is no such file.\n"),
    }
}

/// `GET /favicon.ico`.
pub async fn icon() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((LOCATION, assets::logo_url()))
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .finish()
}

/// `GET /robots.txt`.
pub async fn robots() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("User-agent: *\nDisallow: /\n")
}
