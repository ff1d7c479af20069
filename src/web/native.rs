//! JSON for native apps of ours, which ask for it by `Accept`.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::context::Context;
use crate::flow::{Answer, NativeView};

/// Whether the caller takes JSON and no page. Browsers always take pages.
#[must_use]
pub fn wants_json(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let names =
        |wanted: &str| accepted.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == wanted);
    names("application/json") && !names("text/html")
}

/// What a native app needs of a login page.
pub fn login(context: &Context, view: &NativeView, answer: &Answer) -> HttpResponse {
    let body = json!({"interaction": view.interaction, "csrf": view.csrf, "methods": view.methods});
    let mut response = answered(StatusCode::OK, &body);
    if let Some(cookie) = &answer.cookie
        && let Ok(value) = context.app.cookie.set(cookie.expose()).parse()
    {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// Why something was refused, by the code that a page has in `data-code`.
pub fn refused(status: StatusCode, code: &str) -> HttpResponse {
    answered(status, &json!({"error": code}))
}

fn answered(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(body.to_string())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_browser_never_asks_for_json_alone() {
        let asks = |accept: &str| wants_json(&TestRequest::get().insert_header((ACCEPT, accept)).to_http_request());
        assert!(asks("application/json"));
        assert!(asks("application/json; charset=utf-8, */*;q=0.1"));
        assert!(!asks("text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"));
        assert!(!asks("*/*") && !asks(""));
    }
}
