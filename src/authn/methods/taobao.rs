//! Taobao: consent on its page, and a native app's code. amr: `taobao`. Signs in
//! the principals that bound a Taobao.

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
use crate::connectors::{Taobao as Connector, TaobaoPlace, TaobaoSettings};
use crate::domain::Amr;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        let connector = Connector::new(&deps.wire, TaobaoSettings::read(section)?);
        if !connector.serves(TaobaoPlace::Website) && !connector.serves(TaobaoPlace::NativeApp) {
            return Ok(Vec::new());
        }
        Ok(vec![Arc::new(Taobao { connector, upstream: deps.upstream.clone() })])
    },
};

const METHOD: Method = Method { name: "taobao", factor: Factor::Possession, amr: &[Amr::Taobao] };

struct Taobao {
    connector: Connector,
    upstream: Upstream,
}

#[async_trait]
impl Authenticator for Taobao {
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
        // With `error` or without anything: no code, no question.
        let code = arrival.params.optional("code").filter(|code| !code.is_empty());
        let Some(code) = code.filter(|_| arrival.params.optional("error").is_none()) else {
            return Ok(Rejection::UpstreamCancelled { provider: Provider::Taobao }.into());
        };
        let told = self.connector.exchange(TaobaoPlace::Website, code, arrival.redirect_uri).await;
        vendor::settle(&self.upstream, attempt, METHOD, told).await
    }

    /// The native app's code. What else the app says of the person is not read.
    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        if !self.connector.serves(TaobaoPlace::NativeApp) {
            return Ok(Rejection::UpstreamUnavailable { provider: Provider::Taobao }.into());
        }
        let code = match vendor::brought(&self.upstream, attempt, METHOD, form, "code").await? {
            Brought::Fresh(code) => code,
            Brought::Refused(rejection) => return Ok(rejection.into()),
        };
        let told = self.connector.exchange(TaobaoPlace::NativeApp, code, "").await;
        vendor::settle(&self.upstream, attempt, METHOD, told).await
    }
}
