//! Which registrations are taken: one ordered list of checks over
//! [`ClientMetadata`], and [`ValidatedMetadata`] as the proof that they ran.

use std::borrow::Cow;

use serde_json::Value;
use url::Url;

use super::client_metadata::{ClientAuthMethod, ClientMetadata, GrantType, ResponseType};
use super::error::{ErrorCode, ProtocolError};
use super::redirect_uri::{ApplicationType, RegisteredRedirectUri};
use super::scope::Scope;
use crate::base::id::ResourceId;

mod people;

/// Longest `client_name`, in characters.
const MAX_NAME_CHARS: usize = 100;
/// Most entries of any list.
const MAX_LIST: usize = 50;
/// Members of a JWK that are private (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a registration is refused. Its text is for an operator.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct MetadataError {
    /// The registered name that is wrong.
    pub field: &'static str,
    /// What is wrong, as the end of a sentence.
    pub reason: Cow<'static, str>,
}

impl MetadataError {
    fn new(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason: reason.into() }
    }

    /// The code of RFC 7591 §3.2.2.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        if self.field == "redirect_uris" { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata }
    }
}

impl From<MetadataError> for ProtocolError {
    fn from(error: MetadataError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Metadata that passed every check, with its redirection URIs ready to compare.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ValidatedMetadata {
    metadata: ClientMetadata,
    redirect_uris: Vec<RegisteredRedirectUri>,
    post_logout_redirect_uris: Vec<RegisteredRedirectUri>,
}

impl ValidatedMetadata {
    /// The registration.
    #[must_use]
    pub const fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }

    /// The registration, given away.
    #[must_use]
    pub fn into_metadata(self) -> ClientMetadata {
        self.metadata
    }

    /// May answers go to `presented`?
    #[must_use]
    pub fn has_redirect_uri(&self, presented: &str) -> bool {
        self.redirect_uris.iter().any(|uri| uri.matches(presented))
    }

    /// May a sign-out go to `presented`?
    #[must_use]
    pub fn has_post_logout_redirect_uri(&self, presented: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|uri| uri.matches(presented))
    }
}

/// One rule about a registration.
type Check = fn(&ClientMetadata) -> Result<(), MetadataError>;

/// The checks, in their order.
const CHECKS: [Check; 10] = [
    check_lists,
    check_name,
    check_links,
    check_grants,
    check_authentication,
    check_keys,
    check_origins,
    check_resources,
    people::check_accounts,
    people::check_logout,
];

impl ClientMetadata {
    /// Checks that every value is good and that the values fit together.
    pub fn validate(self) -> Result<ValidatedMetadata, MetadataError> {
        CHECKS.iter().try_for_each(|check| check(&self))?;
        Ok(ValidatedMetadata {
            redirect_uris: uris("redirect_uris", &self.redirect_uris, self.application_type)?,
            post_logout_redirect_uris: uris(
                "post_logout_redirect_uris",
                &self.post_logout_redirect_uris,
                self.application_type,
            )?,
            metadata: self,
        })
    }

    /// Refuses a scope that is not registered for this client.
    pub fn allow_scope(&self, asked: &Scope) -> Result<(), ProtocolError> {
        if asked.is_subset_of(&self.scope) {
            Ok(())
        } else {
            Err(ProtocolError::new(ErrorCode::InvalidScope, "a scope is not registered for this client"))
        }
    }

    /// The resources asked for, each once, or `invalid_target` when one is not
    /// registered for this client (RFC 8707 §2).
    pub fn allow_resources<'a>(&self, asked: impl Iterator<Item = &'a str>) -> Result<Vec<ResourceId>, ProtocolError> {
        let mut allowed = Vec::new();
        for resource in asked.map(ResourceId::from_text) {
            if !self.resources.contains(&resource) {
                let description = "a resource is not registered for this client";
                return Err(ProtocolError::new(ErrorCode::InvalidTarget, description));
            }
            if !allowed.contains(&resource) {
                allowed.push(resource);
            }
        }
        Ok(allowed)
    }
}

fn uris(
    field: &'static str,
    texts: &[String],
    application_type: ApplicationType,
) -> Result<Vec<RegisteredRedirectUri>, MetadataError> {
    let read = |text: &String| {
        let shown: String = text.chars().take(100).flat_map(char::escape_debug).collect();
        RegisteredRedirectUri::parse(text, application_type)
            .map_err(|error| MetadataError::new(field, format!("names {shown}, which {error}")))
    };
    texts.iter().map(read).collect()
}

fn check_lists(client: &ClientMetadata) -> Result<(), MetadataError> {
    let lists = [
        ("redirect_uris", client.redirect_uris.len()),
        ("post_logout_redirect_uris", client.post_logout_redirect_uris.len()),
        ("allowed_cors_origins", client.allowed_cors_origins.len()),
        ("resources", client.resources.len()),
        ("contacts", client.contacts.len()),
        ("default_acr_values", client.default_acr_values.len()),
        ("grant_types", client.grant_types.len()),
    ];
    match lists.into_iter().find(|(_, len)| *len > MAX_LIST) {
        Some((field, _)) => Err(MetadataError::new(field, "has more than 50 entries")),
        None => Ok(()),
    }
}

/// A name is read by people who decide by it, so nothing in it may be
/// invisible or turn the text round (hostile case DR-05).
fn check_name(client: &ClientMetadata) -> Result<(), MetadataError> {
    let Some(name) = &client.client_name else { return Ok(()) };
    let refuse = |reason: &'static str| Err(MetadataError::new("client_name", reason));
    if name.trim().is_empty() {
        return refuse("is empty");
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return refuse("is longer than 100 characters");
    }
    if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return refuse("holds a control, zero-width or direction character");
    }
    Ok(())
}

/// Is it a zero-width, direction, line separator or tag character of Unicode?
/// No name that people decide by may hold one.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

fn check_links(client: &ClientMetadata) -> Result<(), MetadataError> {
    let links = [
        ("client_uri", &client.client_uri),
        ("logo_uri", &client.logo_uri),
        ("tos_uri", &client.tos_uri),
        ("policy_uri", &client.policy_uri),
        ("jwks_uri", &client.jwks_uri),
        ("initiate_login_uri", &client.initiate_login_uri),
    ];
    for (field, link) in links {
        if let Some(link) = link {
            RegisteredRedirectUri::parse(link, ApplicationType::Web)
                .map_err(|error| MetadataError::new(field, error.to_string()))?;
        }
    }
    Ok(())
}

fn check_grants(client: &ClientMetadata) -> Result<(), MetadataError> {
    let refuse = |field, reason: &'static str| Err(MetadataError::new(field, reason));
    if client.grant_types.is_empty() {
        return refuse("grant_types", "is empty");
    }
    let code = client.allows(GrantType::AuthorizationCode);
    if code && client.redirect_uris.is_empty() {
        return refuse("redirect_uris", "is required for authorization_code");
    }
    if code && !client.response_types.contains(&ResponseType::Code) {
        return refuse("response_types", "must be code for authorization_code");
    }
    if client.allows(GrantType::RefreshToken) && !code {
        return refuse("grant_types", "has refresh_token without a grant that gives one");
    }
    if client.allows(GrantType::ClientCredentials) && client.is_public() {
        return refuse("grant_types", "has client_credentials, which a public client cannot prove");
    }
    Ok(())
}

fn check_authentication(client: &ClientMetadata) -> Result<(), MetadataError> {
    let by_key = client.token_endpoint_auth_method == ClientAuthMethod::PrivateKeyJwt;
    if client.jwks.is_some() && client.jwks_uri.is_some() {
        return Err(MetadataError::new("jwks", "stands beside jwks_uri: one of them is enough"));
    }
    if by_key && client.jwks.is_none() && client.jwks_uri.is_none() {
        return Err(MetadataError::new("token_endpoint_auth_method", "is private_key_jwt without jwks or jwks_uri"));
    }
    if !by_key && client.token_endpoint_auth_signing_alg.is_some() {
        return Err(MetadataError::new("token_endpoint_auth_signing_alg", "needs private_key_jwt"));
    }
    Ok(())
}

/// Public RSA and EC keys only.
fn check_keys(client: &ClientMetadata) -> Result<(), MetadataError> {
    let Some(jwks) = &client.jwks else { return Ok(()) };
    let refuse = |reason: &'static str| Err(MetadataError::new("jwks", reason));
    let Some(keys) = jwks.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty()) else {
        return refuse("has no keys");
    };
    if keys.len() > MAX_LIST {
        return refuse("has more than 50 entries");
    }
    for key in keys {
        if !matches!(key.get("kty").and_then(Value::as_str), Some("RSA" | "EC")) {
            return refuse("has a key that is neither RSA nor EC");
        }
        if PRIVATE_MEMBERS.iter().any(|member| key.get(member).is_some()) {
            return refuse("has a private key: register the public one");
        }
    }
    Ok(())
}

/// `scheme://host[:port]` as browsers write it in `Origin`.
fn check_origins(client: &ClientMetadata) -> Result<(), MetadataError> {
    let is_origin = |text: &String| {
        Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == *text)
    };
    if client.allowed_cors_origins.iter().all(is_origin) {
        Ok(())
    } else {
        Err(MetadataError::new("allowed_cors_origins", "names something else than scheme://host[:port]"))
    }
}

/// An absolute URI without fragment (RFC 8707 §2).
fn check_resources(client: &ClientMetadata) -> Result<(), MetadataError> {
    let is_resource = |text: &str| text.len() <= 2_048 && !text.contains('#') && Url::parse(text).is_ok();
    if client.resources.iter().all(|resource| is_resource(resource.as_str())) {
        Ok(())
    } else {
        Err(MetadataError::new("resources", "names something else than an absolute URI without fragment"))
    }
}

#[cfg(test)]
mod tests;
