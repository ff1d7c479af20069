//! Taobao: the person comes with the token, there is nobody to ask afterwards.
//!
//! Two ways lead to the same token: the OAuth endpoint, and the TOP gateway with
//! a signature (which is also the way of codes from the native app's SDK).

mod settings;

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use md5::{Digest, Md5};

use super::Wire;
use super::budget::{Budget, LOGIN};
use super::carrier::plausible;
use super::error::{Class, VendorError};
use super::hash::hex;
use super::identity::{IdentityKey, UpstreamIdentity};
use super::json::Body;
use super::settings::below;
use super::time::china_time;
use crate::base::Secret;
use crate::outbound::{Answer, Call};

pub use settings::{TaobaoApp, TaobaoExchange, TaobaoSettings, TopSign};

const VENDOR: &str = "taobao";

/// Where the person meets Taobao.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaobaoPlace {
    /// A browser.
    Website,
    /// A native app with Taobao's SDK (百川).
    NativeApp,
}

/// Talks to Taobao.
pub struct Taobao {
    wire: Wire,
    settings: TaobaoSettings,
}

impl Taobao {
    /// With these apps.
    #[must_use]
    pub fn new(wire: &Wire, settings: TaobaoSettings) -> Self {
        Self { wire: wire.lane(), settings }
    }

    /// Whether there is an app for a place.
    #[must_use]
    pub fn serves(&self, place: TaobaoPlace) -> bool {
        self.app(place).is_some()
    }

    /// The page that asks for consent; `None`: no such app.
    #[must_use]
    pub fn website_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        let app = self.settings.website.as_ref()?;
        let mut url = below(&self.settings.oauth_base, "/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &app.key)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state)
            .append_pair("view", &self.settings.view);
        Some(url.into())
    }

    /// Spends a code of a place: who is it? `redirect_uri` is that of the page
    /// that asked; a native app has none.
    ///
    /// # Errors
    /// See [`Class`]. The code is spent whatever comes back.
    pub async fn exchange(
        &self,
        place: TaobaoPlace,
        code: &str,
        redirect_uri: &str,
    ) -> Result<UpstreamIdentity, VendorError> {
        plausible(VENDOR, code)?;
        let no_app = || VendorError::new(VENDOR, Class::Misconfigured, "there is no app for this place");
        let app = self.app(place).ok_or_else(no_app)?;
        let top = place == TaobaoPlace::NativeApp || self.settings.exchange == TaobaoExchange::Top;
        let call = if top { self.top_call(app, code) } else { self.oauth_call(app, code, redirect_uri) };
        let answer = Budget::of(LOGIN).send(VENDOR, &self.wire.outbound, call).await?;
        person(app, &if top { read_top(&answer)? } else { read_oauth(&answer)? })
    }

    fn app(&self, place: TaobaoPlace) -> Option<&TaobaoApp> {
        match place {
            TaobaoPlace::Website => self.settings.website.as_ref(),
            TaobaoPlace::NativeApp => self.settings.native_app.as_ref(),
        }
    }

    fn oauth_call(&self, app: &TaobaoApp, code: &str, redirect_uri: &str) -> Call {
        Call::post(below(&self.settings.oauth_base, "/token")).form([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &app.key),
            ("client_secret", app.secret.expose()),
            ("redirect_uri", redirect_uri),
            ("view", &self.settings.view),
        ])
    }

    fn top_call(&self, app: &TaobaoApp, code: &str) -> Call {
        let timestamp = china_time(self.wire.clock.now());
        let mut params: BTreeMap<&str, &str> = [
            ("method", "taobao.top.auth.token.create"),
            ("app_key", app.key.as_str()),
            ("timestamp", &timestamp),
            ("format", "json"),
            ("v", "2.0"),
            (
                "sign_method",
                match self.settings.top_sign {
                    TopSign::HmacSha256 => "hmac-sha256",
                    TopSign::Md5 => "md5",
                },
            ),
            ("code", code),
        ]
        .into();
        let sign = top_sign(self.settings.top_sign, &app.secret, &params);
        params.insert("sign", &sign);
        Call::post(self.settings.top_gateway.clone()).form(params)
    }
}

/// Names and values in the order of the names, with nothing between them.
fn top_sign(method: TopSign, secret: &Secret<String>, params: &BTreeMap<&str, &str>) -> String {
    let text = params.iter().flat_map(|(name, value)| [*name, *value]).collect::<String>();
    let secret = secret.expose();
    let digest = match method {
        TopSign::HmacSha256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            hex(hmac::sign(&key, text.as_bytes()).as_ref())
        }
        TopSign::Md5 => hex(&Md5::digest(format!("{secret}{text}{secret}"))),
    };
    digest.to_uppercase()
}

/// The token by the OAuth endpoint; errors come with any status.
fn read_oauth(answer: &Answer) -> Result<Body, VendorError> {
    let body = parsed(answer)?;
    match body.text("error") {
        Some(error) => Err(VendorError::refused(VENDOR, class_of(error, body.text("error_description")), error)),
        None if answer.is_success() => Ok(body),
        None => Err(VendorError::status(VENDOR, answer)),
    }
}

/// The token by the TOP gateway: JSON inside a text inside JSON.
fn read_top(answer: &Answer) -> Result<Body, VendorError> {
    let body = parsed(answer)?;
    if let Some(error) = body.object("error_response") {
        let (code, sub) = (error.loose("code").unwrap_or_default(), error.loose("sub_code").unwrap_or_default());
        let class = match code.as_str() {
            "7" => Class::Throttled { again_in: None },
            "10" => Class::Unavailable,
            // Remote service error: what is inside tells; a code that is no good arrives so.
            "15" if sub.starts_with("isp.") => Class::Unavailable,
            "15" | "27" => Class::CodeSpent,
            _ => Class::Misconfigured,
        };
        return Err(VendorError::refused(VENDOR, class, &code));
    }
    let outer = body.object("top_auth_token_create_response").filter(|_| answer.is_success());
    let inner = outer.as_ref().and_then(|outer| outer.text("token_result"));
    let inner = inner.ok_or_else(|| VendorError::malformed(VENDOR, "the answer holds no token"))?;
    let body = Body::parse(VENDOR, inner.as_bytes())?;
    match body.text("error") {
        Some(error) => Err(VendorError::refused(VENDOR, class_of(error, body.text("error_description")), error)),
        None => Ok(body),
    }
}

fn parsed(answer: &Answer) -> Result<Body, VendorError> {
    match Body::parse(VENDOR, &answer.body) {
        Err(_malformed) if answer.is_trouble() => Err(VendorError::status(VENDOR, answer)),
        parsed => parsed,
    }
}

/// The descriptions are documented, the words of `error` are not.
fn class_of(error: &str, description: Option<&str>) -> Class {
    let description = description.unwrap_or_default();
    match error {
        _ if description.contains("authorize code expire") => Class::CodeSpent,
        _ if description.contains("invalidate") => Class::Misconfigured,
        "invalid_grant" => Class::CodeSpent,
        "server_error" | "temporarily_unavailable" => Class::Unavailable,
        _ => Class::Misconfigured,
    }
}

/// `open_uid` is this app's name of the person, `user_id` all apps'; an app
/// without the right to it is given "-1".
fn person(app: &TaobaoApp, body: &Body) -> Result<UpstreamIdentity, VendorError> {
    let open = body.id("taobao_open_uid")?.and_then(|id| IdentityKey::new(VENDOR, Some(&app.key), "open_uid", id));
    let user = body.id("taobao_user_id")?.and_then(|id| IdentityKey::new(VENDOR, None, "user_id", id));
    // Without the right to the identifier the name is a cipher too.
    let nick = body.text("taobao_user_nick").filter(|_| user.is_some()).map(decoded);
    UpstreamIdentity::new(VENDOR, [open, user], nick.as_deref())
}

/// A name, percent-decoded once; one that is not UTF-8 then stays as it came.
fn decoded(nick: &str) -> String {
    let mut bytes = Vec::with_capacity(nick.len());
    let mut rest = nick.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let byte = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_not_utf8| nick.to_owned())
}

#[cfg(test)]
mod tests;
