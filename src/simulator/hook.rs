//! The receiver of the generic webhook for text messages (`/hook/sms`).

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::control::field;
use super::inbox::Outgoing;
use super::people::e164;
use super::sign::hook;
use super::vendor::Vendor;
use super::world::World;

/// Seconds that a signature holds.
const HOLDS: i64 = 300;

/// What the receiver remembers.
#[derive(Default)]
pub struct HookDesk {
    /// Idempotency keys that were seen.
    keys: HashSet<String>,
}

fn refuse(status: u16, error: &str) -> Reply {
    Reply::json(json!({"error": error})).status(status).refused(error)
}

/// `POST /hook/sms`
pub fn answer(world: &World, call: &Call) -> Reply {
    if call.segments().as_slice() != ["hook", "sms"] || !call.is_post() {
        return Reply::missing("hook");
    }
    if let Err(why) = authenticated(world, call) {
        return refuse(401, why);
    }
    let body = call.json();
    let (Some(to), Some(kind)) = (field(&body, "to"), field(&body, "type")) else {
        return refuse(400, "to or type is missing");
    };
    let params: Map<String, Value> = body.get("payload").and_then(Value::as_object).cloned().unwrap_or_default();
    let code = params.get("code").and_then(Value::as_str).map(str::to_owned);
    if code.is_none() && kind != "Generic" {
        return refuse(400, "payload.code is missing");
    }
    let now = world.now();
    let shown = code.unwrap_or_else(|| Value::Object(params.clone()).to_string());
    let text = format!("{kind}: {shown}");
    let mut state = world.state();
    let repeated = call.header("idempotency-key").is_some_and(|key| !state.hook.keys.insert(key.to_owned()));
    if !repeated && call.fault("lost").is_none() {
        let outgoing = Outgoing {
            vendor: Vendor::Hook,
            phone: e164(&to),
            sign: String::new(),
            template: kind,
            params,
            text,
            biz_id: world.random(18),
        };
        state.messages.deliver(now, outgoing);
    }
    drop(state);
    world.arrivals.notify_waiters();
    Reply::json(json!({"accepted": true, "repeated": repeated}))
}

/// The configured `Authorization`, or a signature, or both; what is sent must be right.
fn authenticated(world: &World, call: &Call) -> Result<(), &'static str> {
    let state = world.state();
    let app = state.apps.of(Vendor::Hook).next().ok_or("no hook is configured")?;
    let authorized = match call.header("authorization") {
        Some(value) if value == app.app_id => true,
        Some(_) => return Err("wrong Authorization"),
        None => false,
    };
    let signed = match call.header("x-signature") {
        Some(value) => {
            let (time, mac) = hook::parse(value).ok_or("X-Signature is not t=…,v1=…")?;
            if hook::signature(&app.secret, time, &call.body) != mac {
                return Err("the signature is not ours");
            }
            let at: i64 = time.parse().map_err(|_not_a_number| "t is no number")?;
            if (world.now().seconds().saturating_sub(at)).saturating_abs() > HOLDS {
                return Err("the signature is too old");
            }
            true
        }
        None => false,
    };
    if authorized || signed { Ok(()) } else { Err("neither Authorization nor X-Signature") }
}
