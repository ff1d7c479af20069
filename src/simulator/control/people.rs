//! People, apps and what they have in hand.

use serde_json::json;

use super::super::alipay;
use super::super::call::{Call, Reply};
use super::super::carrier::{Carrier, Kind};
use super::super::taobao;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::{field, wrong};

fn vendor(call: &Call) -> Result<Vendor, Reply> {
    let name = field(&call.json(), "vendor").ok_or_else(|| wrong("vendor is missing"))?;
    Vendor::parse(&name).ok_or_else(|| wrong("no such vendor"))
}

/// `POST /__sim/users {vendor, id, …}`: adds or changes.
pub(super) fn put_user(world: &World, call: &Call) -> Reply {
    let vendor = match vendor(call) {
        Ok(vendor) => vendor,
        Err(refusal) => return refusal,
    };
    let body = call.json();
    let Some(fields) = body.as_object() else { return wrong("no object") };
    match world.state().people.put(vendor, fields) {
        Ok(person) => Reply::json(json!(person)),
        Err(why) => wrong(why),
    }
}

/// `POST /__sim/apps {vendor, app_id, …}`: adds or changes.
pub(super) fn put_app(world: &World, call: &Call) -> Reply {
    let vendor = match vendor(call) {
        Ok(vendor) => vendor,
        Err(refusal) => return refusal,
    };
    let body = call.json();
    let Some(fields) = body.as_object() else { return wrong("no object") };
    match world.state().apps.put(vendor, fields) {
        Ok(app) => Reply::json(json!({"app_id": app.app_id})),
        Err(why) => wrong(why),
    }
}

/// `POST /__sim/carrier/token {phone, carrier, kind, vendor}`
pub(super) fn carrier_token(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let Some(phone) = field(&body, "phone") else { return wrong("phone is missing") };
    let Some(carrier) = Carrier::parse(field(&body, "carrier").as_deref().unwrap_or("cmcc")) else {
        return wrong("carrier is none of cmcc, cucc, ctcc");
    };
    let kind = match field(&body, "kind").as_deref() {
        None | Some("login") => Kind::Login,
        Some("verify") => Kind::Verify,
        Some(_) => return wrong("kind is neither login nor verify"),
    };
    let token = world.random(40);
    let vendor = field(&body, "vendor");
    let expires_at = world.state().carrier.give(token.clone(), (&phone, carrier, kind), vendor, world.now());
    Reply::json(json!({"token": token, "expires_at": expires_at.to_string()}))
}

/// `POST /__sim/alipay/code {app_id, user, scope}`
pub(super) fn alipay_code(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let (Some(app_id), Some(user)) = (field(&body, "app_id"), field(&body, "user")) else {
        return wrong("app_id or user is missing");
    };
    let scope = field(&body, "scope").unwrap_or_else(|| "auth_user".to_owned());
    let mut state = world.state();
    if state.apps.find(Vendor::Alipay, &app_id).is_none() || state.people.find(Vendor::Alipay, &user).is_none() {
        return wrong("no such app or user");
    }
    Reply::json(json!({"auth_code": alipay::issue_code(world, &mut state, &app_id, &user, &scope)}))
}

/// `POST /__sim/taobao/code {client_id, user, redirect_uri}`
pub(super) fn taobao_code(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let (Some(client_id), Some(user)) = (field(&body, "client_id"), field(&body, "user")) else {
        return wrong("client_id or user is missing");
    };
    let target = field(&body, "redirect_uri").unwrap_or_default();
    let mut state = world.state();
    if state.apps.find(Vendor::Taobao, &client_id).is_none() || state.people.find(Vendor::Taobao, &user).is_none() {
        return wrong("no such app or user");
    }
    Reply::json(json!({"code": taobao::issue_code(world, &mut state, &client_id, &user, &target)}))
}

/// `POST /__sim/{vendor}/next {user, action}`: answers the next page of a vendor
/// before it is shown.
pub(super) fn next(world: &World, call: &Call, vendor: &str) -> Reply {
    let body = call.json();
    let Some(user) = field(&body, "user") else { return wrong("user is missing") };
    let allows = match field(&body, "action").as_deref() {
        None | Some("allow") => true,
        Some("deny") => false,
        Some(_) => return wrong("action is neither allow nor deny"),
    };
    let mut state = world.state();
    match vendor {
        "wx" | "wechat" => state.wechat.next = Some((user, allows)),
        "alipay" => state.alipay.next = Some((user, allows)),
        "taobao" => state.taobao.next = Some((user, allows)),
        "oidc" => state.oidc.grants.next = Some((user, allows)),
        _ => return Reply::missing("vendor with pages"),
    }
    Reply::nothing()
}
