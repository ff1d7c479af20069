//! Upstream OpenID Connect providers, one method each: `[login.oidc.<name>]`.
//! amr: `fed`. Signs in the principals that bound an identity of the provider.
//!
//! Nobody is found by a phone number or an e-mail address that a provider claims,
//! verified or not: (issuer, `sub`) is the key, and a binding is made with a
//! proof of our own.

use std::sync::Arc;

use async_trait::async_trait;

use super::vendor;
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, Method, Progress};
use crate::authn::form::Form;
use crate::authn::provider::Provider;
use crate::authn::registry::Entry;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::upstream::{Arrival, Departure, Route, Upstream, Wanted};
use crate::connectors::oidc::{OidcCallback, OidcProvider, OidcRequest, OidcSettings};
use crate::domain::{Amr, Language};
use crate::protocol::pkce::CodeVerifier;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: "oidc",
    keys: &[],
    build: |section, deps| {
        let mut methods: Vec<Arc<dyn Authenticator>> = Vec::new();
        for settings in OidcSettings::read_all(section)? {
            // The name of a method lives as long as the configuration, and that as long as the process.
            let name: &'static str = Box::leak(format!("oidc.{}", settings.name).into_boxed_str());
            let method = Method { name, factor: Factor::Federation, amr: &[Amr::Federated] };
            let provider = OidcProvider::new(&deps.wire, settings);
            methods.push(Arc::new(Oidc { method, provider, upstream: deps.upstream.clone() }));
        }
        Ok(methods)
    },
};

struct Oidc {
    method: Method,
    provider: OidcProvider,
    upstream: Upstream,
}

#[async_trait]
impl Authenticator for Oidc {
    fn method(&self) -> Method {
        self.method
    }

    fn face(&self) -> Face {
        Face::Redirect
    }

    fn label(&self, language: Language) -> Option<&str> {
        let settings = self.provider.settings();
        Some(match language {
            Language::Chinese => &settings.label,
            Language::English => &settings.label_en,
        })
    }

    async fn depart(&self, departure: &Departure<'_>) -> Result<Option<Route>, Rejection> {
        let Some(verifier) = CodeVerifier::parse(departure.verifier.expose()) else { return Ok(None) };
        let challenge = verifier.challenge();
        let request = OidcRequest {
            redirect_uri: departure.redirect_uri,
            state: departure.state,
            nonce: departure.nonce,
            code_challenge: challenge.as_str(),
            prompt: match departure.wanted {
                Wanted::Anybody => None,
                Wanted::Chosen => Some("select_account"),
                Wanted::Proved => Some("login"),
            },
        };
        match self.provider.authorize_url(&request).await {
            Ok(link) => Ok(Some(Route { link, panel: None })),
            Err(error) => Err(vendor::refused(self.method, &error)),
        }
    }

    async fn arrive(&self, attempt: &Attempt<'_>, arrival: &Arrival<'_>) -> Result<Progress, AuthnError> {
        let params = arrival.params;
        match (params.optional("error"), params.optional("code").filter(|code| !code.is_empty())) {
            (Some("access_denied"), _) | (None, None) => {
                Ok(Rejection::UpstreamCancelled { provider: Provider::Oidc }.into())
            }
            (Some(_), _) => Ok(Rejection::UpstreamUnavailable { provider: Provider::Oidc }.into()),
            (None, Some(code)) => {
                let callback = OidcCallback {
                    code,
                    iss: params.optional("iss"),
                    redirect_uri: arrival.redirect_uri,
                    nonce: arrival.nonce,
                    code_verifier: arrival.verifier.expose(),
                };
                let told = self.provider.exchange(&callback).await;
                vendor::settle(&self.upstream, attempt, self.method, told).await
            }
        }
    }

    /// Nothing is typed for it, and no app posts to it.
    async fn answer(&self, _attempt: &Attempt<'_>, _form: &Form) -> Result<Progress, AuthnError> {
        Ok(Rejection::UpstreamUnavailable { provider: Provider::Oidc }.into())
    }
}
