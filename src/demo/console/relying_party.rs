//! The example relying party's protocol side, on the `openidconnect` crate:
//! authorization code flow with PKCE, state and nonce, and every check of what
//! comes back.

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields,
    LanguageTag, LoginHint, LogoutRequest, Nonce, NonceVerifier, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde_json::{Map, Value};
use url::Url;

use super::provider::Provider;
use super::session::{Pending, SignedIn};
use super::trouble::Trouble;
use crate::base::{Secret, Timestamp};
use crate::demo::http::HttpError;

/// Claims that OpenID Connect does not name: those of accounts are among them.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
pub struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

/// An ID token of this provider.
pub type AnIdToken = IdToken<OtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<OtherClaims, CoreGenderClaim>;
type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type TokenError = RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>;
type OidcClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a client is registered with at the provider.
#[derive(Clone)]
pub struct Registration {
    /// Its id.
    pub client_id: ClientId,
    /// Its secret.
    pub secret: ClientSecret,
    /// Where answers go.
    pub redirect_uri: RedirectUrl,
    /// Where a sign-out goes.
    pub post_logout_redirect_uri: PostLogoutRedirectUrl,
    /// What it asks for, beside `openid`.
    pub scopes: &'static [&'static str],
}

/// What a link may ask of the sign-in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wish {
    /// `prompt` (OpenID Connect Core §3.1.2.1).
    pub prompt: Option<CoreAuthPrompt>,
    /// Who is expected.
    pub login_hint: Option<String>,
    /// What kind of principal, by the provider's extension `principal_type_hint`.
    pub principal_type: Option<&'static str>,
    /// Language of the pages.
    pub ui_locale: Option<&'static str>,
}

/// One client of the provider.
pub struct RelyingParty {
    provider: Arc<Provider>,
    registration: Registration,
}

impl RelyingParty {
    /// A client that is registered so.
    #[must_use]
    pub const fn new(provider: Arc<Provider>, registration: Registration) -> Self {
        Self { provider, registration }
    }

    /// Where to send the browser to sign in.
    pub async fn authorize(&self, wish: &Wish, pending: &Pending) -> Result<Url, Trouble> {
        let client = self.client(&*self.provider.metadata().await?);
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.registration.scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        if let Some(prompt) = &wish.prompt {
            request = request.add_prompt(prompt.clone());
        }
        if let Some(hint) = &wish.login_hint {
            request = request.set_login_hint(LoginHint::new(hint.clone()));
        }
        if let Some(kind) = wish.principal_type {
            request = request.add_extra_param("principal_type_hint", kind);
        }
        if let Some(locale) = wish.ui_locale {
            request = request.add_ui_locale(LanguageTag::new(locale.to_owned()));
        }
        Ok(request.url().0)
    }

    /// Trades a code for tokens, checks them, and asks who it is.
    pub async fn redeem(&self, code: &str, pending: &Pending) -> Result<SignedIn, Trouble> {
        let metadata = self.provider.metadata().await?;
        let client = self.client(&metadata);
        let asked = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Trouble::provider("token endpoint", &error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request_async(self.provider.http())
            .await;
        let tokens = asked.map_err(|error| refused(&error, None))?;
        let nonce = Nonce::new(pending.nonce.clone());
        self.admit(&tokens, None, |told| (&nonce).verify(told)).await
    }

    /// Trades the refresh token for new tokens.
    ///
    /// The new ID token must be about the same person and the same sign-in
    /// (OpenID Connect Core §12.2).
    pub async fn refresh(&self, signed_in: &SignedIn, refresh_token: &str) -> Result<SignedIn, Trouble> {
        let client = self.client(&*self.provider.metadata().await?);
        let asked = client
            .exchange_refresh_token(&RefreshToken::new(refresh_token.to_owned()))
            .map_err(|error| Trouble::provider("token endpoint", &error))?
            .request_async(self.provider.http())
            .await;
        let tokens = asked.map_err(|error| refused(&error, Some(&CoreErrorResponseType::InvalidGrant)))?;
        let first_nonce = signed_in.id_claims.get("nonce").and_then(Value::as_str).map(str::to_owned);
        let same = |told: Option<&Nonce>| match told {
            Some(told) if Some(told.secret()) != first_nonce.as_ref() => Err("another nonce".to_owned()),
            Some(_) | None => Ok(()),
        };
        let mut renewed = self.admit(&tokens, Some(signed_in), same).await?;
        renewed.refreshed = signed_in.refreshed + 1;
        if renewed.refresh_token.is_none() {
            renewed.refresh_token = Some(Secret::new(refresh_token.to_owned()));
        }
        Ok(renewed)
    }

    /// Where to send the browser to sign out (RP-Initiated Logout 1.0 §2);
    /// `None` when the provider has no such place.
    pub async fn sign_out(&self, id_token: &AnIdToken, state: String) -> Result<Option<Url>, Trouble> {
        let metadata = self.provider.metadata().await?;
        let Some(endpoint) = metadata.additional_metadata().end_session_endpoint.clone() else { return Ok(None) };
        let request = LogoutRequest::from(endpoint)
            .set_id_token_hint(id_token)
            .set_client_id(self.registration.client_id.clone())
            .set_post_logout_redirect_uri(self.registration.post_logout_redirect_uri.clone())
            .set_state(CsrfToken::new(state));
        Ok(Some(request.http_get_url()))
    }

    /// Every check of a token response, then the userinfo endpoint.
    async fn admit(
        &self,
        tokens: &Tokens,
        before: Option<&SignedIn>,
        nonce: impl FnOnce(Option<&Nonce>) -> Result<(), String> + Clone,
    ) -> Result<SignedIn, Trouble> {
        let now = self.provider.now();
        let client = self.client(&*self.provider.metadata().await?);
        // A refresh may leave the ID token out (OpenID Connect Core §12.2).
        let id_token = tokens.id_token().or(before.map(|before| &before.id_token)).ok_or(Trouble::Proof)?;
        let verified = if let (None, Some(before)) = (tokens.id_token(), before) {
            before.id_claims.clone()
        } else {
            let client = self.client_that_knows(client.clone(), id_token).await?;
            as_map(&verify(&client, id_token, tokens, nonce)?)
        };
        if before.is_some_and(|before| !is_same_sign_in(&before.id_claims, &verified)) {
            tracing::warn!("a refreshed ID token is about somebody else");
            return Err(Trouble::Proof);
        }
        let subject = verified.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let userinfo = client
            .user_info(tokens.access_token().clone(), Some(openidconnect::SubjectIdentifier::new(subject)))
            .map_err(|error| Trouble::provider("userinfo endpoint", &error))?
            .request_async::<OtherClaims, _, CoreGenderClaim>(self.provider.http())
            .await
            .map_err(|error| Trouble::provider("userinfo endpoint", &error))?;
        Ok(SignedIn {
            id_token: id_token.clone(),
            id_claims: verified,
            userinfo: as_map(&userinfo),
            access_token: Secret::new(tokens.access_token().secret().clone()),
            refresh_token: tokens.refresh_token().map(|token| Secret::new(token.secret().clone())),
            scopes: granted(tokens, before, self.registration.scopes),
            expires_at: tokens.expires_in().map(|lifetime| now + lifetime),
            refreshed: 0,
            api_answer: None,
        })
    }

    /// The client, with new keys when the token names one that it lacks.
    async fn client_that_knows(&self, client: OidcClient, id_token: &AnIdToken) -> Result<OidcClient, Trouble> {
        let knows = id_token.signing_key(&client.id_token_verifier()).is_ok();
        if knows { Ok(client) } else { Ok(self.client(&*self.provider.fresh_metadata().await?)) }
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> OidcClient {
        let Registration { client_id, secret, redirect_uri, .. } = self.registration.clone();
        Client::from_provider_metadata(metadata.clone(), client_id, Some(secret)).set_redirect_uri(redirect_uri)
    }
}

/// Signature, issuer, audience, times, nonce (OpenID Connect Core §3.1.3.7),
/// and that the access token belongs to the ID token (§3.1.3.8).
fn verify(
    client: &OidcClient,
    id_token: &AnIdToken,
    tokens: &Tokens,
    nonce: impl FnOnce(Option<&Nonce>) -> Result<(), String>,
) -> Result<Claims, Trouble> {
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce).map_err(|error| Trouble::proof("ID token", &error))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| Trouble::proof("ID token", &error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| Trouble::proof("ID token", &error))?;
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| Trouble::proof("at_hash", &error))?;
        if hash != *expected {
            tracing::warn!("the access token is not the one that the ID token came with");
            return Err(Trouble::Proof);
        }
    }
    Ok(claims.clone())
}

fn is_same_sign_in(first: &Map<String, Value>, second: &Map<String, Value>) -> bool {
    ["iss", "sub", "auth_time"].iter().all(|claim| first.get(*claim) == second.get(*claim))
}

/// What was granted; a response that does not say grants what was asked (RFC 6749 §5.1).
fn granted(tokens: &Tokens, before: Option<&SignedIn>, asked: &[&str]) -> Vec<String> {
    match (tokens.scopes(), before) {
        (Some(scopes), _) => scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        (None, Some(before)) => before.scopes.clone(),
        (None, None) => std::iter::once("openid").chain(asked.iter().copied()).map(str::to_owned).collect(),
    }
}

fn refused(error: &TokenError, ended_by: Option<&CoreErrorResponseType>) -> Trouble {
    match error {
        RequestTokenError::ServerResponse(answer) if Some(answer.error()) == ended_by => Trouble::Ended,
        RequestTokenError::ServerResponse(answer) => Trouble::Refused {
            error: answer.error().as_ref().to_owned(),
            description: answer.error_description().cloned(),
        },
        RequestTokenError::Request(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Trouble::provider("token endpoint", error)
        }
    }
}

fn as_map(claims: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => claims.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        // Claims are always an object.
        Ok(_) | Err(_) => Map::new(),
    }
}

/// Seconds since the epoch of a claim.
pub(super) fn moment(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    claims.get(name).and_then(Value::as_i64).map(Timestamp::from_seconds)
}
