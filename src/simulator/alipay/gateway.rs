//! The gateway: public parameters, the signature, and which method is called.

use std::time::Duration;

use serde_json::{Value, json};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::super::apps::App;
use super::super::call::{Call, Reply};
use super::super::certificates::Certificates;
use super::super::sign::rsa;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::methods;
use crate::base::Timestamp;

/// How far the caller's clock may be off; the vendor does not say.
const SKEW: Duration = Duration::from_secs(3_600);
/// Hours by which China is ahead.
const CHINA: Duration = Duration::from_secs(8 * 3_600);
const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
/// What a refusal says before its particulars, by code.
const MESSAGES: &[(&str, &str)] = &[
    ("20000", "Service Currently Unavailable"),
    ("20001", "Insufficient Token Permissions"),
    ("40001", "Missing Required Arguments"),
    ("40002", "Invalid Arguments"),
    ("40004", "Business Failed"),
    ("40006", "Insufficient Permissions"),
];

/// Why a call is refused: code, `sub_code`, `sub_msg`, and why for the journal.
#[derive(Debug)]
pub(super) struct Refusal {
    code: String,
    sub_code: String,
    sub_msg: String,
    why: String,
}

impl Refusal {
    pub(super) fn new(code: &str, sub_code: &str, sub_msg: &str, why: &str) -> Self {
        Self { code: code.into(), sub_code: sub_code.into(), sub_msg: sub_msg.into(), why: why.into() }
    }

    fn value(&self) -> Value {
        let msg = MESSAGES.iter().find(|(code, _)| *code == self.code).map_or("Business Failed", |(_, msg)| msg);
        json!({"code": self.code, "msg": msg, "sub_code": self.sub_code, "sub_msg": self.sub_msg})
    }

    /// Under `error_response`, as the gateway itself and the token call answer.
    pub(super) fn answer(self) -> Reply {
        Reply::json_as("text/html;charset=utf-8", json!({"error_response": self.value()})).refused(self.why)
    }

    /// Under the method's own key, signed.
    pub(super) fn signed(self, key: &str) -> Reply {
        Reply::signed(key.to_owned(), self.value()).refused(self.why)
    }
}

/// A moment in China's time, as Alibaba writes it.
pub fn moment(text: &str) -> Option<Timestamp> {
    let seconds = PrimitiveDateTime::parse(text, FORMAT).ok()?.assume_utc().unix_timestamp();
    Some(Timestamp::from_seconds(seconds) - CHINA)
}

/// `/gateway.do`
pub(super) fn answer(world: &World, call: &Call) -> Reply {
    let app = match check(world, call) {
        Ok(app) => app,
        Err(refusal) => return refusal.answer(),
    };
    match call.param("method") {
        Some("alipay.system.oauth.token") => methods::token(world, call, &app),
        Some("alipay.user.info.share") => methods::userinfo(world, call, &app),
        Some("alipay.open.app.alipaycert.download") => methods::certificate(world, call),
        Some(_) | None => Refusal::new("40002", "isv.invalid-method", "不存在的方法名", "unknown method").answer(),
    }
}

fn check(world: &World, call: &Call) -> Result<App, Refusal> {
    let param = |name: &str| {
        let missing = || {
            Refusal::new("40001", &format!("isv.missing-{}", name.replace('_', "-")), "缺少参数", &format!("no {name}"))
        };
        call.param(name).ok_or_else(missing)
    };
    let invalid = |what: &str, why: &str| Refusal::new("40002", &format!("isv.invalid-{what}"), "参数无效", why);
    let app = world.state().apps.find(Vendor::Alipay, param("app_id")?).cloned();
    let app = app.ok_or_else(|| invalid("app-id", "unknown app_id"))?;
    param("method")?;
    let charset = param("charset")?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return Err(invalid("charset", "charset is not utf-8"));
    }
    if param("version")? != "1.0" {
        return Err(invalid("version", "version is not 1.0"));
    }
    if call.param("format").is_some_and(|format| !format.eq_ignore_ascii_case("json")) {
        return Err(invalid("format", "format is not JSON"));
    }
    let at = moment(param("timestamp")?)
        .ok_or_else(|| invalid("timestamp", "the timestamp is not written as it must be"))?;
    let ahead = call.fault("clock_skew").map_or(0, |fault| fault.number("seconds").unwrap_or(7_200));
    let now = Timestamp::from_micros(world.now().micros().saturating_add(ahead.saturating_mul(1_000_000)));
    if now.since(at) > SKEW || at.since(now) > SKEW {
        return Err(invalid("timestamp", "the timestamp is more than an hour off"));
    }
    if param("sign_type")? != "RSA2" {
        return Err(invalid("signature-type", "sign_type is not RSA2"));
    }
    signature(world, call, &app)?;
    certificates(call, &app)?;
    Ok(app)
}

/// The public key of an app; that of the fixture when none was given.
pub(super) fn public_key(world: &World, app: &App) -> String {
    if app.public_key.is_empty() { world.fixture.keys.app().public_base64() } else { app.public_key.clone() }
}

fn signature(world: &World, call: &Call, app: &App) -> Result<(), Refusal> {
    let sign =
        call.param("sign").ok_or_else(|| Refusal::new("40001", "isv.missing-signature", "缺少签名参数", "no sign"))?;
    let text = rsa::request_text(call.params());
    if rsa::verifies(&public_key(world, app), &text, sign) {
        return Ok(());
    }
    let echo = format!("验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：{text}");
    Err(Refusal::new("40002", "isv.invalid-signature", &echo, "the signature is not the app's"))
}

/// In certificate mode the request names the app's certificate and the root.
fn certificates(call: &Call, app: &App) -> Result<(), Refusal> {
    let named = call.param("app_cert_sn");
    if app.mode != "cert" && named.is_none() {
        return Ok(());
    }
    if named != Some(Certificates::app_sn().as_str()) {
        return Err(Refusal::new(
            "40002",
            "isv.invalid-app-cert-sn",
            "应用公钥证书SN不匹配",
            "app_cert_sn is not the app's",
        ));
    }
    if call.param("alipay_root_cert_sn") != Some(Certificates::root_sn().as_str()) {
        let why = "alipay_root_cert_sn is not the root's";
        return Err(Refusal::new("40002", "isv.invalid-alipay-root-cert-sn", "支付宝根证书SN不匹配", why));
    }
    Ok(())
}

/// The answer when a fault asks for one of Alipay's errors: `sub_code` as
/// `args.sub_code`, or alone as `args.code`.
pub fn error(code: &str, sub_code: Option<String>, message: Option<&str>) -> Reply {
    let (code, sub_code) = match sub_code {
        Some(sub_code) => (code, sub_code),
        None if code.contains("invalid-auth-token") => ("20001", code.to_owned()),
        None if code.contains("unknow-error") => ("20000", code.to_owned()),
        None => ("40002", code.to_owned()),
    };
    let message = message.unwrap_or("系统繁忙");
    Refusal::new(code, &sub_code, message, "asked for by a fault").answer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn china_is_eight_hours_ahead() {
        assert_eq!(moment("2025-01-02 11:04:05"), Timestamp::parse("2025-01-02T03:04:05Z"));
        assert_eq!(moment("2025-01-02T11:04:05Z"), None);
    }
}
