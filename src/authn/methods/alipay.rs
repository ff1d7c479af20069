//! Alipay: consent on its page, and a native app's code. amr: `alipay`. Signs in
//! the principals that bound an Alipay.

use std::sync::Arc;

use async_trait::async_trait;

use super::vendor::{self, Brought};
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, Method, Progress};
use crate::authn::form::Form;
use crate::authn::provider::Provider;
use crate::authn::registry::Entry;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::upstream::{Arrival, Departure, Route, Upstream};
use crate::connectors::{Alipay as Connector, AlipayPlace, AlipaySettings};
use crate::domain::Amr;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        let connector = Connector::new(&deps.wire, AlipaySettings::read(section)?)?;
        if !connector.serves(AlipayPlace::Website) && !connector.serves(AlipayPlace::NativeApp) {
            return Ok(Vec::new());
        }
        Ok(vec![Arc::new(Alipay { connector, upstream: deps.upstream.clone() })])
    },
};

const METHOD: Method = Method { name: "alipay", factor: Factor::Possession, amr: &[Amr::Alipay] };

struct Alipay {
    connector: Connector,
    upstream: Upstream,
}

#[async_trait]
impl Authenticator for Alipay {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::Redirect
    }

    async fn depart(&self, departure: &Departure<'_>) -> Result<Option<Route>, Rejection> {
        let link = self.connector.website_url(departure.redirect_uri, departure.state);
        Ok(link.map(|link| Route { link, panel: None }))
    }

    async fn arrive(&self, attempt: &Attempt<'_>, arrival: &Arrival<'_>) -> Result<Progress, AuthnError> {
        let Some(code) = arrival.params.optional("auth_code").filter(|code| !code.is_empty()) else {
            return Ok(Rejection::UpstreamCancelled { provider: Provider::Alipay }.into());
        };
        // A code for another app is nothing that we ask about.
        if !arrival.params.optional("app_id").is_some_and(|id| self.connector.is_ours(AlipayPlace::Website, id)) {
            return Ok(Rejection::UpstreamExpired { provider: Provider::Alipay }.into());
        }
        let told = self.connector.exchange(AlipayPlace::Website, code).await;
        vendor::settle(&self.upstream, attempt, METHOD, told).await
    }

    /// The native app's code. What else the app says of the person is not read.
    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        if !self.connector.serves(AlipayPlace::NativeApp) {
            return Ok(Rejection::UpstreamUnavailable { provider: Provider::Alipay }.into());
        }
        // Every app posts a `code`; Alipay's SDK itself calls it `auth_code`.
        let field = if form.filled("auth_code").is_some() { "auth_code" } else { "code" };
        let code = match vendor::brought(&self.upstream, attempt, METHOD, form, field).await? {
            Brought::Fresh(code) => code,
            Brought::Refused(rejection) => return Ok(rejection.into()),
        };
        let told = self.connector.exchange(AlipayPlace::NativeApp, code).await;
        vendor::settle(&self.upstream, attempt, METHOD, told).await
    }
}
