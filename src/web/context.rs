//! What every page handler starts from: the visit, the language, and the ways
//! to answer. Reads a request once; decides nothing.

use std::future::{Ready, ready};

use actix_web::dev::Payload as RawPayload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, RETRY_AFTER, SET_COOKIE, USER_AGENT,
};
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};

use super::body::{self, BodyError, BodyKind};
use super::client_address::ProxyTrust;
use super::cookie::Cookie;
use super::failure::Failure;
use super::pages::{Chrome, Failing, Locale, Page};
use super::site::Site;
use super::{csp, csrf};
use crate::domain::Language;
use crate::flow::{FlowError, View, Visit};
use crate::protocol::RawParams;
use crate::telemetry::RequestId;

/// Bytes of a `User-Agent` that are kept.
const MAX_USER_AGENT: usize = 256;
/// Name of the query parameter, and of the forms' field, that names an interaction.
pub const INTERACTION: &str = "interaction";
/// What our own links put into a page's query, and all that its link to the
/// other language repeats: anything else in there may be somebody's secret.
const PAGE_PARAMETERS: [&str; 3] = [INTERACTION, "other", "account"];

/// One request to a page.
pub struct Context {
    /// The services.
    pub app: Data<Site>,
    /// Who asks, and when.
    pub visit: Visit,
    /// The query; unreadable ones are empty here and refused where they matter.
    pub query: RawParams,
    /// Whether the query could be read.
    pub readable: bool,
    /// The request itself.
    pub request: HttpRequest,
}

impl FromRequest for Context {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut RawPayload) -> Self::Future {
        ready(
            Self::of(request).ok_or_else(|| actix_web::error::ErrorBadRequest("The client's address is not known.\n")),
        )
    }
}

impl Context {
    fn of(request: &HttpRequest) -> Option<Self> {
        let app = request.app_data::<Data<Site>>()?.clone();
        let address = request.app_data::<ProxyTrust>()?.client_address(request).ok()?;
        let id = request.extensions().get::<RequestId>().map(|id| String::from_utf8_lossy(&id.text()).into_owned());
        let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let user_agent = header(USER_AGENT).unwrap_or_default().chars().take(MAX_USER_AGENT).collect();
        let query = RawParams::parse(request.query_string().as_bytes());
        let readable = query.is_ok();
        let query = query.unwrap_or_default();
        let visit = Visit {
            now: app.clock.now(),
            request_id: id.unwrap_or_default(),
            address,
            user_agent,
            cookie: app.cookie.read(request.headers()),
            picked: picked_language(&query, request).as_deref().and_then(Language::find),
            accepted: Locale::negotiate(None, None, header(ACCEPT_LANGUAGE)).language(),
        };
        Some(Self { app, visit, query, readable, request: request.clone() })
    }

    /// The interaction that the query names.
    #[must_use]
    pub fn interaction(&self) -> Option<String> {
        self.query.optional(INTERACTION).map(str::to_owned)
    }

    /// The language of the answer: the link that was clicked, what the client
    /// wished for, what this browser picked, what it accepts.
    #[must_use]
    pub fn locale(&self, wished: &[String]) -> Locale {
        let headers = self.request.headers();
        let picked =
            picked_language(&self.query, &self.request).or_else(|| (!wished.is_empty()).then(|| wished.join(" ")));
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Locale::negotiate(picked.as_deref(), None, accepted)
    }

    /// The bare frame, under the product's configured name.
    #[must_use]
    pub fn frame(&self, locale: Locale) -> Chrome {
        let branding = &self.app.config.branding;
        Chrome::new(locale).branded(match locale {
            Locale::ZhCn => &branding.name_zh,
            Locale::En => &branding.name_en,
        })
    }

    /// The frame of a page, with its link to the other language.
    #[must_use]
    pub fn chrome(&self, view: Option<&View>) -> Chrome {
        let locale = self.locale(view.map_or(&[], |view| view.ui_locales.as_slice()));
        let kept: Vec<_> = self.query.iter().filter(|(name, _)| PAGE_PARAMETERS.contains(name)).collect();
        let chrome = if self.request.method().is_safe() {
            self.frame(locale).at(self.request.path(), &kept)
        } else {
            // What was posted is not repeated by a link.
            let interaction = view.map(|view| (INTERACTION, view.interaction.as_str()));
            self.frame(locale).at(self.request.path(), interaction.as_slice())
        };
        match view.and_then(|view| view.client.as_ref()) {
            Some(client) => chrome.serving(&client.name),
            None => chrome,
        }
    }

    /// The frame of a page that is shown at an address of another one, as after a
    /// vendor's callback: its links lead to `path`.
    #[must_use]
    pub fn chrome_at(&self, view: Option<&View>, path: &str) -> Chrome {
        let interaction = view.map(|view| (INTERACTION, view.interaction.as_str()));
        self.chrome(view).at(path, interaction.as_slice())
    }

    /// Reads a posted form of ours: from our own origin, of the right type,
    /// without a repeated field.
    ///
    /// # Errors
    /// The page that says what was wrong.
    pub async fn form(&self, payload: Payload) -> Result<RawParams, HttpResponse> {
        if !csrf::is_own_origin(&self.request, &self.app.origin) {
            return Err(self.failing(Failing::CrossSite));
        }
        let form = self.body(payload).await?;
        if form.repeated().is_some() {
            return Err(self.failing(Failing::BadRequest));
        }
        Ok(form)
    }

    /// Reads a posted form from anywhere, as protocol endpoints take them.
    ///
    /// # Errors
    /// The page that says what was wrong.
    pub async fn body(&self, payload: Payload) -> Result<RawParams, HttpResponse> {
        match body::read(&self.request, payload, BodyKind::Form).await {
            Ok(bytes) => RawParams::parse(&bytes).map_err(|_unreadable| self.failing(Failing::BadRequest)),
            Err(BodyError::TooLarge) => Err(self.failing(Failing::TooLarge)),
            Err(error @ (BodyError::WrongType | BodyError::TooSlow | BodyError::Broken)) => {
                Err(Failure::new(Failing::BadRequest).with_status(error.status()).answer(self))
            }
        }
    }

    /// A page. `redirect_uri` is where its interaction will return to.
    pub fn page(&self, status: StatusCode, page: &dyn Page, redirect_uri: Option<&str>) -> HttpResponse {
        self.html(status, page.render(), &csp::page(redirect_uri))
    }

    /// An HTML answer under this policy.
    pub(super) fn html(&self, status: StatusCode, body: String, policy: &str) -> HttpResponse {
        let mut response = HttpResponse::build(status);
        for (name, value) in csp::PAGE_HEADERS {
            response.insert_header((name, value));
        }
        response.insert_header((CONTENT_SECURITY_POLICY, policy));
        self.remember_language(&mut response);
        response.body(body)
    }

    /// 303 to a path or address.
    pub fn see_other(&self, location: &str, cookie: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::SeeOther();
        response.insert_header((LOCATION, location));
        if let Some(value) = cookie {
            response.append_header((SET_COOKIE, self.app.cookie.set(value)));
        }
        response.finish()
    }

    fn remember_language(&self, response: &mut HttpResponseBuilder) {
        let picked = self.query.optional("ui_locales").and_then(Locale::find);
        if let (Some(locale), true) = (picked, self.request.method().is_safe()) {
            response.append_header((SET_COOKIE, self.app.cookie.set_language(locale.tag())));
        }
    }

    /// The page that says why a step could not be done.
    pub fn failed(&self, error: &FlowError) -> HttpResponse {
        Failure::of(error).answer(self)
    }

    /// A page of ours that says no.
    pub fn failing(&self, failing: Failing) -> HttpResponse {
        Failure::new(failing).answer(self)
    }
}

/// The language of the link that was clicked, else of an earlier click.
fn picked_language(query: &RawParams, request: &HttpRequest) -> Option<String> {
    query.optional("ui_locales").map(str::to_owned).or_else(|| Cookie::language(request.headers()))
}

/// Puts the seconds to wait on an answer.
pub(super) fn retry_after(response: &mut HttpResponse, seconds: u64) {
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
}
