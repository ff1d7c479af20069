//! WeChat by remote control: the QR codes on screens, and codes without any.

use serde_json::json;

use super::super::call::{Call, Reply};
use super::super::vendor::Vendor;
use super::super::wechat::{self, Deed, issue_code};
use super::super::world::World;
use super::{field, wrong};

/// `GET /__sim/wx/qr`
pub(super) fn list(world: &World) -> Reply {
    let now = world.now();
    let state = world.state();
    let shown = state.wechat.pending(now).into_iter().map(|qr| {
        json!({"uuid": qr.uuid, "appid": qr.appid, "state": qr.state, "redirect_uri": qr.redirect_uri,
            "status": qr.status_at(now).as_str(), "user": qr.user})
    });
    Reply::json(shown.collect())
}

/// `POST /__sim/wx/qr/{uuid}/scan {user}`, `…/confirm {user}`, `…/cancel`, `…/expire`
pub(super) fn act(world: &World, call: &Call, uuid: &str, deed: &str) -> Reply {
    let deed = match deed {
        "scan" => Deed::Scan,
        "confirm" => Deed::Confirm,
        "cancel" => Deed::Cancel,
        "expire" if world.state().wechat.expire(uuid) => return Reply::json(json!({"status": "expired"})),
        "expire" => return Reply::missing("QR code"),
        _ => return Reply::missing("control"),
    };
    match wechat::act(world, uuid, deed, field(&call.json(), "user").as_deref()) {
        Ok(status) => Reply::json(json!({"status": status.as_str()})),
        Err(why) => wrong(why),
    }
}

/// `POST /__sim/wx/code {appid, user, scope}`
pub(super) fn code(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let (Some(appid), Some(user)) = (field(&body, "appid"), field(&body, "user")) else {
        return wrong("appid or user is missing");
    };
    let scope = field(&body, "scope").unwrap_or_else(|| "snsapi_login".to_owned());
    let mut state = world.state();
    if state.apps.find(Vendor::Wechat, &appid).is_none() || state.people.find(Vendor::Wechat, &user).is_none() {
        return wrong("no such app or user");
    }
    Reply::json(json!({"code": issue_code(world, &mut state, &appid, &user, &scope)}))
}
