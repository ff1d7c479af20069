//! What Aliyun's answers mean: `Code` is looked at before anything else.

use std::time::Duration;

use super::super::error::{Class, VendorError};
use super::super::json::Body;
use super::VENDOR;
use crate::outbound::Answer;

/// The members of an answer whose `Code` is `OK`.
pub(super) fn read(answer: &Answer) -> Result<Body, VendorError> {
    let body = match Body::parse(VENDOR, &answer.body) {
        Ok(body) => body,
        // A gateway in trouble answers HTML or nothing.
        Err(_malformed) if answer.is_trouble() => return Err(VendorError::status(VENDOR, answer)),
        Err(malformed) => return Err(malformed),
    };
    let Some(code) = body.loose("Code") else {
        return Err(if answer.is_success() { malformed() } else { VendorError::status(VENDOR, answer) });
    };
    if code == "OK" && answer.is_success() {
        return Ok(body);
    }
    let class = class_of(&code, body.text("Message").unwrap_or_default(), answer.retry_after);
    let error = VendorError::refused(VENDOR, class, &code);
    // Trouble inside the vendor does not say how far the call came.
    Err(if class == Class::Unavailable { error.maybe() } else { error })
}

fn malformed() -> VendorError {
    VendorError::malformed(VENDOR, "the answer has no Code")
}

fn class_of(code: &str, message: &str, retry_after: Option<Duration>) -> Class {
    match code {
        "isv.TOKEN_INVALID" | "isv.TOKEN_UNAUTHORIZED_USED" => Class::CodeSpent,
        "isv.BUSINESS_LIMIT_CONTROL" => Class::Throttled { again_in: named_wait(message) },
        "isv.BLACK_KEY_CONTROL_LIMIT"
        | "isv.MOBILE_NUMBER_ILLEGAL"
        | "isv.MOBILE_COUNT_OVER_LIMIT"
        | "isv.PARAMETERS_MISMATCH" => Class::BadNumber,
        "isp.SYSTEM_ERROR" | "isp.UNKNOWN" | "InternalError" | "ServiceUnavailable" => Class::Unavailable,
        // Calls, not messages: the account's rate.
        _ if code.starts_with("Throttling") => Class::Throttled { again_in: retry_after },
        // Keys, signature, clock, templates, contract, balance, daily caps of the account: an operator is needed.
        _ => Class::Misconfigured,
    }
}

/// The window that the message names: minute, hour, day.
fn named_wait(message: &str) -> Option<Duration> {
    let windows = [("分钟级", 60), ("小时级", 3_600), ("天级", 86_400)];
    windows.into_iter().find(|(name, _)| message.contains(name)).map(|(_, seconds)| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn told(status: u16, body: &str) -> VendorError {
        read(&Answer { status, retry_after: None, body: body.as_bytes().to_vec() }).err().unwrap()
    }

    #[rstest]
    #[case("isv.TOKEN_INVALID", Class::CodeSpent)]
    #[case("isv.TOKEN_UNAUTHORIZED_USED", Class::CodeSpent)]
    #[case("isv.MOBILE_NUMBER_ILLEGAL", Class::BadNumber)]
    #[case("isv.BLACK_KEY_CONTROL_LIMIT", Class::BadNumber)]
    #[case("isv.DAY_LIMIT_CONTROL", Class::Misconfigured)]
    #[case("isv.AMOUNT_NOT_ENOUGH", Class::Misconfigured)]
    #[case("isv.SMS_SIGNATURE_ILLEGAL", Class::Misconfigured)]
    #[case("isv.SMS_TEMPLATE_ILLEGAL", Class::Misconfigured)]
    #[case("isp.RAM_PERMISSION_DENY", Class::Misconfigured)]
    #[case("SignatureDoesNotMatch", Class::Misconfigured)]
    #[case("InvalidTimeStamp.Expired", Class::Misconfigured)]
    #[case("InvalidAccessKeyId.NotFound", Class::Misconfigured)]
    #[case("isp.SYSTEM_ERROR", Class::Unavailable)]
    #[case("Throttling.User", Class::Throttled { again_in: None })]
    fn each_code_has_its_class(#[case] code: &str, #[case] class: Class) {
        for status in [200, 400] {
            let error = told(status, &format!(r#"{{"Code":"{code}","Message":"m 13800138000","RequestId":"r"}}"#));
            assert_eq!(error.class(), class);
            assert_eq!(error.to_string(), format!("aliyun: {code}"));
        }
    }

    #[rstest]
    #[case("触发分钟级流控Permits:1", Some(60))]
    #[case("触发小时级流控Permits:5", Some(3_600))]
    #[case("触发天级流控Permits:10", Some(86_400))]
    #[case("触发流控", None)]
    fn a_limit_tells_when_it_ends(#[case] message: &str, #[case] seconds: Option<u64>) {
        let error = told(200, &format!(r#"{{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"{message}"}}"#));
        assert_eq!(error.class(), Class::Throttled { again_in: seconds.map(Duration::from_secs) });
        assert!(!error.may_have_happened());
    }

    #[test]
    fn an_answer_without_sense_is_never_taken_for_good() {
        assert_eq!(told(200, "<html>").class(), Class::Malformed);
        assert_eq!(told(200, r#"{"BizId":"1"}"#).class(), Class::Malformed);
        assert_eq!(told(503, "<html>").class(), Class::Unavailable);
        assert_eq!(told(502, "").class(), Class::Unavailable);
        assert_eq!(told(500, r#"{"Code":"OK"}"#).class(), Class::Misconfigured);
        assert!(told(503, "").may_have_happened() && told(200, "").may_have_happened());
    }
}
