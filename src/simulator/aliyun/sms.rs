//! Text messages: what may be sent, how often, and what became of it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::call::{Call, Reply};
use super::super::inbox::Outgoing;
use super::super::people::{e164, national};
use super::super::vendor::Vendor;
use super::super::world::{SmsLimits, State, World};
use super::gate::Request;
use super::{refuse, say};
use crate::base::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Messages to one number under one signature, and what the vendor says to more.
const LIMITS: &[(Duration, usize, &str)] = &[
    (MINUTE, 1, "触发分钟级流控Permits:1"),
    (HOUR, 5, "触发小时级流控Permits:5"),
    (DAY, 10, "触发天级流控Permits:10"),
];
/// Messages a day to one number, whoever sends them.
const PER_NUMBER: usize = 40;
/// Longest value of a code.
const CODE_LEN: std::ops::RangeInclusive<usize> = 4..=6;

/// A refusal before it is an answer: code, message, why.
type No = (&'static str, String, String);

fn no(code: &'static str, message: &str, why: &str) -> No {
    (code, message.to_owned(), why.to_owned())
}

/// `SendSms`
pub(super) fn send(world: &World, call: &Call, request: &Request) -> Reply {
    match deliver(world, call, request) {
        Ok(biz_id) => say(world, "OK", "OK", json!({"BizId": biz_id})),
        Err((code, message, why)) => refuse(world, code, &message, &why),
    }
}

fn deliver(world: &World, call: &Call, request: &Request) -> Result<String, No> {
    let needs = |name: &'static str| {
        request
            .param(name)
            .ok_or_else(|| no("isv.MOBILE_NUMBER_ILLEGAL", &format!("{name} is mandatory"), &format!("no {name}")))
    };
    let phone = needs("PhoneNumbers")?;
    let phone = national(phone)
        .map(|digits| e164(&digits))
        .ok_or_else(|| no("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号", "PhoneNumbers is no mainland number"))?;
    let (sign, template) = (needs("SignName")?, needs("TemplateCode")?);
    if !request.app.sign_names.iter().any(|name| name == sign) {
        return Err(no("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法", "the signature is not approved"));
    }
    let text = request.app.templates.get(template);
    let text = text.ok_or_else(|| no("isv.SMS_TEMPLATE_ILLEGAL", "短信模版不合法", "the template is not approved"))?;
    let params = template_params(request.param("TemplateParam").unwrap_or("{}"))?;
    let text = format!("【{sign}】{}", filled(text, &params)?);
    let now = world.now();
    let biz_id = format!("{}^0", (0..18).map(|_| world.below(10).to_string()).collect::<String>());
    let outgoing = Outgoing {
        vendor: Vendor::Aliyun,
        phone,
        sign: sign.to_owned(),
        template: template.to_owned(),
        params,
        text,
        biz_id: biz_id.clone(),
    };
    let mut state = world.state();
    limits(&state, &outgoing, now)?;
    if call.fault("lost").is_none() {
        state.messages.deliver(now, outgoing);
    }
    drop(state);
    world.arrivals.notify_waiters();
    Ok(biz_id)
}

fn limits(state: &State, message: &Outgoing, now: Timestamp) -> Result<(), No> {
    if state.sms_limits == SmsLimits::Off {
        return Ok(());
    }
    for (span, most, words) in LIMITS {
        let same = state.messages.count(now - *span, |sent| {
            sent.vendor == Vendor::Aliyun && sent.phone == message.phone && sent.sign == message.sign
        });
        if same >= *most {
            return Err(no("isv.BUSINESS_LIMIT_CONTROL", words, "over the limit of one signature and number"));
        }
    }
    let all = state.messages.count(now - DAY, |sent| sent.vendor == Vendor::Aliyun && sent.phone == message.phone);
    if all >= PER_NUMBER {
        return Err(no("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:40", "over the limit of one number"));
    }
    Ok(())
}

/// The parameters: a JSON object whose values are text.
fn template_params(text: &str) -> Result<Map<String, Value>, No> {
    let wrong = |why| no("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为字符串值", why);
    let Ok(Value::Object(params)) = serde_json::from_str(text) else { return Err(wrong("TemplateParam is no object")) };
    if params.values().all(Value::is_string) { Ok(params) } else { Err(wrong("a value of TemplateParam is no text")) }
}

/// A template with its variables filled in.
fn filled(template: &str, params: &Map<String, Value>) -> Result<String, No> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        let value = params.get(name).and_then(Value::as_str).ok_or_else(|| {
            no("isv.TEMPLATE_MISSING_PARAMETERS", "模板变量缺少参数", &format!("no value for {name}"))
        })?;
        if name == "code" && !(CODE_LEN.contains(&value.len()) && value.chars().all(|c| c.is_ascii_alphanumeric())) {
            return Err(no("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制", "the code is not 4 to 6 digits or letters"));
        }
        if value.contains("://") {
            return Err(no("isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL", "a value is an address"));
        }
        text.push_str(before);
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// `QuerySendDetails`
pub(super) fn details(world: &World, request: &Request) -> Reply {
    let Some(phone) = request.param("PhoneNumber").map(e164) else {
        return refuse(world, "isv.MOBILE_NUMBER_ILLEGAL", "非法手机号", "no PhoneNumber");
    };
    let state = world.state();
    let sent = state.messages.list(Some(&phone), 0).into_iter();
    let sent: Vec<_> = sent
        .filter(|message| request.param("BizId").is_none_or(|biz_id| biz_id == message.biz_id))
        .map(|message| {
            json!({"PhoneNum": phone.trim_start_matches("+86"), "SendStatus": 3, "ErrCode": "DELIVERED",
                "Content": message.text, "SendDate": message.at, "ReceiveDate": message.at, "OutId": "",
                "TemplateCode": message.template})
        })
        .collect();
    drop(state);
    let count = sent.len();
    say(world, "OK", "OK", json!({"TotalCount": count, "SmsSendDetailDTOs": {"SmsSendDetailDTO": sent}}))
}

/// `SendSmsVerifyCode`: the vendor makes the code.
pub(super) fn send_code(world: &World, call: &Call, request: &Request) -> Reply {
    let Some(phone) = request.param("PhoneNumber").and_then(national).map(|digits| e164(&digits)) else {
        return refuse(world, "isv.MOBILE_NUMBER_ILLEGAL", "非法手机号", "no mainland number");
    };
    let code: String = (0..6).map(|_| world.below(10).to_string()).collect();
    let biz_id = world.random(18);
    let mut state = world.state();
    let now = world.now();
    let outgoing = Outgoing {
        vendor: Vendor::Aliyun,
        phone: phone.clone(),
        sign: request.param("SignName").unwrap_or_default().to_owned(),
        template: request.param("TemplateCode").unwrap_or_default().to_owned(),
        params: [("code".to_owned(), Value::String(code.clone()))].into_iter().collect(),
        text: format!("【{}】验证码{code}，5分钟内有效。", request.param("SignName").unwrap_or_default()),
        biz_id: biz_id.clone(),
    };
    if let Err((code, message, why)) = limits(&state, &outgoing, now) {
        drop(state);
        return refuse(world, code, &message, &why);
    }
    if call.fault("lost").is_none() {
        state.messages.deliver(now, outgoing);
    }
    state.aliyun.codes.insert(phone, code.clone());
    drop(state);
    world.arrivals.notify_waiters();
    let shown = (request.param("ReturnVerifyCode") == Some("true")).then_some(code);
    say(world, "OK", "成功", json!({"Success": true, "Model": {"BizId": biz_id, "VerifyCode": shown}}))
}

/// `CheckSmsVerifyCode`
pub(super) fn check_code(world: &World, request: &Request) -> Reply {
    let phone = request.param("PhoneNumber").map(e164).unwrap_or_default();
    let mut state = world.state();
    let right = state.aliyun.codes.get(&phone).map(String::as_str) == request.param("VerifyCode");
    let right = right && state.aliyun.codes.remove(&phone).is_some();
    drop(state);
    let result = if right { "PASS" } else { "UNKNOWN" };
    say(world, "OK", "成功", json!({"Success": true, "Model": {"VerifyResult": result}}))
}
