//! WeChat: the website's QR code, our page inside WeChat, and a native app's
//! code. amr: `wechat`. Signs in the principals that bound a WeChat.

use std::sync::Arc;

use async_trait::async_trait;

use super::vendor::{self, Brought};
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, Method, Progress};
use crate::authn::form::Form;
use crate::authn::provider::Provider;
use crate::authn::registry::Entry;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::upstream::{Arrival, Departure, Panel, Place, Route, Upstream};
use crate::connectors::{WeChat as Connector, WeChatPlace, WeChatSettings};
use crate::domain::Amr;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        let settings = WeChatSettings::read(section)?;
        let connector = Connector::new(&deps.wire, settings);
        let places = [WeChatPlace::Website, WeChatPlace::InApp, WeChatPlace::NativeApp];
        if !places.into_iter().any(|place| connector.serves(place)) {
            return Ok(Vec::new());
        }
        Ok(vec![Arc::new(WeChat { connector, upstream: deps.upstream.clone() })])
    },
};

const METHOD: Method = Method { name: "wechat", factor: Factor::Possession, amr: &[Amr::WeChat] };

struct WeChat {
    connector: Connector,
    upstream: Upstream,
}

#[async_trait]
impl Authenticator for WeChat {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::QrPanel
    }

    async fn depart(&self, departure: &Departure<'_>) -> Result<Option<Route>, Rejection> {
        let (to, state) = (departure.redirect_uri, departure.state);
        let panel = |src| Panel { src, origin: self.connector.panel_origin() };
        Ok(match departure.place {
            Place::InsideWeChat => self.connector.in_app_url(to, state).map(|link| Route { link, panel: None }),
            Place::Browser => self
                .connector
                .website_url(to, state, departure.language)
                .map(|link| Route { link, panel: self.connector.panel_url(to, state).map(panel) }),
        })
    }

    async fn arrive(&self, attempt: &Attempt<'_>, arrival: &Arrival<'_>) -> Result<Progress, AuthnError> {
        // Who says no comes back with the state alone, or does not come back.
        let Some(code) = arrival.params.optional("code").filter(|code| !code.is_empty()) else {
            return Ok(Rejection::UpstreamCancelled { provider: Provider::WeChat }.into());
        };
        let place = match arrival.place {
            Place::Browser => WeChatPlace::Website,
            Place::InsideWeChat => WeChatPlace::InApp,
        };
        let told = self.connector.exchange(place, code).await;
        vendor::settle(&self.upstream, attempt, METHOD, told).await
    }

    /// The native app's code.
    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        if !self.connector.serves(WeChatPlace::NativeApp) {
            return Ok(Rejection::UpstreamUnavailable { provider: Provider::WeChat }.into());
        }
        let code = match vendor::brought(&self.upstream, attempt, METHOD, form, "code").await? {
            Brought::Fresh(code) => code,
            Brought::Refused(rejection) => return Ok(rejection.into()),
        };
        let told = self.connector.exchange(WeChatPlace::NativeApp, code).await;
        vendor::settle(&self.upstream, attempt, METHOD, told).await
    }
}
