//! An upstream OpenID Connect provider: the code flow with PKCE, and every
//! check of what comes back.
//!
//! State, nonce and PKCE verifier are the caller's: it binds them to the
//! browser and spends them once. The key of a person is (issuer, `sub`); mail
//! and phone claims are not looked at, so nobody is found by them.

mod discovery;
mod id_token;
mod kept;
mod settings;

use std::sync::Arc;

use openidconnect::core::{CoreIdTokenClaims, CoreJsonWebKeySet};

use super::Wire;
use super::budget::{Budget, LOGIN};
use super::carrier::plausible;
use super::error::{Class, VendorError};
use super::identity::{IdentityKey, UpstreamIdentity};
use super::json::Body;
use crate::outbound::{Answer, Call};

use discovery::{Provider, document};
use id_token::{Expected, Wrong};
use kept::Kept;
pub use settings::{OidcClientAuth, OidcSettings};

const VENDOR: &str = "oidc";

/// What the person is sent to the provider with.
pub struct OidcRequest<'a> {
    /// Our callback.
    pub redirect_uri: &'a str,
    /// Names this attempt; bound to the browser by the caller.
    pub state: &'a str,
    /// Comes back inside the ID token.
    pub nonce: &'a str,
    /// S256 of the verifier (RFC 7636 §4.2).
    pub code_challenge: &'a str,
    /// What the provider is to ask of somebody who is signed in there.
    pub prompt: Option<&'static str>,
}

/// What came back to the callback, with what was remembered of the request.
pub struct OidcCallback<'a> {
    /// The code.
    pub code: &'a str,
    /// `iss`, when the callback had one (RFC 9207).
    pub iss: Option<&'a str>,
    /// As it was in the request.
    pub redirect_uri: &'a str,
    /// As it was in the request.
    pub nonce: &'a str,
    /// Of which the request had the challenge.
    pub code_verifier: &'a str,
}

/// Talks to one upstream provider.
pub struct OidcProvider {
    wire: Wire,
    settings: OidcSettings,
    provider: Kept<Provider>,
    keys: Kept<CoreJsonWebKeySet>,
}

impl OidcProvider {
    /// With these settings; asks nobody before it has to.
    #[must_use]
    pub fn new(wire: &Wire, settings: OidcSettings) -> Self {
        Self { wire: wire.lane(), settings, provider: Kept::new(), keys: Kept::new() }
    }

    /// As configured.
    #[must_use]
    pub const fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Where the person is sent.
    ///
    /// # Errors
    /// The provider could not be discovered.
    pub async fn authorize_url(&self, request: &OidcRequest<'_>) -> Result<String, VendorError> {
        let provider = self.discovered(Budget::of(LOGIN)).await?;
        let mut url = provider.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.code_challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(request.prompt.map(|prompt| ("prompt", prompt)));
        Ok(url.into())
    }

    /// Spends a code: who is it?
    ///
    /// # Errors
    /// See [`Class`]. The code is spent whatever comes back.
    pub async fn exchange(&self, callback: &OidcCallback<'_>) -> Result<UpstreamIdentity, VendorError> {
        plausible(VENDOR, callback.code)?;
        let budget = Budget::of(LOGIN);
        let provider = self.discovered(budget).await?;
        let named = callback.iss.map_or(!provider.names_itself, |iss| iss == self.settings.issuer);
        if !named {
            // Mix-up (RFC 9207 §2.4): the code is another provider's, and this one must not see it.
            return Err(VendorError::new(VENDOR, Class::Malformed, "the callback is of another issuer"));
        }
        let answer = budget.send(VENDOR, &self.wire.outbound, self.token_call(&provider, callback)).await?;
        let tokens = tokens(&answer)?;
        let access_token = tokens.text("access_token").filter(|token| !token.is_empty());
        let claims = self.claims(&provider, &tokens, callback.nonce, budget).await?;
        let key = IdentityKey::new(VENDOR, Some(&self.settings.issuer), "sub", claims.subject().as_str());
        let mut name = name_in(&claims);
        if name.is_none() && key.is_some() {
            name = self.asked_name(&provider, access_token, claims.subject().as_str(), budget).await?;
        }
        UpstreamIdentity::new(VENDOR, [key], name.as_deref())
    }

    async fn discovered(&self, budget: Budget) -> Result<Arc<Provider>, VendorError> {
        let fetch = async {
            let url = Provider::url(&self.settings.issuer)?;
            let answer = budget.send(VENDOR, &self.wire.outbound, document_call(url)).await?;
            Provider::read(&self.settings.issuer, &answer, &self.wire.outbound)
        };
        self.provider.current(self.wire.clock.now(), fetch).await
    }

    fn token_call(&self, provider: &Provider, callback: &OidcCallback<'_>) -> Call {
        let settings = &self.settings;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", callback.code),
            ("redirect_uri", callback.redirect_uri),
            ("code_verifier", callback.code_verifier),
        ];
        let basic = match settings.client_auth {
            OidcClientAuth::Auto => provider.takes_basic,
            OidcClientAuth::Basic => true,
            OidcClientAuth::Post => false,
        };
        let call = document_call_to(Call::post(provider.token_endpoint.clone()));
        match &settings.client_secret {
            Some(secret) if basic => call.basic(&settings.client_id, secret.expose()).form(fields),
            Some(secret) => {
                fields.extend([("client_id", settings.client_id.as_str()), ("client_secret", secret.expose())]);
                call.form(fields)
            }
            None => {
                fields.push(("client_id", &settings.client_id));
                call.form(fields)
            }
        }
    }

    /// The claims of the ID token, under the keys that are known, or under
    /// newer ones when none of those fits.
    async fn claims(
        &self,
        provider: &Provider,
        tokens: &Body,
        nonce: &str,
        budget: Budget,
    ) -> Result<CoreIdTokenClaims, VendorError> {
        let text = tokens.needed("id_token")?;
        let now = self.wire.clock.now();
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce,
            access_token: tokens.text("access_token"),
            now,
        };
        let known = self.keys.current(now, self.fetched_keys(provider, budget)).await?;
        match id_token::verified(text, &known, &expected) {
            Err(Wrong::Key) => {
                let newer = self.keys.renewed(now, self.fetched_keys(provider, budget)).await?;
                Ok(id_token::verified(text, &newer, &expected)?)
            }
            judged => Ok(judged?),
        }
    }

    async fn fetched_keys(&self, provider: &Provider, budget: Budget) -> Result<CoreJsonWebKeySet, VendorError> {
        let call = document_call(provider.jwks_uri.clone());
        let answer = budget.send(VENDOR, &self.wire.outbound, call).await?;
        document(&answer)?;
        let keys = serde_json::from_slice(&answer.body);
        keys.map_err(|_odd| VendorError::malformed(VENDOR, "the key set is none"))
    }

    /// What the person is called, asked of the provider when the ID token does
    /// not tell. Not to be told is no reason to refuse them; to be told of
    /// somebody else is.
    async fn asked_name(
        &self,
        provider: &Provider,
        access_token: Option<&str>,
        subject: &str,
        budget: Budget,
    ) -> Result<Option<String>, VendorError> {
        let (Some(url), Some(token)) = (provider.userinfo_endpoint.clone(), access_token) else { return Ok(None) };
        let call = document_call(url).header("authorization", format!("Bearer {token}"));
        let Ok(answer) = budget.send(VENDOR, &self.wire.outbound, call).await else { return Ok(None) };
        let Ok(person) = document(&answer) else { return Ok(None) };
        if person.text("sub") != Some(subject) {
            return Err(VendorError::malformed(VENDOR, "userinfo is of somebody else"));
        }
        Ok(person.text("name").or_else(|| person.text("preferred_username")).map(str::to_owned))
    }
}

fn document_call(url: url::Url) -> Call {
    document_call_to(Call::get(url))
}

fn document_call_to(call: Call) -> Call {
    call.header("accept", "application/json")
}

/// The token response, or what its `error` means (RFC 6749 §5.2).
fn tokens(answer: &Answer) -> Result<Body, VendorError> {
    let body = match Body::parse(VENDOR, &answer.body) {
        Err(_malformed) if answer.is_trouble() => return Err(VendorError::status(VENDOR, answer)),
        parsed => parsed?,
    };
    let class = match body.text("error") {
        None if answer.is_success() => return Ok(body),
        None => return Err(VendorError::status(VENDOR, answer)),
        Some("invalid_grant") => Class::CodeSpent,
        Some("server_error" | "temporarily_unavailable") => Class::Unavailable,
        Some(_) => Class::Misconfigured,
    };
    Err(VendorError::refused(VENDOR, class, body.text("error").unwrap_or_default()))
}

/// The name in an ID token, in whatever language comes first.
fn name_in(claims: &CoreIdTokenClaims) -> Option<String> {
    let name = claims.name().and_then(|names| names.iter().next().map(|(_, name)| name.as_str().to_owned()));
    name.or_else(|| claims.preferred_username().map(|name| name.as_str().to_owned()))
}

#[cfg(test)]
mod tests;
