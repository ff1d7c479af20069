//! The example API: an ordinary resource server, which takes bearer tokens and
//! asks the provider about each of them (RFC 7662). It keeps no answer, so a
//! token that is revoked is refused at the next call.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::{Value, json};
use url::Url;

use super::addresses::Addresses;
use super::data::{API, API_SCOPE, BILLING_API, BILLING_API_SECRET};
use super::http::{HttpClient, HttpError};

/// The one thing this API does.
pub const PATH: &str = "/v1/account";
/// Claims of the answer, under the names that they have there.
const SAID: [(&str, &str); 7] = [
    ("acts_on_account", "account_id"),
    ("owned_by_account", "owner_account_id"),
    ("billed_to_account", "billing_account_id"),
    ("caller", "sub"),
    ("caller_type", "principal_type"),
    ("caller_name", "username"),
    ("client", "client_id"),
];

/// The API, one for all workers.
pub struct Api {
    issuer: String,
    /// Its own origin.
    origin: String,
    http: HttpClient,
}

/// Why a call is refused (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Refusal {
    /// No token at all: no code either.
    NoToken,
    /// More than one, or something that is none.
    InvalidRequest,
    /// Not active, or not for this API.
    InvalidToken,
    /// Active, and not enough.
    InsufficientScope,
    /// The provider cannot be asked.
    Unavailable,
}

impl Api {
    /// An API at these addresses.
    #[must_use]
    pub fn new(addresses: &Addresses, http: HttpClient) -> Self {
        Self { issuer: addresses.issuer.clone(), origin: addresses.api.clone(), http }
    }

    /// What the provider says about `token` at this moment.
    async fn introspect(&self, token: &str) -> Result<Value, HttpError> {
        let document = self.http.fetch_json(&format!("{}/.well-known/openid-configuration", self.issuer)).await?;
        let endpoint =
            document.get("introspection_endpoint").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        let endpoint = endpoint.ok_or(HttpError::Unexpected(200))?;
        let form = [("token", token), ("token_type_hint", "access_token")];
        self.http.post_form(&endpoint, (BILLING_API, BILLING_API_SECRET), &form).await
    }

    async fn answer(&self, headers: &HeaderMap) -> Result<Value, Refusal> {
        let token = bearer_token(headers)?;
        let told = self.introspect(token).await.map_err(|error| {
            tracing::warn!(%error, "the API cannot ask about a token");
            Refusal::Unavailable
        })?;
        judge(&told)
    }
}

/// Whether what was told about a token is enough, and then what to answer.
fn judge(told: &Value) -> Result<Value, Refusal> {
    let is_for_us = match told.get("aud") {
        Some(Value::String(audience)) => audience == API,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == API),
        Some(_) | None => false,
    };
    if told.get("active") != Some(&Value::Bool(true)) || !is_for_us {
        return Err(Refusal::InvalidToken);
    }
    let scope = told.get("scope").and_then(Value::as_str).unwrap_or_default();
    if !scope.split(' ').any(|granted| granted == API_SCOPE) {
        return Err(Refusal::InsufficientScope);
    }
    let said = SAID.iter().filter_map(|(name, claim)| Some(((*name).to_owned(), told.get(claim)?.clone())));
    Ok(Value::Object(said.chain([("scope".to_owned(), scope.into())]).collect()))
}

/// The token of the `Authorization` header (RFC 6750 §2.1), the one place
/// where this API looks for it.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        let none = !headers.contains_key(header::AUTHORIZATION);
        return Err(if none { Refusal::NoToken } else { Refusal::InvalidRequest });
    };
    let text = value.to_str().map_err(|_not_ascii| Refusal::InvalidRequest)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::NoToken);
    }
    let token = token.trim();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(known) { Err(Refusal::InvalidRequest) } else { Ok(token) }
}

impl Refusal {
    const fn code(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NoToken => None,
            Self::InvalidRequest => Some(("invalid_request", "the Authorization header holds no bearer token")),
            Self::InvalidToken => Some(("invalid_token", "the token is not active or not for this API")),
            Self::InsufficientScope => Some(("insufficient_scope", "the token does not allow ecs:read")),
            Self::Unavailable => Some(("temporarily_unavailable", "the token cannot be checked at the moment")),
        }
    }

    fn answer(self) -> HttpResponse {
        let mut answer = match self {
            Self::NoToken | Self::InvalidToken => HttpResponse::Unauthorized(),
            Self::InvalidRequest => HttpResponse::BadRequest(),
            Self::InsufficientScope => HttpResponse::Forbidden(),
            Self::Unavailable => HttpResponse::ServiceUnavailable(),
        };
        if self == Self::Unavailable {
            answer.insert_header((header::RETRY_AFTER, "1"));
        } else {
            answer.insert_header((header::WWW_AUTHENTICATE, self.challenge()));
        }
        match self.code() {
            Some((error, description)) => answer.json(json!({ "error": error, "error_description": description })),
            None => answer.finish(),
        }
    }

    fn challenge(self) -> String {
        let realm = format!("Bearer realm=\"{API}\"");
        match (self, self.code()) {
            (Self::InsufficientScope, Some((error, words))) => {
                format!("{realm}, error=\"{error}\", error_description=\"{words}\", scope=\"{API_SCOPE}\"")
            }
            (_, Some((error, words))) => format!("{realm}, error=\"{error}\", error_description=\"{words}\""),
            (_, None) => realm,
        }
    }
}

/// What a visitor reads.
#[derive(Template)]
#[template(path = "demo/api.html")]
struct ApiPage<'a> {
    issuer: &'a str,
    origin: &'a str,
    path: &'a str,
    resource: &'a str,
    scope: &'a str,
    client: (&'a str, &'a str),
}

/// Everything the API answers.
pub fn routes(api: Arc<Api>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |app: &mut ServiceConfig| {
        app.app_data(Data::from(Arc::clone(&api)))
            .route("/", web::get().to(front))
            .route(PATH, web::get().to(account))
            .route("/assets/console.css", web::get().to(stylesheet));
    }
}

async fn account(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    let mut answer = match api.answer(request.headers()).await {
        Ok(said) => HttpResponse::Ok().json(said),
        Err(refusal) => refusal.answer(),
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answer
}

#[expect(clippy::needless_pass_by_value, reason = "actix hands extractors over by value")]
fn front(api: Data<Api>) -> std::future::Ready<HttpResponse> {
    let page = ApiPage {
        issuer: &api.issuer,
        origin: &api.origin,
        path: PATH,
        resource: API,
        scope: API_SCOPE,
        client: (BILLING_API, BILLING_API_SECRET),
    };
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    std::future::ready(
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(crate::web::pages::Page::render(&page)),
    )
}

fn stylesheet() -> std::future::Ready<HttpResponse> {
    std::future::ready(HttpResponse::Ok().content_type("text/css; charset=utf-8").body(super::STYLESHEET))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn told(change: impl FnOnce(&mut Value)) -> Value {
        let mut told = json!({"active": true, "aud": [API], "scope": "openid ecs:read", "sub": "p_1", "account_id": "1",
            "owner_account_id": "2", "billing_account_id": "3", "principal_type": "sub_account", "client_id": "console"});
        change(&mut told);
        told
    }

    #[test]
    fn the_answer_says_on_whose_account_it_acts_and_who_pays() {
        let said = judge(&told(|_| ())).unwrap();
        assert_eq!(said["acts_on_account"], "1");
        assert_eq!(said["owned_by_account"], "2");
        assert_eq!(said["billed_to_account"], "3");
        assert_eq!(said["caller_type"], "sub_account");
    }

    #[test]
    fn a_token_that_is_dead_or_meant_for_others_is_refused() {
        for wrong in [
            json!({"active": false}),
            told(|told| told["active"] = json!("true")),
            told(|told| told["aud"] = json!("https://api.globex.example")),
            told(|told| told["aud"] = json!(["https://api.acme.example.evil"])),
            told(|told| told["aud"] = Value::Null),
        ] {
            assert_eq!(judge(&wrong), Err(Refusal::InvalidToken), "{wrong}");
        }
        assert!(judge(&told(|told| told["aud"] = json!(API))).is_ok());
    }

    #[test]
    fn a_token_without_the_scope_is_told_what_it_lacks() {
        for scope in ["openid", "ecs:read2", ""] {
            assert_eq!(judge(&told(|told| told["scope"] = json!(scope))), Err(Refusal::InsufficientScope));
        }
        let answer = Refusal::InsufficientScope.answer();
        assert_eq!(answer.status(), 403);
        let challenge = answer.headers().get("www-authenticate").unwrap().to_str().unwrap();
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"ecs:read\""));
    }

    #[test]
    fn only_one_well_formed_bearer_token_is_taken() {
        let with = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            bearer_token(&headers).map(str::to_owned)
        };
        assert_eq!(with(&["Bearer mat_abc"]), Ok("mat_abc".to_owned()));
        assert_eq!(with(&["bearer mat_abc"]), Ok("mat_abc".to_owned()));
        assert_eq!(with(&[]), Err(Refusal::NoToken));
        assert_eq!(with(&["Basic YTpi"]), Err(Refusal::NoToken));
        assert_eq!(with(&["Bearer"]), Err(Refusal::InvalidRequest));
        assert_eq!(with(&["Bearer a b"]), Err(Refusal::InvalidRequest));
        assert_eq!(with(&["Bearer a", "Bearer b"]), Err(Refusal::InvalidRequest));
        let challenge = Refusal::NoToken.answer().headers().get("www-authenticate").unwrap().clone();
        assert_eq!(challenge, "Bearer realm=\"https://api.acme.example\"");
    }
}
