//! The TOP gateway: signed parameters in, JSON under the method's key out.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::alipay::china_moment;
use super::super::apps::App;
use super::super::call::{Call, Reply};
use super::super::sign::top::{Method, signature};
use super::super::vendor::Vendor;
use super::super::world::World;
use super::exchange;
use crate::base::Timestamp;

/// How far the caller's clock may be off.
const SKEW: Duration = Duration::from_secs(10 * 60);

/// Why a call is refused.
struct Refusal {
    code: i64,
    msg: &'static str,
    sub_code: &'static str,
    why: &'static str,
}

const fn no(code: i64, msg: &'static str, sub_code: &'static str, why: &'static str) -> Refusal {
    Refusal { code, msg, sub_code, why }
}

/// `/router/rest`
pub(super) fn answer(world: &World, call: &Call) -> Reply {
    let refuse = |no: Refusal| {
        let value = json!({"code": no.code, "msg": no.msg, "sub_code": no.sub_code, "request_id": world.random(12)});
        Reply::json(json!({"error_response": value})).refused(no.why)
    };
    let app = match check(world, call) {
        Ok(app) => app,
        Err(refusal) => return refuse(refusal),
    };
    match call.param("method") {
        Some("taobao.top.auth.token.create") => match exchange(world, call, &app, call.param("code").unwrap_or("")) {
            // JSON in a string, as the vendor has it.
            Ok(token) => Reply::json(json!({"top_auth_token_create_response": {
                "token_result": token.to_string(), "request_id": world.random(12)}})),
            Err((why, _)) => refuse(no(15, "Remote service error", "isv.code-invalid", why)),
        },
        Some("taobao.openuid.get") => match open_uid(world, call, &app) {
            Some(open_uid) => {
                Reply::json(json!({"openuid_get_response": {"open_uid": open_uid, "request_id": world.random(12)}}))
            }
            None => refuse(no(27, "Invalid session", "invalid-sessionkey", "unknown or old session")),
        },
        Some(_) | None => refuse(no(22, "Invalid Method", "isv.invalid-method", "unknown method")),
    }
}

fn open_uid(world: &World, call: &Call, app: &App) -> Option<Value> {
    let state = world.state();
    let granted =
        state.taobao.token(call.param("session")?, world.now()).filter(|granted| granted.app == app.app_id)?;
    state.people.find(Vendor::Taobao, &granted.user).map(|person| json!(person.open_id))
}

fn check(world: &World, call: &Call) -> Result<App, Refusal> {
    call.param("method").ok_or(no(21, "Missing Method", "isv.missing-method", "no method"))?;
    let key = call.param("app_key").ok_or(no(28, "Missing App Key", "isv.missing-app-key", "no app_key"))?;
    let app = world.state().apps.find(Vendor::Taobao, key).cloned();
    let app = app.ok_or(no(29, "Invalid App Key", "isv.appkey-not-exists", "unknown app_key"))?;
    if call.param("v") != Some("2.0") || call.param("format") != Some("json") {
        return Err(no(41, "Invalid arguments", "isv.invalid-parameter", "v is not 2.0 or format not json"));
    }
    let late =
        no(31, "Invalid timestamp", "isv.invalid-timestamp", "the timestamp is missing or more than 10 minutes off");
    let Some(at) = call.param("timestamp").and_then(china_moment) else { return Err(late) };
    let ahead = call.fault("clock_skew").map_or(0, |fault| fault.number("seconds").unwrap_or(3_600));
    let now = Timestamp::from_micros(world.now().micros().saturating_add(ahead.saturating_mul(1_000_000)));
    if now.since(at) > SKEW || at.since(now) > SKEW {
        return Err(late);
    }
    let wrong = no(25, "Invalid signature", "isv.invalid-signature", "the signature is not the app's");
    let Some(method) = call.param("sign_method").and_then(Method::parse) else { return Err(wrong) };
    let (Some(sign), expected) = (call.param("sign"), signature(&app.secret, method, call.params())) else {
        return Err(no(24, "Missing Signature", "isv.missing-signature", "no sign"));
    };
    if sign == expected { Ok(app) } else { Err(wrong) }
}

/// The answer when a fault asks for one of Taobao's errors: a number is TOP's,
/// a word the token endpoint's.
pub fn error(world: &World, code: &str, message: Option<&str>) -> Reply {
    let message = message.unwrap_or("asked for by a fault");
    let reply = match code.parse::<i64>() {
        Ok(number) => Reply::json(json!({"error_response": {
            "code": number, "msg": message, "sub_code": "isp.unknown-error", "request_id": world.random(12)}})),
        Err(_word) => Reply::json(json!({"error": code, "error_description": message})).status(400),
    };
    reply.refused("asked for by a fault")
}
