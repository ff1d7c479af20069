//! Text messages through a service of one's own: each message is posted as
//! JSON, signed, with a key by which the service can tell a repetition.
//!
//! `X-Signature: t=<unix>,v1=<hex>`, the HMAC-SHA-256 of `t`, a dot and the body
//! under the configured secret. Any 2xx means that the message was taken.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use url::Url;

use super::Wire;
use super::error::{Class, VendorError};
use super::hash::{hex, hmac_sha256};
use super::sms::{SmsGateway, SmsPurpose, SmsReceipt, SmsRequest, needed};
use crate::base::{Secret, Timestamp};
use crate::config::{ConfigError, Sms};
use crate::outbound::{Answer, Call};

const VENDOR: &str = "webhook";

/// Sends through a service of one's own.
pub struct WebhookSms {
    wire: Wire,
    url: Url,
    authorization: Option<Secret<String>>,
    secret: Option<Secret<String>>,
}

impl WebhookSms {
    /// From `[sms]`.
    ///
    /// # Errors
    /// The key that is missing.
    pub fn new(wire: &Wire, config: &Sms) -> Result<Self, ConfigError> {
        Ok(Self {
            wire: wire.lane(),
            url: needed("webhook_url", config.webhook_url.as_ref())?.url().clone(),
            authorization: config.webhook_authorization.clone(),
            secret: config.webhook_secret.clone(),
        })
    }

    fn call(&self, request: &SmsRequest<'_>) -> Call {
        let body = body(request);
        let mut call = Call::post(self.url.clone()).header("idempotency-key", request.once_key);
        if let Some(authorization) = &self.authorization {
            call = call.header("authorization", authorization.expose());
        }
        if let Some(secret) = &self.secret {
            call = call.header("x-signature", signature(secret, self.wire.clock.now(), &body));
        }
        call.body("application/json", body)
    }
}

#[async_trait]
impl SmsGateway for WebhookSms {
    fn name(&self) -> &'static str {
        VENDOR
    }

    async fn send(&self, request: &SmsRequest<'_>) -> Result<SmsReceipt, VendorError> {
        let answer = self.wire.outbound.send(self.call(request)).await;
        read(&answer.map_err(|error| VendorError::unreached(VENDOR, &error))?)
    }
}

/// `{"to", "type", "payload": {…, "locale"}}`.
fn body(request: &SmsRequest<'_>) -> String {
    let kind = match request.purpose {
        SmsPurpose::Login => "SignIn",
        SmsPurpose::Bind => "BindNewIdentifier",
        SmsPurpose::SignUp => "Register",
        SmsPurpose::Reset => "ForgotPassword",
        SmsPurpose::Notice => "Generic",
    };
    let mut payload: Map<_, _> =
        request.params.iter().map(|(name, value)| ((*name).to_owned(), Value::String((*value).to_owned()))).collect();
    payload.insert("locale".to_owned(), Value::String(request.language.as_str().to_owned()));
    json!({ "to": request.phone.as_str(), "type": kind, "payload": payload }).to_string()
}

fn signature(secret: &Secret<String>, now: Timestamp, body: &str) -> String {
    let t = now.seconds();
    let mac = hmac_sha256(secret.expose().as_bytes(), format!("{t}.{body}").as_bytes());
    format!("t={t},v1={}", hex(mac.as_ref()))
}

fn read(answer: &Answer) -> Result<SmsReceipt, VendorError> {
    match answer.status {
        200..=299 => Ok(SmsReceipt { id: None }),
        // What it does not want, it did not send.
        400..=428 | 430..=499 => {
            Err(VendorError::refused(VENDOR, Class::Misconfigured, &format!("status-{}", answer.status)))
        }
        _ => Err(VendorError::status(VENDOR, answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;
    use crate::domain::contact::Phone;

    #[test]
    fn a_message_has_its_form_and_its_signature() {
        let phone = Phone::parse("13800138000", "+86").unwrap();
        let request = SmsRequest {
            phone: &phone,
            purpose: SmsPurpose::SignUp,
            params: &[("code", "123456"), ("minutes", "5")],
            language: Language::English,
            once_key: "k1",
        };
        let body = body(&request);
        insta::assert_snapshot!(body, @r#"{"payload":{"code":"123456","locale":"en","minutes":"5"},"to":"+8613800138000","type":"Register"}"#);
        // Reckoned by Python's hmac module.
        let signature =
            signature(&Secret::new("0123456789abcdef".to_owned()), Timestamp::from_seconds(1_735_787_045), &body);
        assert_eq!(signature, SIGNATURE);
    }

    const SIGNATURE: &str = "t=1735787045,v1=c475f508f6008619d595bdc1bc1a58c4a3e36fa515cc25776fa03a884ff19c71";

    #[test]
    fn any_2xx_is_taken_and_nothing_else() {
        let told = |status| read(&Answer { status, retry_after: None, body: b"<html>".to_vec() });
        assert!(told(200).is_ok() && told(204).is_ok());
        assert_eq!(told(401).unwrap_err().class(), Class::Misconfigured);
        assert_eq!(told(429).unwrap_err().class(), Class::Throttled { again_in: None });
        assert_eq!(told(500).unwrap_err().class(), Class::Unavailable);
        assert_eq!(told(302).unwrap_err().class(), Class::Malformed);
        assert!(told(500).unwrap_err().may_have_happened() && !told(401).unwrap_err().may_have_happened());
    }
}
