//! Alipay: consent on the web and in the app, both ending in a code for the
//! gateway. What we ask is signed, and what it answers is believed only under
//! its signature.

mod certificate;
mod gateway;
mod rsa2;
mod settings;

use super::Wire;
use super::budget::{Budget, LOGIN};
use super::carrier::plausible;
use super::error::{Class, VendorError};
use super::identity::{IdentityKey, UpstreamIdentity};
use super::json::Body;
use super::settings::below;
use crate::base::Secret;
use crate::config::ConfigError;
use crate::outbound::call::percent_encoded;

use gateway::{App, Params, to_sign};
pub use settings::{AlipayApp, AlipayKeys, AlipaySettings};

const VENDOR: &str = "alipay";
const TOKEN: &str = "alipay.system.oauth.token";
const PERSON: &str = "alipay.user.info.share";

/// Where the person meets Alipay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AlipayPlace {
    /// A browser.
    Website,
    /// A native app with Alipay's SDK.
    NativeApp,
}

/// Talks to Alipay.
pub struct Alipay {
    wire: Wire,
    settings: AlipaySettings,
    website: Option<App>,
    native_app: Option<App>,
}

impl Alipay {
    /// With these apps; reads keys and certificates.
    ///
    /// # Errors
    /// The key of the configuration whose value or file is wrong.
    pub fn new(wire: &Wire, settings: AlipaySettings) -> Result<Self, ConfigError> {
        let website = settings.website.as_ref().map(AlipayApp::open).transpose()?;
        let native_app = settings.native_app.as_ref().map(AlipayApp::open).transpose()?;
        Ok(Self { wire: wire.lane(), settings, website, native_app })
    }

    /// Whether there is an app for a place.
    #[must_use]
    pub fn serves(&self, place: AlipayPlace) -> bool {
        self.app(place).is_some()
    }

    /// Whether an `app_id` that came back to the callback is ours. A code given
    /// to another app is none for us.
    #[must_use]
    pub fn is_ours(&self, place: AlipayPlace, app_id: &str) -> bool {
        self.app(place).is_some_and(|app| app.id == app_id)
    }

    /// The page that asks for consent; `None`: no such app.
    #[must_use]
    pub fn website_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        let app = self.website.as_ref()?;
        let mut url = below(&self.settings.open_base, "/oauth2/publicAppAuthorize.htm");
        url.query_pairs_mut()
            .append_pair("app_id", &app.id)
            .append_pair("scope", &self.settings.scope)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state);
        Some(url.into())
    }

    /// What the native app hands to Alipay's SDK: signed here, asked nowhere.
    /// `attempt` names this attempt and is used once. `None`: no such app, or no
    /// `pid` is configured.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn native_app_info(&self, attempt: &str) -> Result<Option<String>, VendorError> {
        let (Some(app), Some(pid)) = (self.native_app.as_ref(), self.settings.pid.as_deref()) else { return Ok(None) };
        let text = to_sign(&native_params(&app.id, pid, attempt));
        Ok(Some(format!("{text}&sign={}", percent_encoded(&app.sign(&text)?))))
    }

    /// Spends a code of a place: who is it?
    ///
    /// # Errors
    /// See [`Class`]. The code is spent whatever comes back.
    pub async fn exchange(&self, place: AlipayPlace, code: &str) -> Result<UpstreamIdentity, VendorError> {
        plausible(VENDOR, code)?;
        let no_app = || VendorError::new(VENDOR, Class::Misconfigured, "there is no app for this place");
        let app = self.app(place).ok_or_else(no_app)?;
        let budget = Budget::of(LOGIN);
        let own = [("grant_type", "authorization_code"), ("code", code)];
        let token = self.ask(app, TOKEN, &own, budget).await?;
        let keys = |body: &Body| -> Result<[Option<IdentityKey>; 2], VendorError> {
            let user = body.id("user_id")?.and_then(|id| IdentityKey::new(VENDOR, None, "user_id", id));
            let open = body.id("open_id")?.and_then(|id| IdentityKey::new(VENDOR, Some(&app.id), "open_id", id));
            Ok([user, open])
        };
        let found = keys(&token)?;
        // Refuses an answer that names nobody before anything else is asked.
        UpstreamIdentity::new(VENDOR, found.clone(), None)?;
        let name = match self.person(app, &token, budget).await {
            // The person is known for sure; only what they are called is not.
            Err(error) if error.class() == Class::Unavailable => None,
            Err(error) => return Err(error),
            Ok(None) => None,
            Ok(Some(person)) => {
                if !agree(&found, &keys(&person)?) {
                    return Err(VendorError::malformed(VENDOR, "the answer names somebody else"));
                }
                person.text("nick_name").map(str::to_owned)
            }
        };
        UpstreamIdentity::new(VENDOR, found, name.as_deref())
    }

    fn app(&self, place: AlipayPlace) -> Option<&App> {
        match place {
            AlipayPlace::Website => self.website.as_ref(),
            AlipayPlace::NativeApp => self.native_app.as_ref(),
        }
    }

    async fn ask(&self, app: &App, method: &str, own: &[(&str, &str)], budget: Budget) -> Result<Body, VendorError> {
        let call = app.call(&self.settings.gateway, self.wire.clock.now(), method, own)?;
        app.read(&budget.send(VENDOR, &self.wire.outbound, call).await?, method)
    }

    /// Whose token is it? Asked a second time when Alipay is busy; not at all
    /// when the consent was for the identifier alone.
    async fn person(&self, app: &App, token: &Body, budget: Budget) -> Result<Option<Body>, VendorError> {
        if self.settings.scope == "auth_base" {
            return Ok(None);
        }
        let access_token = Secret::new(token.needed("access_token")?.to_owned());
        let own = [("auth_token", access_token.expose().as_str())];
        match self.ask(app, PERSON, &own, budget).await {
            Err(error) if error.class() == Class::Unavailable => self.ask(app, PERSON, &own, budget).await.map(Some),
            asked => asked.map(Some),
        }
    }
}

/// Two answers are about one person: what both name is the same, and they name
/// one thing in common.
fn agree(one: &[Option<IdentityKey>; 2], other: &[Option<IdentityKey>; 2]) -> bool {
    let pairs = one.iter().zip(other);
    let (mut common, mut same) = (false, true);
    for (one, other) in pairs {
        if let (Some(one), Some(other)) = (one, other) {
            common = true;
            same = same && one == other;
        }
    }
    common && same
}

/// The parameters of a login inside the app, by name.
fn native_params<'a>(app_id: &'a str, pid: &'a str, attempt: &'a str) -> Params<'a> {
    [
        ("apiname", "com.alipay.account.auth"),
        ("app_id", app_id),
        ("app_name", "mc"),
        ("auth_type", "AUTHACCOUNT"),
        ("biz_type", "openservice"),
        ("method", "alipay.open.auth.sdk.code.get"),
        ("pid", pid),
        ("product_id", "APP_FAST_LOGIN"),
        ("scope", "kuaijie"),
        ("sign_type", "RSA2"),
        ("target_id", attempt),
    ]
    .into()
}

#[cfg(test)]
mod tests;
