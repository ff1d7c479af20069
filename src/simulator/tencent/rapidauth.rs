//! Number authentication: a token of the SDK for the number behind it.

use serde_json::json;

use super::super::call::{Call, Reply};
use super::super::carrier::Kind;
use super::super::control::field;
use super::super::people::national;
use super::super::sign::rapidauth;
use super::super::vendor::Vendor;
use super::super::world::World;

/// Seconds that a signature holds.
const HOLDS: i64 = 600;

fn refuse(result: i64, errmsg: &str, why: &str) -> Reply {
    Reply::json(json!({"result": result, "errmsg": errmsg})).refused(why)
}

/// `POST /v5/rapidauth/validate?sdkappid=&random=`
pub(super) fn validate(world: &World, call: &Call) -> Reply {
    let (Some(app_id), Some(random)) = (call.query("sdkappid"), call.query("random")) else {
        return refuse(1004, "request param error", "sdkappid or random is missing");
    };
    let body = call.json();
    let text = |name: &str| field(&body, name).unwrap_or_default();
    let (time, token) = (text("time"), text("token"));
    let app = world.state().apps.find(Vendor::Tencent, app_id).filter(|app| app.kind == "rapidauth").cloned();
    let Some(app) = app else { return refuse(1014, "appid not exist", "unknown sdkappid") };
    if rapidauth::signature(&app.secret, random, &time) != text("sig") {
        return refuse(1001, "sig verify failed", "the signature is not the app's");
    }
    let ahead = call.fault("clock_skew").map_or(0, |fault| fault.number("seconds").unwrap_or(3_600));
    let now = world.now().seconds().saturating_add(ahead);
    if time.parse().map_or(i64::MAX, |at: i64| now.saturating_sub(at).saturating_abs()) > HOLDS {
        return refuse(1001, "sig expired", "the time is more than 10 minutes off");
    }
    let spent = world.state().carrier.spend(&token, "tencent", Kind::Login, world.now());
    match spent.map(|found| national(&found.phone)) {
        Ok(Some(mobile)) => Reply::json(json!({"result": 0, "errmsg": "", "mobile": mobile})),
        Ok(None) => refuse(1016, "mobile illegal", "no mainland number"),
        Err(why) => refuse(1008, "token invalid", why.why()),
    }
}
