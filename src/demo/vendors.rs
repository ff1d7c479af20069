//! The demo's vendors: one simulator for all of them, the configuration by
//! which the provider reaches it, and what 小红 has bound already.

use std::sync::Arc;

use super::DemoError;
use super::addresses::Addresses;
use super::data::{self, PHONE_APP, PHONE_APP_CALLBACK};
use crate::app::App;
use crate::authn::Upstream;
use crate::base::{SharedClock, SharedEntropy};
use crate::config::Config;
use crate::connectors::{UpstreamIdentity, wechat};
use crate::identity::{Identity, by_operator};
use crate::simulator::fixture::{OIDC_NAME, WECHAT_WEB, XIAOHONG, XIAOHONG_UNIONID};
use crate::simulator::settings::{Aggregator, Keys, SmsVendor, section};
use crate::simulator::{Fixture, NativeApp, Running, Simulator};
use crate::store::bindings;

/// What the phone page's app asks for.
const APP_SCOPE: &str = "openid profile email phone account";

/// The sections of a provider whose vendors are this simulator.
#[must_use]
pub fn settings(fixture: &Fixture) -> Vec<(String, Keys)> {
    vec![
        ("sms".to_owned(), fixture.sms(SmsVendor::Aliyun)),
        ("mail".to_owned(), fixture.mail()),
        ("login.wechat".to_owned(), fixture.wechat()),
        ("login.alipay".to_owned(), fixture.alipay()),
        ("login.taobao".to_owned(), fixture.taobao()),
        ("login.one_tap".to_owned(), fixture.one_tap(Aggregator::Aliyun)),
        (format!("login.oidc.{OIDC_NAME}"), fixture.oidc()),
    ]
}

/// The same as part of a configuration file.
#[must_use]
pub fn toml(fixture: &Fixture) -> String {
    settings(fixture).iter().map(|(name, keys)| section(name, keys)).collect()
}

/// Starts the simulator for the provider that `config` describes; it ends when
/// what comes back is dropped.
///
/// # Errors
/// Its port is taken.
pub fn start(
    addresses: &Addresses,
    config: &Config,
    clock: &SharedClock,
    entropy: &SharedEntropy,
) -> Result<Running, DemoError> {
    let usual = Simulator::new(addresses.listen_simulator(), Arc::clone(clock), Arc::clone(entropy));
    let mut redirect_hosts = usual.redirect_hosts.clone();
    redirect_hosts.push(config.server.issuer.authority().to_owned());
    let native_app = NativeApp {
        issuer: config.server.issuer.as_str().to_owned(),
        client_id: PHONE_APP.to_owned(),
        redirect_uri: PHONE_APP_CALLBACK.to_owned(),
        scope: APP_SCOPE.to_owned(),
    };
    let simulator =
        Simulator { origin: Some(addresses.simulator.clone()), redirect_hosts, native_app: Some(native_app), ..usual };
    simulator.start().map_err(|error| DemoError::new("simulator", error))
}

/// Binds the WeChat of 小红 to Globex, as she did by its phone number before the
/// demo began. What is bound already stays as it is.
pub(super) async fn bind_xiaohong(app: &App, identity: &Identity, fixture: &Fixture) -> Result<(), DemoError> {
    let wrong = |error: &dyn std::fmt::Display| DemoError::new("demo data", error);
    let holder = identity.portray(data::GLOBEX).await.map_err(|error| wrong(&error))?.principal.id;
    let openid = fixture.openid(WECHAT_WEB, XIAOHONG);
    let hers: UpstreamIdentity = wechat::identity(WECHAT_WEB.id, &openid, Some(XIAOHONG_UNIONID), Some("小红"))
        .map_err(|error| wrong(&error))?;
    let upstream = Upstream::new(app.store.clone(), &app.vault, Arc::new(app.vault.opaque_tokens()));
    let ready = upstream.vouched("wechat", &hers, &holder, app.entropy.as_ref()).map_err(|error| wrong(&error))?;
    let bound = app.store.write(move |tx| {
        if bindings::of_principal(tx, &holder, "wechat")?.is_none() {
            // Somebody who runs a demo of theirs again may have bound her to another account.
            let _conflict = ready.store(tx, &by_operator())?;
        }
        Ok(())
    });
    bound.await.map_err(|error| wrong(&error))
}
