//! Alibaba Cloud: text messages (`dysmsapi`) and number authentication
//! (`dypnsapi`) under one gateway that checks every signature (`/aliyun/`).

mod gate;
mod numbers;
mod sms;

use std::collections::HashSet;

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::world::World;

/// What the gateway remembers.
#[derive(Default)]
pub struct AliyunDesk {
    /// Nonces that were used; each only once.
    nonces: HashSet<String>,
    /// Codes that the vendor itself sent and checks, by number.
    codes: std::collections::HashMap<String, String>,
}

/// Answers everything below `/aliyun`.
pub fn answer(world: &World, call: &Call) -> Reply {
    let request = match gate::check(world, call) {
        Ok(request) => request,
        Err(refusal) => return refusal.answer(world),
    };
    match request.action.as_str() {
        "SendSms" => sms::send(world, call, &request),
        "QuerySendDetails" => sms::details(world, &request),
        "SendSmsVerifyCode" => sms::send_code(world, call, &request),
        "CheckSmsVerifyCode" => sms::check_code(world, &request),
        "GetMobile" => numbers::get_mobile(world, &request),
        "GetPhoneWithToken" => numbers::get_phone(world, &request),
        "VerifyMobile" => numbers::verify(world, &request),
        _ => gate::Refusal::api_not_found().answer(world),
    }
}

/// A number of a request, as Alibaba writes them.
fn request_id(world: &World) -> String {
    let digit = |_| u32::try_from(world.below(16)).ok().and_then(|number| char::from_digit(number, 16));
    let hex = |length: u8| (0..length).filter_map(digit).collect::<String>().to_uppercase();
    [8, 4, 4, 4, 12].map(hex).join("-")
}

/// What an action answers: status 200, `Code` and `Message` among the members.
fn say(world: &World, code: &str, message: &str, mut more: Value) -> Reply {
    let id = request_id(world);
    if let Some(members) = more.as_object_mut() {
        members.insert("Code".into(), code.into());
        members.insert("Message".into(), message.into());
        members.insert("RequestId".into(), id.clone().into());
    }
    Reply::json(more).header("x-acs-request-id", id)
}

/// A refusal of an action: status 200, `Code` says why.
fn refuse(world: &World, code: &str, message: &str, why: &str) -> Reply {
    say(world, code, message, json!({})).refused(why)
}

/// The answer when a fault asks for one of Alibaba's errors: those of an action
/// begin with `isv.`, `isp.` or `biz.`, all others are the gateway's.
pub fn error(world: &World, code: &str, message: Option<&str>) -> Reply {
    let message = message.unwrap_or("asked for by a fault");
    match code {
        "PASS" | "REJECT" | "UNKNOWN" => numbers::verdict(world, code),
        _ if ["isv.", "isp.", "biz."].iter().any(|prefix| code.starts_with(prefix)) => {
            refuse(world, code, message, "asked for by a fault")
        }
        _ => gate::Refusal::by_code(code, message).answer(world),
    }
}
