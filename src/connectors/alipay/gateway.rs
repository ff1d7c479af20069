//! One call of Alipay's gateway: what is signed, and what of the answer is
//! believed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;
use url::Url;

use super::super::error::{Class, VendorError};
use super::super::json::Body;
use super::super::time::china_time;
use super::VENDOR;
use super::rsa2::{SigningKey, VerifyingKey};
use crate::base::Timestamp;
use crate::outbound::{Answer, Call};

/// One app at Alipay with its keys.
pub(super) struct App {
    pub(super) id: String,
    pub(super) signing: SigningKey,
    pub(super) verifying: VerifyingKey,
    pub(super) certificates: Option<Certificates>,
}

/// Certificate mode: the numbers that calls and answers carry.
pub(super) struct Certificates {
    pub(super) app: String,
    pub(super) root: String,
    pub(super) alipay: String,
}

/// Parameters by name, as they are signed.
pub(super) type Params<'a> = BTreeMap<&'a str, &'a str>;

impl App {
    /// The signed call of a method, everything in the form.
    pub(super) fn call(
        &self,
        gateway: &Url,
        now: Timestamp,
        method: &str,
        own: &[(&str, &str)],
    ) -> Result<Call, VendorError> {
        let timestamp = china_time(now);
        let mut params: Params<'_> = [
            ("app_id", self.id.as_str()),
            ("method", method),
            ("format", "JSON"),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("timestamp", &timestamp),
            ("version", "1.0"),
        ]
        .into();
        if let Some(certificates) = &self.certificates {
            params.insert("app_cert_sn", &certificates.app);
            params.insert("alipay_root_cert_sn", &certificates.root);
        }
        params.extend(own.iter().copied());
        params.retain(|_name, value| !value.is_empty());
        let sign = self.sign(&to_sign(&params))?;
        params.insert("sign", &sign);
        Ok(Call::post(gateway.clone()).header("accept", "application/json").form(params))
    }

    pub(super) fn sign(&self, text: &str) -> Result<String, VendorError> {
        let signature = self.signing.sign(text);
        signature.ok_or_else(|| VendorError::new(VENDOR, Class::Misconfigured, "the private key does not sign"))
    }

    /// The members of a good answer, whose signature holds over the very bytes.
    pub(super) fn read(&self, answer: &Answer, method: &str) -> Result<Body, VendorError> {
        let body = match Body::parse(VENDOR, &answer.body) {
            Ok(body) => body,
            Err(_malformed) if answer.is_trouble() => return Err(VendorError::status(VENDOR, answer)),
            Err(malformed) => return Err(malformed),
        };
        if let Some(error) = body.object("error_response") {
            return Err(refused(&error));
        }
        let name = format!("{}_response", method.replace('.', "_"));
        let malformed = |reason| VendorError::malformed(VENDOR, reason);
        let response = body.object(&name).ok_or_else(|| malformed("the answer is to another question"))?;
        // A token comes without a code, a person with 10000.
        if response.loose("code").is_some_and(|code| code != "10000") || response.text("sub_code").is_some() {
            return Err(refused(&response));
        }
        if !answer.is_success() {
            return Err(VendorError::status(VENDOR, answer));
        }
        self.verify(&body, &answer.body, &name)?;
        Ok(response)
    }

    fn verify(&self, body: &Body, bytes: &[u8], name: &str) -> Result<(), VendorError> {
        let malformed = |reason| VendorError::malformed(VENDOR, reason);
        if let Some(certificates) = &self.certificates
            && body.text("alipay_cert_sn") != Some(&certificates.alipay)
        {
            let reason = "the answer is signed under another certificate; renew alipay_certificate";
            return Err(VendorError::new(VENDOR, Class::Misconfigured, reason).maybe());
        }
        let sign = body.text("sign").ok_or_else(|| malformed("the answer is not signed"))?;
        let raw: BTreeMap<&str, &RawValue> =
            serde_json::from_slice(bytes).map_err(|_odd| malformed("the answer has odd names"))?;
        let signed = raw.get(name).ok_or_else(|| malformed("the answer has odd names"))?;
        if self.verifying.holds(signed.get().as_bytes(), sign) {
            Ok(())
        } else {
            Err(malformed("the signature of the answer does not hold"))
        }
    }
}

/// `name=value` of all parameters in the order of their names, joined by `&`, nothing encoded.
pub(super) fn to_sign(params: &Params<'_>) -> String {
    params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// `sub_code` says more than `code`; `sub_msg` repeats what we sent and is not kept.
fn refused(error: &Body) -> VendorError {
    let code = error.loose("code").unwrap_or_default();
    let sub_code = error.loose("sub_code").unwrap_or_default();
    let class = class_of(&code, &sub_code);
    let told = VendorError::refused(VENDOR, class, if sub_code.is_empty() { &code } else { &sub_code });
    if class == Class::Unavailable { told.maybe() } else { told }
}

fn class_of(code: &str, sub_code: &str) -> Class {
    match (code, sub_code) {
        (_, "isv.code-invalid" | "aop.invalid-auth-token" | "aop.auth-token-time-out") | ("20001", _) => {
            Class::CodeSpent
        }
        (_, "isp.unknow-error" | "aop.unknow-error") | ("20000", _) => Class::Unavailable,
        (_, "isv.app-call-limited" | "isv.method-call-limited") | ("40005", _) => {
            Class::Throttled { again_in: Some(Duration::from_secs(1)) }
        }
        ("", "") => Class::Malformed,
        // Signature, keys, app, rights, parameters: an operator is needed.
        _ => Class::Misconfigured,
    }
}
