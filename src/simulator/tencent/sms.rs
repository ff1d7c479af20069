//! Text messages: what may be sent and how often. Always HTTP 200; a number's
//! own trouble stands beside that number.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::apps::App;
use super::super::call::{Call, Reply};
use super::super::control::field;
use super::super::inbox::Outgoing;
use super::super::people::{e164, national};
use super::super::vendor::Vendor;
use super::super::world::{SmsLimits, State, World};
use super::gate;
use crate::base::Timestamp;

/// Messages of the same text, and messages at all, to one number.
const SAME_TEXT: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const PER_HOUR: usize = 5;
const PER_DAY: usize = 10;
const MOST_NUMBERS: usize = 200;

fn request_id(world: &World) -> String {
    [8, 4, 4, 4, 12].map(|length| world.random(length).to_lowercase()).join("-")
}

fn refuse(world: &World, code: &str, message: &str, why: &str) -> Reply {
    let error = json!({"Code": code, "Message": message});
    Reply::json(json!({"Response": {"Error": error, "RequestId": request_id(world)}})).refused(why)
}

/// `POST /tencent/sms/`
pub(super) fn answer(world: &World, call: &Call) -> Reply {
    let app = match gate::check(world, call) {
        Ok(app) => app,
        Err((code, message, why)) => return refuse(world, code, message, why),
    };
    let body = call.json();
    let text = |name: &str| field(&body, name).unwrap_or_default();
    if text("SmsSdkAppId") != app.sdk_app_id {
        return refuse(
            world,
            "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
            "SmsSdkAppId verify fail",
            "unknown SmsSdkAppId",
        );
    }
    let sign = text("SignName");
    if !app.sign_names.contains(&sign) {
        let code = "FailedOperation.SignatureIncorrectOrUnapproved";
        return refuse(world, code, "Signature is incorrect or unapproved", "the signature is not approved");
    }
    let message = match filled(&app, &body) {
        Ok((template, params, text)) => (template, params, format!("【{sign}】{text}")),
        Err((code, why)) => return refuse(world, code, why, why),
    };
    let numbers: Vec<String> = body
        .get("PhoneNumberSet")
        .and_then(Value::as_array)
        .map(|set| set.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if numbers.is_empty() || numbers.len() > MOST_NUMBERS {
        let code = "InvalidParameterValue.IncorrectPhoneNumber";
        return refuse(world, code, "Incorrect phone number", "no number, or more than 200");
    }
    let statuses: Vec<_> = numbers.iter().map(|number| deliver(world, call, number, &sign, &message)).collect();
    world.arrivals.notify_waiters();
    let reply = Reply::json(json!({"Response": {"SendStatusSet": statuses, "RequestId": request_id(world)}}));
    let failed = statuses.iter().find_map(|status| field(status, "Code").filter(|code| code != "Ok"));
    match failed {
        Some(code) => reply.refused(code),
        None => reply,
    }
}

/// A template with its values: its id, the values by name, and the text.
type Filled = (String, Map<String, Value>, String);

/// Fills the template of a request in.
fn filled(app: &App, body: &Value) -> Result<Filled, (&'static str, &'static str)> {
    let template = field(body, "TemplateId").unwrap_or_default();
    let unapproved = ("FailedOperation.TemplateIncorrectOrUnapproved", "the template is not approved");
    let mut text = app.templates.get(&template).ok_or(unapproved)?.clone();
    let values: Vec<Value> = body.get("TemplateParamSet").and_then(Value::as_array).cloned().unwrap_or_default();
    let places = text.matches('{').count();
    if places != values.len() || !values.iter().all(Value::is_string) {
        let code = "FailedOperation.TemplateParamSetNotMatchApprovedTemplate";
        return Err((code, "TemplateParamSet does not fit the template"));
    }
    let mut params = Map::new();
    for (place, value) in values.into_iter().enumerate() {
        let written = value.as_str().unwrap_or_default().to_owned();
        if place == 0 && !(written.len() <= 6 && written.chars().all(|c| c.is_ascii_digit())) {
            return Err(("InvalidParameterValue.TemplateParameterFormatError", "the code is not up to 6 digits"));
        }
        text = text.replace(&format!("{{{}}}", place.saturating_add(1)), &written);
        let name = if place == 0 { "code".to_owned() } else { place.saturating_add(1).to_string() };
        params.insert(name, value);
    }
    Ok((template, params, text))
}

fn deliver(world: &World, call: &Call, number: &str, sign: &str, message: &Filled) -> Value {
    let (template, params, text) = message;
    let status = |code: &str, words: &str, serial: &str| {
        json!({"SerialNo": serial, "PhoneNumber": e164(number), "Fee": i32::from(code == "Ok"), "SessionContext": "",
            "Code": code, "Message": words, "IsoCode": "CN"})
    };
    let Some(phone) = national(number).map(|digits| e164(&digits)) else {
        return status("InvalidParameterValue.IncorrectPhoneNumber", "Incorrect phone number", "");
    };
    let now = world.now();
    let serial = format!("5000:{}", world.random(24));
    let mut state = world.state();
    if let Some(code) = limit(&state, &phone, text, now) {
        return status(code, "frequency limit", "");
    }
    let outgoing = Outgoing {
        vendor: Vendor::Tencent,
        phone,
        sign: sign.to_owned(),
        template: template.clone(),
        params: params.clone(),
        text: text.clone(),
        biz_id: serial.clone(),
    };
    if call.fault("lost").is_none() {
        state.messages.deliver(now, outgoing);
    }
    status("Ok", "send success", &serial)
}

fn limit(state: &State, phone: &str, text: &str, now: Timestamp) -> Option<&'static str> {
    if state.sms_limits == SmsLimits::Off {
        return None;
    }
    let sent = |span: Duration, same: bool| {
        state.messages.count(now - span, |message| {
            message.vendor == Vendor::Tencent && message.phone == phone && (!same || message.text == text)
        })
    };
    if sent(SAME_TEXT, true) >= 1 {
        Some("LimitExceeded.PhoneNumberThirtySecondLimit")
    } else if sent(HOUR, false) >= PER_HOUR {
        Some("LimitExceeded.PhoneNumberOneHourLimit")
    } else if sent(DAY, false) >= PER_DAY {
        Some("LimitExceeded.PhoneNumberDailyLimit")
    } else {
        None
    }
}

/// The answer when a fault asks for one of Tencent's errors: `LimitExceeded.`
/// stands beside the number, all others at the top. A number is rapidauth's.
pub fn error(world: &World, code: &str, message: Option<&str>) -> Reply {
    let message = message.unwrap_or("asked for by a fault");
    if let Ok(result) = code.parse::<i64>() {
        return Reply::json(json!({"result": result, "errmsg": message})).refused("asked for by a fault");
    }
    if !code.starts_with("LimitExceeded.PhoneNumber") {
        return refuse(world, code, message, "asked for by a fault");
    }
    let status = json!({"SerialNo": "", "PhoneNumber": "", "Fee": 0, "SessionContext": "", "Code": code,
        "Message": message, "IsoCode": "CN"});
    Reply::json(json!({"Response": {"SendStatusSet": [status], "RequestId": request_id(world)}}))
        .refused("asked for by a fault")
}
