//! The control API (`/__sim/…`): for tests and the phone page, to loopback
//! alone, without a token. Never part of `menshen serve`.

mod people;
mod watch;
mod wechat;

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::faults::{Fault, MODES};
use super::world::{SmsLimits, World};
use crate::base::Timestamp;

/// Answers everything below `/__sim`.
pub async fn answer(world: &World, call: &Call) -> Reply {
    let parts = call.segments();
    match (call.method.as_str(), parts.get(1..).unwrap_or_default()) {
        ("POST", ["reset"]) => reset(world, call),
        ("GET", ["state"]) => state(world),
        ("POST", ["clock"]) => clock(world, call),
        ("POST", ["limits"]) => limits(world, call),
        ("GET", ["requests"]) => watch::requests(world, call),
        ("POST", ["apps"]) => people::put_app(world, call),
        ("POST", ["users"]) => people::put_user(world, call),
        ("GET", ["wx", "qr"]) => wechat::list(world),
        ("POST", ["wx", "qr", uuid, deed]) => wechat::act(world, call, uuid, deed),
        ("POST", ["wx", "code"]) => wechat::code(world, call),
        ("POST", ["alipay", "code"]) => people::alipay_code(world, call),
        ("POST", ["taobao", "code"]) => people::taobao_code(world, call),
        ("POST", ["carrier", "token"]) => people::carrier_token(world, call),
        ("GET", ["sms"]) => watch::messages(world, call),
        ("GET", ["sms", "wait"]) => watch::wait(world, call).await,
        ("DELETE", ["sms"]) => {
            world.state().messages.clear();
            Reply::nothing()
        }
        ("GET", ["mail"]) => watch::mails(world, call),
        ("DELETE", ["mail"]) => {
            world.state().mails.clear();
            Reply::nothing()
        }
        ("GET", ["faults"]) => Reply::json(json!(world.state().faults.list())),
        ("POST", ["faults"]) => add_fault(world, call),
        ("DELETE", ["faults"]) => {
            world.state().faults.clear();
            Reply::nothing()
        }
        ("DELETE", ["faults", id]) => remove_fault(world, id),
        ("POST", [vendor, "next"]) => people::next(world, call, vendor),
        _ => Reply::missing("control"),
    }
}

/// 400 with the reason.
pub(super) fn wrong(why: impl Into<String>) -> Reply {
    let why = why.into();
    Reply::json(json!({"error": why})).status(400).refused(why)
}

/// A field of a JSON body, a number as text too.
pub fn field(body: &Value, name: &str) -> Option<String> {
    let value = body.get(name)?;
    value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
}

fn reset(world: &World, call: &Call) -> Reply {
    world.reset(call.json().get("seed").and_then(Value::as_u64));
    state(world)
}

fn state(world: &World) -> Reply {
    let now = world.now();
    let state = world.state();
    Reply::json(json!({
        "now": now.to_string(),
        "origin": world.fixture.origin,
        "smtp": world.fixture.smtp.to_string(),
        "sms": state.messages.list(None, 0).len(),
        "mail": state.mails.list(None, 0).len(),
        "wx_qr": state.wechat.pending(now).len(),
        "requests": state.journal.list(None, 0).len(),
        "faults": state.faults.list(),
        "fault_modes": MODES.iter().map(|(mode, does)| json!({"mode": mode, "does": does})).collect::<Vec<_>>(),
    }))
}

fn clock(world: &World, call: &Call) -> Reply {
    let body = call.json();
    if let Some(seconds) = body.get("advance_s").and_then(Value::as_i64) {
        world.advance(seconds);
    } else if let Some(to) = field(&body, "set").as_deref().and_then(moment) {
        world.set_clock(to);
    } else {
        return wrong("advance_s (seconds) or set (RFC 3339 or seconds since 1970) is missing");
    }
    Reply::json(json!({"now": world.now().to_string()}))
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_seconds).or_else(|| Timestamp::parse(text))
}

fn limits(world: &World, call: &Call) -> Reply {
    let limits = match field(&call.json(), "sms").as_deref() {
        Some("vendor") => SmsLimits::Vendor,
        Some("off") => SmsLimits::Off,
        Some(_) | None => return wrong("sms is neither vendor nor off"),
    };
    world.state().sms_limits = limits;
    Reply::nothing()
}

fn add_fault(world: &World, call: &Call) -> Reply {
    let fault: Fault = match serde_json::from_slice(&call.body) {
        Ok(fault) => fault,
        Err(error) => return wrong(error.to_string()),
    };
    match world.state().faults.add(fault) {
        Ok(id) => Reply::json(json!({"id": id})),
        Err(why) => wrong(why),
    }
}

fn remove_fault(world: &World, id: &str) -> Reply {
    let removed = id.parse().is_ok_and(|id| world.state().faults.remove(id));
    if removed { Reply::nothing() } else { Reply::missing("fault") }
}
