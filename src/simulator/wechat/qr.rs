//! The page with the QR code, the code itself, and the phone that scans it.

use std::sync::Arc;

use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;
use tokio::sync::Notify;

use super::super::call::{Call, Reply};
use super::super::people::Person;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::{QR_LIFETIME, Qr, QrStatus, issue_code};

/// The page that a website shows or frames.
#[derive(Template)]
#[template(path = "simulator/wx_qr.html")]
struct QrPage<'a> {
    uuid: &'a str,
    redirect_uri: &'a str,
    state: &'a str,
    self_redirect: &'a str,
    /// Where a browser without script asks again.
    again: String,
    status: &'static str,
    people: &'a [Person],
}

/// The phone's page.
#[derive(Template)]
#[template(path = "simulator/wx_confirm.html")]
struct ConfirmPage<'a> {
    uuid: &'a str,
    appid: &'a str,
    status: &'static str,
    user: Option<&'a str>,
    people: &'a [Person],
}

/// A vendor's page that only says something.
#[derive(Template)]
#[template(path = "simulator/message.html")]
pub(super) struct MessagePage<'a> {
    pub(super) vendor: &'a str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
}

/// WeChat says what is wrong in a page with status 200.
pub(super) fn wrong(text: &str, why: &str) -> Reply {
    Reply::page(&MessagePage { vendor: "微信", title: "出错了", text }).refused(why)
}

/// The address without its fragment may be this long.
const MAX_STATE: usize = 128;

/// Is this a state that WeChat takes?
pub(super) fn state_is_fine(state: &str) -> bool {
    state.len() <= MAX_STATE && state.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `/connect/qrconnect`
pub(super) fn page(world: &World, call: &Call) -> Reply {
    let (appid, redirect_uri) = (call.query("appid").unwrap_or(""), call.query("redirect_uri").unwrap_or(""));
    let state = call.query("state").unwrap_or("");
    let mut locked = world.state();
    let Some(app) = locked.apps.find(Vendor::Wechat, appid).filter(|app| app.kind == "web") else {
        return wrong("AppID 参数错误", "unknown appid, or not of a website");
    };
    if !app.allows(redirect_uri) {
        return wrong("redirect_uri 参数错误", "the host of redirect_uri is not registered");
    }
    if call.query("response_type") != Some("code") {
        return wrong("response_type 参数错误", "response_type is not code");
    }
    if !call.query("scope").unwrap_or("").split(',').any(|scope| scope == "snsapi_login") {
        return wrong("Scope 参数错误或没有 Scope 权限", "scope is not snsapi_login");
    }
    if !state_is_fine(state) {
        return wrong("state 参数错误", "state is too long or has characters of its own");
    }
    let people: Vec<_> = locked.people.of(Vendor::Wechat).cloned().collect();
    let now = world.now();
    let shown =
        call.query("sim_uuid").and_then(|uuid| locked.wechat.find(uuid)).filter(|qr| qr.appid == appid).cloned();
    let shown = shown.filter(|qr| qr.redirect_uri == redirect_uri && qr.status_at(now) != QrStatus::Expired);
    let qr = shown.unwrap_or_else(|| {
        locked.wechat.counted = locked.wechat.counted.saturating_add(1);
        let qr = Qr {
            seq: locked.wechat.counted,
            uuid: world.random(16),
            appid: appid.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: state.to_owned(),
            self_redirect: call.query("self_redirect").unwrap_or("default").to_owned(),
            status: QrStatus::Waiting,
            user: None,
            expires_at: now + QR_LIFETIME,
            changed: Arc::new(Notify::new()),
        };
        locked.wechat.qrs.insert(qr.uuid.clone(), qr.clone());
        qr
    });
    drop(locked);
    if let QrStatus::Confirmed(code) = qr.status_at(now) {
        return Reply::found(qr.target(&code));
    }
    let query: Vec<_> = call.raw_query.split('&').filter(|part| !part.starts_with("sim_uuid=")).collect();
    Reply::page(&QrPage {
        uuid: &qr.uuid,
        redirect_uri: &qr.redirect_uri,
        state: &qr.state,
        self_redirect: &qr.self_redirect,
        again: format!("/wx/open/connect/qrconnect?{}&sim_uuid={}", query.join("&"), qr.uuid),
        status: qr.status_at(now).as_str(),
        people: &people,
    })
    .header("cache-control", "no-store")
}

/// `/connect/qrcode/{uuid}`
pub(super) fn image(world: &World, uuid: &str) -> Reply {
    if world.state().wechat.find(uuid).is_none() {
        return Reply::missing("QR code");
    }
    let text = world.fixture.url(&format!("/wx/open/connect/confirm?uuid={uuid}"));
    match QrCode::new(text) {
        Ok(code) => Reply::text("image/svg+xml", code.render::<svg::Color>().min_dimensions(220, 220).build()),
        Err(error) => Reply::missing("QR code").refused(error.to_string()),
    }
}

/// `GET /connect/confirm`: what the phone shows.
pub(super) fn confirm_page(world: &World, call: &Call) -> Reply {
    let uuid = call.query("uuid").unwrap_or("");
    let state = world.state();
    let Some(qr) = state.wechat.find(uuid) else { return wrong("二维码已失效", "unknown uuid") };
    let people: Vec<_> = state.people.of(Vendor::Wechat).cloned().collect();
    let status = qr.status_at(world.now()).as_str();
    let page = ConfirmPage { uuid, appid: &qr.appid, status, user: qr.user.as_deref(), people: &people };
    Reply::page(&page).header("cache-control", "no-store")
}

/// What a phone does with a QR code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deed {
    /// Points its camera at it.
    Scan,
    /// Agrees.
    Confirm,
    /// Refuses.
    Cancel,
}

impl Deed {
    /// From `scan`, `confirm`, `cancel`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "scan" => Some(Self::Scan),
            "confirm" => Some(Self::Confirm),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// `POST /connect/confirm`: `uuid`, `user`, `action`.
pub(super) fn confirm(world: &World, call: &Call) -> Reply {
    let uuid = call.form("uuid").unwrap_or("");
    let Some(deed) = call.form("action").and_then(Deed::parse) else {
        return wrong("请求有误", "action is none of scan, confirm, cancel");
    };
    match act(world, uuid, deed, call.form("user")) {
        Ok(_) => Reply::see_other(format!("/wx/open/connect/confirm?uuid={uuid}")),
        Err(why) => wrong("二维码已失效", &why),
    }
}

/// A phone does something with a QR code.
///
/// # Errors
/// Why it cannot.
pub fn act(world: &World, uuid: &str, deed: Deed, user: Option<&str>) -> Result<QrStatus, String> {
    let now = world.now();
    let mut state = world.state();
    let qr = state.wechat.find(uuid).cloned().ok_or("no such QR code")?;
    if qr.status_at(now) == QrStatus::Expired {
        return Err("the QR code has expired".into());
    }
    if matches!(qr.status, QrStatus::Confirmed(_)) {
        return Err("the QR code has been used".into());
    }
    let user = user.map(str::to_owned).or(qr.user);
    if let Some(user) = &user {
        state.people.find(Vendor::Wechat, user).ok_or("no such WeChat user")?;
    }
    let status = match (deed, &user) {
        (Deed::Cancel, _) => QrStatus::Refused,
        (Deed::Scan | Deed::Confirm, None) => return Err("user is missing".into()),
        (Deed::Scan, Some(_)) => QrStatus::Scanned,
        (Deed::Confirm, Some(user)) => {
            QrStatus::Confirmed(issue_code(world, &mut state, &qr.appid, user, "snsapi_login"))
        }
    };
    if let Some(qr) = state.wechat.qrs.get_mut(uuid) {
        qr.status = status.clone();
        qr.user = user.filter(|_| deed != Deed::Cancel);
        qr.changed.notify_waiters();
    }
    Ok(status)
}

/// `wxLogin.js`, written anew: the same class, options and frame.
pub(super) fn wx_login_js(world: &World) -> Reply {
    let script = include_str!("../../../templates/simulator/wx_login.js");
    Reply::text("text/javascript; charset=utf-8", script.replace("__ORIGIN__", &world.fixture.origin))
}

/// What keeps asking in the page.
pub(super) fn page_js() -> Reply {
    Reply::text("text/javascript; charset=utf-8", include_str!("../../../templates/simulator/wx_qr.js").to_owned())
}
