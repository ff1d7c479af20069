//! WeChat: the website's QR code, a page inside WeChat, and a native app.
//!
//! All three end in a code that is exchanged for `openid` (one app's name of
//! the person) and `unionid` (all apps' of one owner, if there is one). Errors
//! come with status 200 and a text type, so the body alone is believed.

use url::{Url, form_urlencoded};

use super::budget::{Budget, LOGIN};
use super::carrier::plausible;
use super::error::{Class, VendorError};
use super::identity::{IdentityKey, UpstreamIdentity};
use super::json::Body;
use super::{Wire, settings};
use crate::base::Secret;
use crate::config::{ConfigError, Key, MethodSection};
use crate::domain::Language;
use crate::outbound::{Answer, Call};

const VENDOR: &str = "wechat";
const OPEN: &str = "https://open.weixin.qq.com";
const API: &str = "https://api.weixin.qq.com";

/// Where the person meets WeChat. Each has an app of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WeChatPlace {
    /// The QR code on our page (网站应用).
    Website,
    /// Our page inside WeChat (服务号).
    InApp,
    /// A native app (移动应用).
    NativeApp,
}

/// One app at WeChat.
#[derive(Clone)]
pub struct WeChatApp {
    /// `AppID`.
    pub id: String,
    /// `AppSecret`.
    pub secret: Secret<String>,
}

/// `[login.wechat]`.
#[derive(Clone)]
pub struct WeChatSettings {
    /// The website's QR code.
    pub website: Option<WeChatApp>,
    /// Inside WeChat.
    pub in_app: Option<WeChatApp>,
    /// The native app.
    pub native_app: Option<WeChatApp>,
    /// Where the pages begin.
    pub open_base: Url,
    /// Where the API begins.
    pub api_base: Url,
}

impl WeChatSettings {
    /// What is read of the section.
    pub const KEYS: &'static [Key] = &[
        settings::text("app_id", "", &["AppID of the website (网站应用), for its QR code."]),
        settings::secret("app_secret", &["Its AppSecret."]),
        settings::text("h5_app_id", "", &["AppID of the service account (服务号), for pages inside WeChat."]),
        settings::secret("h5_app_secret", &["Its AppSecret."]),
        settings::text("native_app_id", "", &["AppID of the native app (移动应用)."]),
        settings::secret("native_app_secret", &["Its AppSecret."]),
        settings::url("open_base", OPEN, &["Where WeChat's pages begin."]),
        settings::url("api_base", API, &["Where WeChat's API begins."]),
    ];

    /// Reads them.
    ///
    /// # Errors
    /// The key that is wrong, unknown, or lacks its other half.
    pub fn read(section: &MethodSection) -> Result<Self, ConfigError> {
        settings::refuse_unknown(section, &[Self::KEYS])?;
        let app = |id: &str, secret: &str| {
            let pair = settings::pair(section, id, secret)?;
            Ok(pair.map(|(id, secret)| WeChatApp { id, secret }))
        };
        Ok(Self {
            website: app("app_id", "app_secret")?,
            in_app: app("h5_app_id", "h5_app_secret")?,
            native_app: app("native_app_id", "native_app_secret")?,
            open_base: settings::base(section, "open_base", OPEN)?,
            api_base: settings::base(section, "api_base", API)?,
        })
    }

    /// The app for a place, if there is one.
    #[must_use]
    pub const fn app(&self, place: WeChatPlace) -> Option<&WeChatApp> {
        match place {
            WeChatPlace::Website => self.website.as_ref(),
            WeChatPlace::InApp => self.in_app.as_ref(),
            WeChatPlace::NativeApp => self.native_app.as_ref(),
        }
    }
}

/// Talks to WeChat.
pub struct WeChat {
    wire: Wire,
    settings: WeChatSettings,
}

/// What the exchange gave.
struct Token {
    access: Secret<String>,
    openid: String,
    unionid: Option<String>,
}

impl WeChat {
    /// With these apps.
    #[must_use]
    pub fn new(wire: &Wire, settings: WeChatSettings) -> Self {
        Self { wire: wire.lane(), settings }
    }

    /// Whether there is an app for a place.
    #[must_use]
    pub fn serves(&self, place: WeChatPlace) -> bool {
        self.settings.app(place).is_some()
    }

    /// The page with the website's QR code, to link to; `None`: no such app.
    #[must_use]
    pub fn website_url(&self, redirect_uri: &str, state: &str, language: Language) -> Option<String> {
        let lang = match language {
            Language::Chinese => "cn",
            Language::English => "en",
        };
        Some(format!("{}&lang={lang}#wechat_redirect", self.qr_url(redirect_uri, state)?))
    }

    /// The same page for a frame of ours: it takes the whole window to the
    /// callback when the person has agreed. `None`: no such app.
    #[must_use]
    pub fn panel_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        Some(format!("{}&login_type=jssdk&self_redirect=false", self.qr_url(redirect_uri, state)?))
    }

    /// The one origin that such a frame shows.
    #[must_use]
    pub fn panel_origin(&self) -> String {
        self.settings.open_base.origin().ascii_serialization()
    }

    /// The page that asks inside WeChat; `None`: no such app. WeChat compares
    /// the link with a pattern: order of the parameters and fragment are fixed.
    #[must_use]
    pub fn in_app_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        let app = self.settings.in_app.as_ref()?;
        let query = query(&app.id, redirect_uri, "snsapi_userinfo", state);
        Some(format!(
            "{}?{query}#wechat_redirect",
            settings::below(&self.settings.open_base, "/connect/oauth2/authorize")
        ))
    }

    /// `AppID` of the native app, for its SDK.
    #[must_use]
    pub fn native_app_id(&self) -> Option<&str> {
        self.settings.native_app.as_ref().map(|app| app.id.as_str())
    }

    /// Spends a code of a place: who is it?
    ///
    /// # Errors
    /// See [`Class`]. The code is spent whatever comes back.
    pub async fn exchange(&self, place: WeChatPlace, code: &str) -> Result<UpstreamIdentity, VendorError> {
        plausible(VENDOR, code)?;
        let no_app = || VendorError::new(VENDOR, Class::Misconfigured, "there is no app for this place");
        let app = self.settings.app(place).ok_or_else(no_app)?;
        let budget = Budget::of(LOGIN);
        let token = self.token(app, code, budget).await?;
        let person = match self.person(&token, budget).await {
            // The person is known for sure; only what they are called is not.
            Err(error) if error.class() == Class::Unavailable && token.unionid.is_some() => None,
            asked => Some(asked?),
        };
        let told = person.as_ref().map_or(Ok(None), |person| person.id("unionid"))?;
        if let (Some(before), Some(told)) = (token.unionid.as_deref(), told)
            && before != told
        {
            return Err(VendorError::malformed(VENDOR, "two unionids for one person"));
        }
        let nickname = person.as_ref().and_then(|person| person.text("nickname"));
        identity(&app.id, &token.openid, token.unionid.as_deref().or(told), nickname)
    }

    fn qr_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        let app = self.settings.website.as_ref()?;
        let query = query(&app.id, redirect_uri, "snsapi_login", state);
        Some(format!("{}?{query}", settings::below(&self.settings.open_base, "/connect/qrconnect")))
    }

    /// The code for a token: asked once.
    async fn token(&self, app: &WeChatApp, code: &str, budget: Budget) -> Result<Token, VendorError> {
        let mut url = settings::below(&self.settings.api_base, "/sns/oauth2/access_token");
        url.query_pairs_mut()
            .append_pair("appid", &app.id)
            .append_pair("secret", app.secret.expose())
            .append_pair("code", code)
            .append_pair("grant_type", "authorization_code");
        let body = read(&budget.send(VENDOR, &self.wire.outbound, Call::get(url)).await?)?;
        if body.loose("is_snapshotuser").as_deref() == Some("1") {
            // A page shown as a snapshot gives a made-up person.
            return Err(VendorError::new(VENDOR, Class::Cancelled, "the page was a snapshot"));
        }
        let openid = body.id("openid")?.unwrap_or_default().to_owned();
        if IdentityKey::new(VENDOR, None, "openid", &openid).is_none() {
            return Err(VendorError::malformed(VENDOR, "the answer names nobody"));
        }
        let unionid = body.id("unionid")?.filter(|id| IdentityKey::new(VENDOR, None, "unionid", id).is_some());
        Ok(Token {
            access: Secret::new(body.needed("access_token")?.to_owned()),
            unionid: unionid.map(str::to_owned),
            openid,
        })
    }

    /// Whose token is it? Asked a second time when WeChat is busy.
    async fn person(&self, token: &Token, budget: Budget) -> Result<Body, VendorError> {
        let mut url = settings::below(&self.settings.api_base, "/sns/userinfo");
        url.query_pairs_mut()
            .append_pair("access_token", token.access.expose())
            .append_pair("openid", &token.openid)
            .append_pair("lang", "zh_CN");
        let mut answer = budget.send(VENDOR, &self.wire.outbound, Call::get(url.clone())).await?;
        if read(&answer).is_err_and(|error| error.class() == Class::Unavailable) {
            answer = budget.send(VENDOR, &self.wire.outbound, Call::get(url)).await?;
        }
        let body = read(&answer)?;
        if body.id("openid")? != Some(&token.openid) {
            return Err(VendorError::malformed(VENDOR, "the answer names somebody else"));
        }
        Ok(body)
    }
}

/// Somebody as WeChat knows them: `unionid` first, `openid` of one app beside it.
///
/// # Errors
/// Neither names anybody.
pub fn identity(
    app_id: &str,
    openid: &str,
    unionid: Option<&str>,
    nickname: Option<&str>,
) -> Result<UpstreamIdentity, VendorError> {
    let union = unionid.and_then(|id| IdentityKey::new(VENDOR, None, "unionid", id));
    let open = IdentityKey::new(VENDOR, Some(app_id), "openid", openid);
    UpstreamIdentity::new(VENDOR, [union, open], nickname)
}

/// The parameters in the order that WeChat's pattern wants.
fn query(app_id: &str, redirect_uri: &str, scope: &str, state: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("appid", app_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", scope)
        .append_pair("state", state)
        .finish()
}

/// The members of an answer without `errcode`, or with 0.
fn read(answer: &Answer) -> Result<Body, VendorError> {
    if answer.is_trouble() {
        return Err(VendorError::status(VENDOR, answer));
    }
    let body = Body::parse(VENDOR, &answer.body)?;
    match body.loose("errcode").as_deref() {
        None | Some("0") if answer.is_success() => Ok(body),
        None | Some("0") => Err(VendorError::status(VENDOR, answer)),
        Some(code) => Err(VendorError::refused(VENDOR, class_of(code), code)),
    }
}

fn class_of(code: &str) -> Class {
    match code {
        // The code: wrong, used, expired, of another app. The token: expired, the password changed.
        "40029" | "40163" | "42003" | "40001" | "40014" | "42001" | "40030" | "42002" | "42007" => Class::CodeSpent,
        "-1" => Class::Unavailable,
        "45009" | "45011" => Class::Throttled { again_in: None },
        // 40013, 40125, 40243: app and secret; 48001: a right that the app lacks; 4100x, 40003: our mistake.
        _ => Class::Misconfigured,
    }
}

#[cfg(test)]
#[path = "wechat_tests.rs"]
mod tests;
