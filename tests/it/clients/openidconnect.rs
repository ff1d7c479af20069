//! The `openidconnect` crate as a stranger would use it: everything it knows
//! comes from discovery.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreGrantType, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, ProviderMetadata, RedirectUrl, RevocationUrl, Scope, TokenIntrospectionResponse, TokenResponse,
};
use rstest::rstest;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::over_tcp::{Http, Person, Served};
use crate::support::database::Backend;

const PASSWORD: &str = "open-the-red-gate-1";
const SECRET: &str = "a-secret-of-the-rust-client-0123456789abcdef";
const CALLBACK: &str = "http://localhost:65001/callback";

/// Endpoints of RFC 8414 that the crate does not read by itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Endpoints {
    introspection_endpoint: IntrospectionUrl,
    revocation_endpoint: RevocationUrl,
}

impl AdditionalProviderMetadata for Endpoints {}

type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointMaybeSet, EndpointMaybeSet>;

fn house(backend: Backend) -> Served {
    let declared = json!({
        "allow_weak_passwords": true,
        "account": [{ "alias": "acme", "name": "Acme", "email": "ops@acme.example", "password": PASSWORD }],
        "client": [{
            "client_id": "console",
            "client_secret": SECRET,
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": "openid profile email offline_access",
            "first_party": true,
            "consent": "implicit",
        }],
    });
    Served::start(backend, &declared)
}

async fn client(served: &Served, http: &Http) -> Client {
    let issuer = IssuerUrl::new(served.issuer.clone()).unwrap();
    let metadata = Metadata::discover_async(issuer, http).await.unwrap();
    let endpoints = metadata.additional_metadata().clone();
    CoreClient::from_provider_metadata(
        metadata,
        ClientId::new("console".into()),
        Some(ClientSecret::new(SECRET.into())),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.into()).unwrap())
    .set_introspection_url(endpoints.introspection_endpoint)
    .set_revocation_url(endpoints.revocation_endpoint)
}

/// The code flow with PKCE, state and nonce; every check of the tokens.
async fn signed_in(client: &Client, served: &Served, http: &Http) -> (CoreTokenResponse, CoreIdTokenClaims) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email", "offline_access"].map(|scope| Scope::new(scope.into())))
        .set_pkce_challenge(challenge)
        .url();
    let returned = Person::new(http).sign_in(&url, "ops@acme.example", PASSWORD).await;
    let parameter = |name: &str| {
        let found = returned.query_pairs().find(|(key, _)| key == name);
        found.map_or_else(|| panic!("no {name} in {returned}"), |(_, value)| value.into_owned())
    };
    assert_eq!(returned.origin().ascii_serialization() + returned.path(), CALLBACK);
    assert_eq!(parameter("state"), *state.secret());
    assert_eq!(parameter("iss"), served.issuer);
    let code = AuthorizationCode::new(parameter("code"));
    let request = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
    let tokens = request.request_async(http).await.unwrap();
    let id_token = tokens.id_token().unwrap();
    let checker: CoreIdTokenVerifier<'_> = client.id_token_verifier();
    let claims = id_token.claims(&checker, &nonce).unwrap().clone();
    let (algorithm, key) = (id_token.signing_alg().unwrap(), id_token.signing_key(&checker).unwrap());
    let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));
    (tokens, claims)
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[actix_web::test]
async fn the_crate_openidconnect_signs_in_refreshes_introspects_and_revokes(#[case] backend: Backend) {
    let (served, http) = (house(backend), Http::new());
    let client = client(&served, &http).await;
    let (tokens, claims) = signed_in(&client, &served, &http).await;

    let subject = claims.subject().clone();
    let request = client.user_info(tokens.access_token().clone(), Some(subject.clone())).unwrap();
    let person: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(person.email().map(|email| email.as_str()), Some("ops@acme.example"));

    let first = tokens.refresh_token().unwrap();
    let renewed = client.exchange_refresh_token(first).unwrap().request_async(&http).await.unwrap();
    let active = async |token| client.introspect(token).request_async(&http).await.unwrap().active();
    assert!(active(renewed.access_token()).await);
    assert!(renewed.refresh_token().is_some_and(|second| second.secret() != first.secret()));

    // The crate revokes over https alone, so this one request is made by hand.
    let second = renewed.refresh_token().unwrap().secret();
    http.post_form(client.revocation_url().as_str(), ("console", SECRET), &[("token", second)]).await;
    assert!(!active(renewed.access_token()).await);
    assert!(
        client.exchange_refresh_token(renewed.refresh_token().unwrap()).unwrap().request_async(&http).await.is_err()
    );
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[actix_web::test]
async fn both_discovery_documents_are_the_same(#[case] backend: Backend) {
    let (served, http) = (house(backend), Http::new());
    let of = |name: &str| format!("{}/.well-known/{name}", served.issuer);
    let (openid, oauth) =
        (http.json(&of("openid-configuration")).await, http.json(&of("oauth-authorization-server")).await);
    assert_eq!(openid["issuer"], served.issuer.as_str());
    assert_eq!(openid, oauth);
}
