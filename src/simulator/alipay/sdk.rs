//! The SDK inside a native app: opens Alipay with a text that the app's server
//! signed, and brings a code back.

use serde_json::{Value, json};

use super::super::call::{Call, Reply, decode};
use super::super::control::field;
use super::super::sign::rsa;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::gateway::public_key;
use super::issue_code;

/// What the text must say, whoever sends it.
const FIXED: &[(&str, &str)] = &[
    ("apiname", "com.alipay.account.auth"),
    ("method", "alipay.open.auth.sdk.code.get"),
    ("app_name", "mc"),
    ("biz_type", "openservice"),
    ("product_id", "APP_FAST_LOGIN"),
    ("scope", "kuaijie"),
    ("sign_type", "RSA2"),
];

fn say(status: &str, memo: &str, result: &str) -> Reply {
    Reply::json(json!({"resultStatus": status, "memo": memo, "result": result}))
}

/// `POST /alipay/sdk/auth {infoStr, user, action}`
pub(super) fn auth(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let value = |name: &str| field(&body, name).or_else(|| call.form(name).map(str::to_owned));
    match authorise(world, &value("infoStr").unwrap_or_default(), &value("user").unwrap_or_default()) {
        Ok(_) if value("action").as_deref() == Some("deny") => {
            say("6001", "操作已经取消。", "").refused("the person refused")
        }
        Ok(result) => say("9000", "处理成功", &result),
        Err(why) => say("4000", "系统异常", "").refused(why),
    }
}

fn authorise(world: &World, text: &str, user: &str) -> Result<String, String> {
    let params = decode(text.as_bytes());
    let param = |name: &str| params.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value.as_str());
    for (name, must) in FIXED {
        if param(name) != *must {
            return Err(format!("{name} is not {must}"));
        }
    }
    if param("target_id").is_empty() || !["AUTHACCOUNT", "LOGIN"].contains(&param("auth_type")) {
        return Err("target_id or auth_type is wrong".into());
    }
    let mut state = world.state();
    let app = state.apps.find(Vendor::Alipay, param("app_id")).cloned().ok_or("unknown app_id")?;
    if app.pid != param("pid") {
        return Err("pid is not the app's".into());
    }
    let covered = rsa::request_text(params.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if !rsa::verifies(&public_key(world, &app), &covered, param("sign")) {
        return Err("the signature is not the app's".into());
    }
    let person = state.people.find(Vendor::Alipay, user).cloned().ok_or("no such Alipay user")?;
    let code = issue_code(world, &mut state, &app.app_id, user, "kuaijie");
    let id: Value = if app.id_mode == "open_id" { json!(person.open_id) } else { json!(person.user_id) };
    let named = if app.id_mode == "open_id" { "alipay_open_id" } else { "user_id" };
    Ok(format!("success=true&auth_code={code}&result_code=200&{named}={}", id.as_str().unwrap_or_default()))
}
