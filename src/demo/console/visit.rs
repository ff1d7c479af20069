//! What a request to the console says about its visitor, and how it is answered.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::Frame;
use super::session::{COOKIE, cookie_of};
use crate::protocol::RawParams;
use crate::web::pages::{Locale, Page};

/// The cookie that remembers the language.
const LANGUAGE_COOKIE: &str = "menshen_console_language";

/// One request.
pub struct Visit {
    /// Its session cookie, if it has one.
    pub cookie: Option<String>,
    /// The parameters of its query; none when they are not well-formed.
    pub params: RawParams,
    /// The language to answer in.
    pub locale: Locale,
    path: String,
}

impl Visit {
    /// Reads the request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let params = RawParams::parse(request.query_string().as_bytes()).ok();
        let params = params.filter(|params| params.repeated().is_none()).unwrap_or_default();
        let cookies = text(headers, &header::COOKIE).unwrap_or_default();
        let language = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        let language = language.filter(|(name, _)| *name == LANGUAGE_COOKIE).map(|(_, value)| value).next();
        let accepted = text(headers, &header::ACCEPT_LANGUAGE);
        Self {
            cookie: cookie_of(cookies).map(str::to_owned),
            locale: Locale::negotiate(params.optional("ui_locales"), language, accepted),
            params,
            path: request.path().to_owned(),
        }
    }

    /// The account that the tab works as, by its handle.
    #[must_use]
    pub fn seat(&self) -> Option<&str> {
        let known = |handle: &&str| handle.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        self.params.optional("as").filter(known)
    }

    /// The frame of the page that answers. Only pages that may be called again
    /// lead to themselves in the other language.
    #[must_use]
    pub fn frame(&self) -> Frame {
        let path = if self.path == "/report" { "/report" } else { "/" };
        let seat = self.seat().map(|handle| format!("&as={handle}")).unwrap_or_default();
        let language_href = format!("{path}?ui_locales={}{seat}", self.locale.other().tag());
        Frame { locale: self.locale, language_href }
    }

    /// Answers with a page. A language that was asked for is remembered.
    #[must_use]
    pub fn page(&self, status: StatusCode, page: &impl Page) -> HttpResponse {
        let mut answer = HttpResponse::build(status);
        answer.content_type("text/html; charset=utf-8");
        if self.params.optional("ui_locales").is_some() {
            let value = format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", self.locale.tag());
            answer.append_header((header::SET_COOKIE, value));
        }
        answer.body(page.render())
    }
}

/// Sends the browser on, with its session's new name if it has one.
#[must_use]
pub fn see_other(to: &str, cookie: Option<&str>) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, to));
    if let Some(cookie) = cookie {
        let value = format!("{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax");
        answer.append_header((header::SET_COOKIE, value));
    }
    answer.finish()
}

/// Whether a POST comes from one of our own pages. Every port of localhost is
/// the same site to a browser, so `SameSite` alone does not say it.
#[must_use]
pub fn is_from_own_page(headers: &HeaderMap, origin: &str) -> bool {
    let own_origin = text(headers, &header::ORIGIN).is_none_or(|named| named == origin);
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    let own_site = text(headers, &fetch_site).is_none_or(|site| matches!(site, "same-origin" | "none"));
    own_origin && own_site
}

/// A header's one value as text.
pub fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_post_from_another_port_is_not_ours() {
        let with = |pairs: &[(&'static str, &'static str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_from_own_page(&pairs.collect(), "http://localhost:8082")
        };
        assert!(with(&[]));
        assert!(with(&[("origin", "http://localhost:8082"), ("sec-fetch-site", "same-origin")]));
        assert!(!with(&[("origin", "http://localhost:8080")]));
        assert!(!with(&[("origin", "null")]));
        assert!(!with(&[("sec-fetch-site", "same-site")]));
    }
}
