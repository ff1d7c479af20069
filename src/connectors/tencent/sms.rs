//! Text messages through Tencent Cloud (腾讯云短信, `SendSms`).

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use url::Url;

use super::super::Wire;
use super::super::error::{Class, VendorError};
use super::super::json::Body;
use super::super::sms::{SmsGateway, SmsReceipt, SmsRequest, Templates, needed};
use super::VENDOR;
use super::tc3::{Action, Signer};
use crate::config::{ConfigError, Sms};
use crate::outbound::Answer;

const ENDPOINT: &str = "https://sms.tencentcloudapi.com/";

/// Sends through Tencent Cloud.
pub struct TencentSms {
    wire: Wire,
    endpoint: Url,
    signer: Signer,
    templates: Templates,
    app: String,
    region: String,
}

impl TencentSms {
    /// From `[sms]`.
    ///
    /// # Errors
    /// The key that is missing.
    pub fn new(wire: &Wire, config: &Sms) -> Result<Self, ConfigError> {
        let id = needed("access_key_id", config.access_key_id.as_ref())?.clone();
        let secret = needed("access_key_secret", config.access_key_secret.as_ref())?.clone();
        let given = config.endpoint.as_ref().map(|base| base.url().clone());
        let endpoint = given.or_else(|| Url::parse(ENDPOINT).ok());
        Ok(Self {
            wire: wire.lane(),
            endpoint: needed("endpoint", endpoint.as_ref())?.clone(),
            signer: Signer { id, secret },
            templates: Templates::new(config, &["code", "minutes"])?,
            app: needed("sdk_app_id", config.sdk_app_id.as_ref())?.clone(),
            region: config.region.clone(),
        })
    }
}

#[async_trait]
impl SmsGateway for TencentSms {
    fn name(&self) -> &'static str {
        VENDOR
    }

    async fn send(&self, request: &SmsRequest<'_>) -> Result<SmsReceipt, VendorError> {
        let template = self.templates.find(VENDOR, request)?;
        let values = request.values(&self.templates.variables);
        let values: Vec<&str> = values.into_iter().map(|(_name, value)| value).collect();
        let body = json!({
            "SmsSdkAppId": self.app,
            "SignName": self.templates.sign_name,
            "TemplateId": template,
            "TemplateParamSet": values,
            "PhoneNumberSet": [request.phone.as_str()],
        });
        let action = Action { service: "sms", name: "SendSms", version: "2021-01-11", region: &self.region };
        let call = self.signer.call(&self.endpoint, &action, self.wire.clock.now(), body.to_string().into_bytes());
        let call = call.ok_or_else(|| VendorError::new(VENDOR, Class::Misconfigured, "the endpoint has no host"))?;
        let answer = self.wire.outbound.send(call).await;
        read(&answer.map_err(|error| VendorError::unreached(VENDOR, &error))?)
    }
}

/// The refusal of the whole call first, then that of the one number.
fn read(answer: &Answer) -> Result<SmsReceipt, VendorError> {
    let body = match Body::parse(VENDOR, &answer.body) {
        Ok(body) => body,
        Err(_malformed) if answer.is_trouble() => return Err(VendorError::status(VENDOR, answer)),
        Err(malformed) => return Err(malformed),
    };
    let malformed = |reason| VendorError::malformed(VENDOR, reason);
    let response = body.object("Response").ok_or_else(|| malformed("the answer has no Response"))?;
    if let Some(error) = response.object("Error") {
        return Err(refused(&error.loose("Code").unwrap_or_default()));
    }
    if !answer.is_success() {
        return Err(VendorError::status(VENDOR, answer));
    }
    let statuses = response.objects("SendStatusSet");
    // One number was asked for: one status comes back.
    let [status] = statuses.as_slice() else { return Err(malformed("the answer has not one status")) };
    match status.loose("Code").unwrap_or_default().as_str() {
        "Ok" => Ok(SmsReceipt { id: status.loose("SerialNo") }),
        "" => Err(malformed("the status has no Code")),
        code => Err(refused(code)),
    }
}

fn refused(code: &str) -> VendorError {
    let class = class_of(code);
    let error = VendorError::refused(VENDOR, class, code);
    if class == Class::Unavailable { error.maybe() } else { error }
}

fn class_of(code: &str) -> Class {
    let throttled = |seconds| Class::Throttled { again_in: Some(Duration::from_secs(seconds)) };
    match code {
        "LimitExceeded.PhoneNumberThirtySecondLimit" | "LimitExceeded.DeliveryFrequencyLimit" => throttled(30),
        "LimitExceeded.PhoneNumberOneHourLimit" => throttled(3_600),
        "LimitExceeded.PhoneNumberDailyLimit" | "LimitExceeded.PhoneNumberSameContentDailyLimit" => throttled(86_400),
        "RequestLimitExceeded" => throttled(1),
        "InvalidParameterValue.IncorrectPhoneNumber" | "FailedOperation.PhoneNumberInBlacklist" => Class::BadNumber,
        _ if code.starts_with("InternalError") || code == "ServiceUnavailable" => Class::Unavailable,
        // Keys, signature, clock, templates, balance, caps of the application: an operator is needed.
        _ => Class::Misconfigured,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn answered(status: u16, body: &str) -> Result<SmsReceipt, VendorError> {
        read(&Answer { status, retry_after: None, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn a_message_is_taken_when_its_own_status_says_so() {
        let taken = r#"{"Response":{"SendStatusSet":[{"SerialNo":"s1","Fee":1,"Code":"Ok"}],"RequestId":"r"}}"#;
        assert_eq!(answered(200, taken).unwrap().id.as_deref(), Some("s1"));
        for odd in [
            r#"{"Response":{"SendStatusSet":[],"RequestId":"r"}}"#,
            r#"{"Response":{"SendStatusSet":[{"Code":"Ok"},{"Code":"Ok"}]}}"#,
            r#"{"Response":{"SendStatusSet":[{"SerialNo":"s1"}]}}"#,
            r#"{"SendStatusSet":[{"Code":"Ok"}]}"#,
            "<html>",
        ] {
            assert_eq!(answered(200, odd).unwrap_err().class(), Class::Malformed, "{odd}");
        }
        assert_eq!(answered(502, "<html>").unwrap_err().class(), Class::Unavailable);
    }

    #[rstest]
    #[case("LimitExceeded.PhoneNumberThirtySecondLimit", Class::Throttled { again_in: Some(Duration::from_secs(30)) })]
    #[case("LimitExceeded.PhoneNumberOneHourLimit", Class::Throttled { again_in: Some(Duration::from_secs(3_600)) })]
    #[case("LimitExceeded.AppDailyLimit", Class::Misconfigured)]
    #[case("InvalidParameterValue.IncorrectPhoneNumber", Class::BadNumber)]
    #[case("FailedOperation.PhoneNumberInBlacklist", Class::BadNumber)]
    #[case("FailedOperation.SignatureIncorrectOrUnapproved", Class::Misconfigured)]
    #[case("FailedOperation.InsufficientBalanceInSmsPackage", Class::Misconfigured)]
    #[case("AuthFailure.SignatureFailure", Class::Misconfigured)]
    #[case("AuthFailure.SignatureExpire", Class::Misconfigured)]
    #[case("InternalError.Timeout", Class::Unavailable)]
    fn each_code_has_its_class_in_both_places(#[case] code: &str, #[case] class: Class) {
        let whole = format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"m"}},"RequestId":"r"}}}}"#);
        let one = format!(r#"{{"Response":{{"SendStatusSet":[{{"Code":"{code}","Message":"m"}}]}}}}"#);
        for body in [whole, one] {
            let error = answered(200, &body).unwrap_err();
            assert_eq!((error.class(), error.to_string()), (class, format!("tencent: {code}")));
            assert_eq!(error.may_have_happened(), class == Class::Unavailable);
        }
    }
}
