//! Jiguang number authentication (`/jiguang`): the number comes back encrypted
//! for the customer's key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::carrier::{Kind, Worthless};
use super::control::field;
use super::keys::encrypt_for;
use super::people::national;
use super::vendor::Vendor;
use super::world::World;

fn say(world: &World, code: i64, content: &str, more: Value) -> Reply {
    let mut answer = json!({"id": world.below(1_000_000_000_000), "code": code, "content": content});
    if let (Some(members), Value::Object(more)) = (answer.as_object_mut(), more) {
        members.extend(more);
    }
    Reply::json(answer)
}

/// Answers everything below `/jiguang`.
pub fn answer(world: &World, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["jiguang", "v1", "web", "loginTokenVerify"] | ["jiguang", "v1", "web", "h5", "loginTokenVerify"]
            if call.is_post() =>
        {
            verify(world, call)
        }
        _ => Reply::missing("page at Jiguang"),
    }
}

fn verify(world: &World, call: &Call) -> Reply {
    let no = |code, content, why: &str| say(world, code, content, Value::Null).refused(why);
    let basic = call.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let pair = basic.and_then(|encoded| String::from_utf8(STANDARD.decode(encoded).ok()?).ok()).unwrap_or_default();
    let (key, secret) = pair.split_once(':').unwrap_or_default();
    let app = world.state().apps.find(Vendor::Jiguang, key).cloned();
    let Some(app) = app else { return no(9010, "invalid appkey", "unknown app key").status(401) };
    if app.secret != secret {
        return no(9011, "invalid auth", "wrong master secret").status(401);
    }
    if !call.header("content-type").is_some_and(|value| value.starts_with("application/json")) {
        return no(9015, "invalid content type", "the content type is not JSON");
    }
    let body = call.json();
    let spent = world.state().carrier.spend(
        &field(&body, "loginToken").unwrap_or_default(),
        "jiguang",
        Kind::Login,
        world.now(),
    );
    let found = match spent {
        Ok(found) => found,
        Err(why @ (Worthless::Unknown | Worthless::Spent | Worthless::Expired)) => {
            return no(9003, "token expired or not exist", why.why());
        }
        Err(why @ Worthless::OtherKind) => return no(8001, "get phone fail", why.why()),
    };
    let public_key =
        if app.public_key.is_empty() { world.fixture.keys.jiguang().public_base64() } else { app.public_key };
    let sealed = national(&found.phone).and_then(|mobile| encrypt_for(&public_key, mobile.as_bytes()));
    match sealed {
        Some(phone) => say(world, 8000, "get phone success", json!({"exID": field(&body, "exID"), "phone": phone})),
        None => no(8001, "get phone fail", "no mainland number, or no public key"),
    }
}

/// The answer when a fault asks for one of Jiguang's codes.
pub fn error(world: &World, code: &str, message: Option<&str>) -> Reply {
    let content = message.unwrap_or("asked for by a fault");
    say(world, code.parse().unwrap_or(9099), content, Value::Null).refused("asked for by a fault")
}
