//! WeChat: QR login for websites, pages inside WeChat, and the API for servers
//! (`/wx/open`, `/wx/lp`, `/wx/res`, `/wx/api`).

mod api;
mod h5;
mod poll;
mod qr;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::call::{Call, Reply};
use super::world::World;
use crate::base::Timestamp;

pub use api::issue_code;
pub use qr::{Deed, act};

/// A QR code lives this long.
pub const QR_LIFETIME: Duration = Duration::from_secs(300);

/// Where a QR code stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum QrStatus {
    /// Nobody scanned it.
    Waiting,
    /// Somebody did, and has not agreed.
    Scanned,
    /// Agreed; this is the code.
    Confirmed(String),
    /// Refused; it may be scanned again.
    Refused,
    /// Too old.
    Expired,
}

impl QrStatus {
    /// As the control API names it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Confirmed(_) => "confirmed",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

/// A QR code on somebody's screen.
#[derive(Clone, Debug)]
pub struct Qr {
    /// Order of creation.
    pub seq: u64,
    /// Its name.
    pub uuid: String,
    /// For which app.
    pub appid: String,
    /// Where the browser goes with the code.
    pub redirect_uri: String,
    /// The app's state, echoed.
    pub state: String,
    /// Which window goes there.
    pub self_redirect: String,
    /// Where it stands.
    pub status: QrStatus,
    /// Who scanned it.
    pub user: Option<String>,
    expires_at: Timestamp,
    /// Wakes the polls that wait for it.
    changed: Arc<Notify>,
}

impl Qr {
    /// Where it stands at `now`.
    pub fn status_at(&self, now: Timestamp) -> QrStatus {
        let confirmed = matches!(self.status, QrStatus::Confirmed(_));
        if now >= self.expires_at && !confirmed { QrStatus::Expired } else { self.status.clone() }
    }

    /// The address that takes the code to the app.
    pub fn target(&self, code: &str) -> String {
        with_params(&self.redirect_uri, &[("code", code), ("state", &self.state)])
    }
}

/// A code that was given out.
#[derive(Clone, Debug)]
pub struct OauthCode {
    appid: String,
    user: String,
    scope: String,
    expires_at: Timestamp,
    spent: bool,
}

/// An access or refresh token.
#[derive(Clone, Debug)]
pub struct OauthToken {
    appid: String,
    user: String,
    scope: String,
    expires_at: Timestamp,
}

/// WeChat's state.
#[derive(Default)]
pub struct WechatDesk {
    qrs: HashMap<String, Qr>,
    counted: u64,
    codes: HashMap<String, OauthCode>,
    tokens: HashMap<String, OauthToken>,
    refresh_tokens: HashMap<String, (OauthToken, String)>,
    /// Who answers the next page inside WeChat, and how.
    pub next: Option<(String, bool)>,
}

impl WechatDesk {
    /// Wakes every poll, as when the clock moved.
    pub fn wake_all(&self) {
        for qr in self.qrs.values() {
            qr.changed.notify_waiters();
        }
    }

    /// The QR codes that still matter at `now`, oldest first.
    pub fn pending(&self, now: Timestamp) -> Vec<&Qr> {
        let mut pending: Vec<_> = self.qrs.values().filter(|qr| qr.status_at(now) != QrStatus::Expired).collect();
        pending.sort_by_key(|qr| qr.seq);
        pending
    }

    /// One QR code.
    pub fn find(&self, uuid: &str) -> Option<&Qr> {
        self.qrs.get(uuid)
    }

    /// Ends a QR code before its time; was it there?
    pub fn expire(&mut self, uuid: &str) -> bool {
        let Some(qr) = self.qrs.get_mut(uuid) else { return false };
        qr.expires_at = Timestamp::EPOCH;
        if matches!(qr.status, QrStatus::Confirmed(_)) {
            qr.status = QrStatus::Expired;
        }
        qr.changed.notify_waiters();
        true
    }
}

/// `target` with more parameters in its query.
pub fn with_params(target: &str, params: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let (address, fragment) = target.split_once('#').map_or((target, ""), |(address, fragment)| (address, fragment));
    let join = if address.contains('?') { '&' } else { '?' };
    let hash = if fragment.is_empty() { "" } else { "#" };
    format!("{address}{join}{query}{hash}{fragment}")
}

/// Answers everything below `/wx`.
pub async fn answer(world: &World, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["wx", "open", "connect", "qrconnect"] => qr::page(world, call),
        ["wx", "open", "connect", "qrcode", uuid] => qr::image(world, uuid),
        ["wx", "open", "connect", "confirm"] if call.is_post() => qr::confirm(world, call),
        ["wx", "open", "connect", "confirm"] => qr::confirm_page(world, call),
        ["wx", "open", "connect", "oauth2", "authorize"] => h5::authorize(world, call),
        ["wx", "lp", "connect", "l", "qrconnect"] => poll::poll(world, call).await,
        ["wx", "res", "connect", "zh_CN", "htmledition", "js", "wxLogin.js"] => qr::wx_login_js(world),
        ["wx", "res", "sim", "qr.js"] => qr::page_js(),
        ["wx", "api", "sns", "oauth2", "access_token"] => api::access_token(world, call),
        ["wx", "api", "sns", "oauth2", "refresh_token"] => api::refresh_token(world, call),
        ["wx", "api", "sns", "auth"] => api::check(world, call),
        ["wx", "api", "sns", "userinfo"] => api::userinfo(world, call),
        _ => Reply::missing("page at WeChat"),
    }
}

/// The answer when a fault asks for one of WeChat's errors.
pub fn error(world: &World, code: &str, message: Option<&str>) -> Reply {
    let number = code.parse().unwrap_or(-1);
    api::refuse(world, number, message.unwrap_or("system error"), "asked for by a fault")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_a_query_and_stand_before_a_fragment() {
        assert_eq!(with_params("http://a/cb", &[("code", "x"), ("state", "&")]), "http://a/cb?code=x&state=%26");
        assert_eq!(with_params("http://a/cb?b=1#f", &[("c", "2")]), "http://a/cb?b=1&c=2#f");
    }
}
