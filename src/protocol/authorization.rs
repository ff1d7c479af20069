//! The authorization request: from parameters to a checked value that an
//! interaction stores (RFC 6749 §4.1.1, OIDC Core §3.1.2.1).
//!
//! `client_id` and `redirect_uri` are checked by the caller before: until they
//! are right, errors are shown, afterwards they are returned to the client.
//! What is asked of the *person* (login, consent, freshness) is `flow`'s matter.

use std::fmt;

use super::account_hints::AccountHints;
use super::claims_request::ClaimsRequest;
use super::client_metadata::{ClientMetadata, GrantType};
use super::error::{ErrorCode, ProtocolError};
use super::params::RawParams;
use super::pkce::CodeChallenge;
use super::prompt::{Prompt, Prompts};
use super::response::ResponseMode;
use super::scope::{OPENID, Scope};
use crate::base::id::{ClientId, ResourceId};

/// Longest `state`, in bytes; it comes back as it was sent.
const MAX_STATE: usize = 8 * 1024;
/// Longest `nonce`, in bytes.
const MAX_NONCE: usize = 2 * 1024;
/// Longest `login_hint`, in characters: an e-mail address fits.
pub(super) const MAX_HINT: usize = 320;
/// Most entries taken of a list of wishes.
const MAX_WISHES: usize = 10;

/// A checked authorization request.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes, as presented.
    pub redirect_uri: String,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// What is asked for, all of it registered for the client.
    pub scope: Scope,
    /// The APIs the token is for; empty means the client's default.
    pub resources: Vec<ResourceId>,
    /// Comes back in the answer.
    pub state: Option<String>,
    /// Comes back in the ID token.
    pub nonce: Option<String>,
    /// Which pages are wanted.
    pub prompts: Prompts,
    /// Oldest sign-in taken, in seconds: the request's, else the client's default.
    pub max_age: Option<u64>,
    /// What the person may type as identifier; untrusted text.
    pub login_hint: Option<String>,
    /// An earlier ID token of the person, unchecked.
    pub id_token_hint: Option<String>,
    /// Our extensions that narrow whom the answer may be about.
    #[serde(default)]
    pub hints: AccountHints,
    /// Assurance wished for, in order of preference: the request's, else the client's default.
    pub acr_values: Vec<String>,
    /// Claims asked for by name, as far as the client may have them.
    pub claims: ClaimsRequest,
    /// Languages wished for, in order of preference; untrusted text.
    pub ui_locales: Vec<String>,
    /// How pages should look.
    pub display: Option<Display>,
    /// Proof key; absent only for clients registered without.
    pub code_challenge: Option<CodeChallenge>,
}

/// How pages should look (OIDC Core §3.1.2.1). Every page fits all of them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A whole page.
    Page,
    /// A small window.
    Popup,
    /// A touch screen.
    Touch,
    /// A very small screen.
    Wap,
}

/// How to answer a request that may itself be wrong.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ErrorTarget {
    /// The mode asked for when it is a served one, else the query.
    pub response_mode: ResponseMode,
    /// The state, if it is one text of bearable length.
    pub state: Option<String>,
}

impl ErrorTarget {
    /// Reads what an early error needs. Never fails.
    #[must_use]
    pub fn read(params: &RawParams) -> Self {
        let mut states = params.all("state");
        let state = states.next().filter(|state| state.len() <= MAX_STATE && states.all(|other| other == *state));
        let response_mode = params.optional("response_mode").and_then(ResponseMode::parse).unwrap_or_default();
        Self { response_mode, state: state.map(str::to_owned) }
    }
}

impl AuthorizationRequest {
    /// The ordered list of checks. The first that fails names the error.
    pub fn validate(params: &RawParams, client: &ClientMetadata) -> Result<Self, ProtocolError> {
        params.refuse_repeated()?;
        refuse_request_objects(params)?;
        check_response_type(params, client)?;
        Ok(Self {
            client_id: ClientId::from_text(params.required("client_id")?),
            redirect_uri: params.required("redirect_uri")?.to_owned(),
            response_mode: response_mode(params)?,
            scope: scope(params, client)?,
            resources: client.allow_resources(params.all("resource"))?,
            code_challenge: code_challenge(params, client)?,
            state: bounded(params, "state", MAX_STATE)?,
            nonce: bounded(params, "nonce", MAX_NONCE)?,
            prompts: Prompts::parse(params.optional("prompt").unwrap_or_default())?,
            max_age: max_age(params)?.or(client.default_max_age),
            claims: claims(params, client)?,
            acr_values: acr_values(params, client),
            login_hint: login_hint(params),
            id_token_hint: params.optional("id_token_hint").map(str::to_owned),
            hints: AccountHints::read(params)?,
            ui_locales: ui_locales(params),
            display: params.optional("display").and_then(Display::parse),
        })
    }

    /// Is it OpenID Connect, that is: does an ID token follow?
    #[must_use]
    pub fn is_openid(&self) -> bool {
        self.scope.contains(OPENID)
    }

    /// Whether a new proof is asked for: `prompt=login`, or `max_age=0`, which is
    /// the same (OIDC Core §3.1.2.1).
    #[must_use]
    pub fn is_anew(&self) -> bool {
        self.prompts.contains(Prompt::Login) || self.max_age == Some(0)
    }

    /// The `acr` values of which one must be met; empty when none is essential.
    pub fn essential_acr(&self) -> impl Iterator<Item = &str> {
        self.claims.essential_acr()
    }
}

/// Shows who asks, and nothing of a person.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Display {
    /// Every value, as discovery names them.
    pub const SUPPORTED: [&str; 4] = ["page", "popup", "touch", "wap"];

    fn parse(text: &str) -> Option<Self> {
        match text {
            "page" => Some(Self::Page),
            "popup" => Some(Self::Popup),
            "touch" => Some(Self::Touch),
            "wap" => Some(Self::Wap),
            _ => None,
        }
    }
}

/// Request objects are not served; passing over them would let the outer
/// parameters win (RFC 9101 §6.3, hostile cases AZ-20 and AZ-21).
fn refuse_request_objects(params: &RawParams) -> Result<(), ProtocolError> {
    let refused = [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ];
    match refused.into_iter().find(|(name, _)| params.optional(name).is_some()) {
        Some((name, code)) => Err(ProtocolError::new(code, format!("the parameter {name} is not supported"))),
        None => Ok(()),
    }
}

fn check_response_type(params: &RawParams, client: &ClientMetadata) -> Result<(), ProtocolError> {
    if params.required("response_type")? != "code" {
        return Err(ProtocolError::new(ErrorCode::UnsupportedResponseType, "response_type must be code"));
    }
    if !client.allows(GrantType::AuthorizationCode) {
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, "the client may not use authorization_code"));
    }
    Ok(())
}

fn response_mode(params: &RawParams) -> Result<ResponseMode, ProtocolError> {
    params.optional("response_mode").map_or(Ok(ResponseMode::default()), |text| {
        ResponseMode::parse(text)
            .ok_or_else(|| ProtocolError::invalid_request("response_mode must be query or form_post"))
    })
}

/// Every scope must be registered for the client. OIDC Core §3.1.2.1 lets a
/// provider pass over unknown scopes; RFC 6749 §3.3 lets it refuse. We refuse:
/// who asks for more than it may have should hear of it, and nothing depends on
/// which scopes exist elsewhere. For the same reason there is no default scope.
fn scope(params: &RawParams, client: &ClientMetadata) -> Result<Scope, ProtocolError> {
    let scope = Scope::parse(params.optional("scope").unwrap_or_default())?;
    if scope.is_empty() {
        return Err(ProtocolError::new(ErrorCode::InvalidScope, "the parameter scope is missing"));
    }
    client.allow_scope(&scope)?;
    Ok(scope)
}

fn code_challenge(params: &RawParams, client: &ClientMetadata) -> Result<Option<CodeChallenge>, ProtocolError> {
    let method = params.optional("code_challenge_method");
    match params.optional("code_challenge") {
        Some(challenge) => CodeChallenge::parse(challenge, method).map(Some),
        None if client.require_pkce => Err(ProtocolError::invalid_request("code_challenge is missing (PKCE)")),
        None if method.is_some() => {
            Err(ProtocolError::invalid_request("code_challenge_method stands without code_challenge"))
        }
        None => Ok(None),
    }
}

pub(super) fn bounded(params: &RawParams, name: &str, max: usize) -> Result<Option<String>, ProtocolError> {
    match params.optional(name) {
        Some(text) if text.len() > max => {
            Err(ProtocolError::invalid_request(format!("the parameter {name} is too long")))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

fn max_age(params: &RawParams) -> Result<Option<u64>, ProtocolError> {
    let Some(text) = params.optional("max_age") else { return Ok(None) };
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| ProtocolError::invalid_request("max_age is not a number of seconds"))
}

fn claims(params: &RawParams, client: &ClientMetadata) -> Result<ClaimsRequest, ProtocolError> {
    params
        .optional("claims")
        .map_or(Ok(ClaimsRequest::default()), |text| Ok(ClaimsRequest::parse(text)?.limited_to(&client.scope)))
}

/// `acr_values` are wishes; those beyond the tenth are passed over.
fn acr_values(params: &RawParams, client: &ClientMetadata) -> Vec<String> {
    params.optional("acr_values").map_or_else(|| client.default_acr_values.clone(), wishes)
}

/// A hint that is no plausible identifier is passed over: hints never fail a request.
fn login_hint(params: &RawParams) -> Option<String> {
    let plausible = |hint: &&str| hint.chars().count() <= MAX_HINT && !hint.chars().any(char::is_control);
    params.optional("login_hint").filter(plausible).map(str::to_owned)
}

/// Language tags (RFC 5646) by their alphabet and length; others are passed over.
fn ui_locales(params: &RawParams) -> Vec<String> {
    let is_tag = |tag: &String| tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let mut tags = params.optional("ui_locales").map_or_else(Vec::new, wishes);
    tags.retain(is_tag);
    tags
}

fn wishes(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).take(MAX_WISHES).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
