//! `[sms]`: the gateway that text messages go through.

use super::error::{ConfigError, require};
use super::section::section;
use super::types::BaseUrl;
use super::value::{Raw, Reason, Setting, quoted};
use crate::base::Secret;

const PURPOSES: [&str; 5] = ["login", "bind", "sign_up", "reset", "notice"];

section! {
    /// The gateway for text messages. Login by message, sign-up by phone and binding need one.
    Sms = "sms" {
        /// Which gateway.
        provider: SmsProvider = r#""none""#,
        /// Aliyun: `AccessKey` ID. Tencent: `SecretId`.
        access_key_id: Option<String> = "",
        /// Aliyun: `AccessKey` secret. Tencent: `SecretKey`.
        access_key_secret: Option<Secret<String>> = "",
        /// Tencent: `SdkAppId` of the SMS application.
        sdk_app_id: Option<String> = "",
        /// Tencent: region of the call.
        region: String = r#""ap-guangzhou""#,
        /// Signature (签名) under which messages go out, as it was approved. Aliyun, Tencent.
        sign_name: Option<String> = "",
        /// Approved templates as `purpose=id`, or `purpose.en=id` for people who read English; a purpose is `login`,
        /// `bind`, `sign_up`, `reset` or `notice`. Aliyun, Tencent. As `["login=SMS_100000001", "bind=SMS_100000002"]`.
        templates: Vec<String> = "[]",
        /// Variables of the templates for codes, in their order: `code` and `minutes`. Empty: `code` for Aliyun,
        /// `code` and `minutes` for Tencent.
        variables: Vec<String> = "[]",
        /// Where the vendor's API begins. Not set: the vendor's own address.
        endpoint: Option<BaseUrl> = "",
        /// Webhook: where each message is posted.
        webhook_url: Option<BaseUrl> = "",
        /// Webhook: value of the `Authorization` header.
        webhook_authorization: Option<Secret<String>> = "",
        /// Webhook: key of the signature in `X-Signature`, at least 16 characters.
        webhook_secret: Option<Secret<String>> = "",
    }
    check(sms) {
        let needs = |key: &str, given: bool| require(&format!("sms.{key}"), given, "is needed by this provider");
        sms.templates.iter().try_for_each(|text| check_template(text))?;
        let known = sms.variables.iter().all(|name| ["code", "minutes"].contains(&name.as_str()));
        require("sms.variables", known, "expected: code, minutes")?;
        match sms.provider {
            SmsProvider::None => return Ok(()),
            SmsProvider::Webhook => {
                needs("webhook_url", sms.webhook_url.is_some())?;
                let long = sms.webhook_secret.as_ref().is_none_or(|secret| secret.expose().len() >= 16);
                return require("sms.webhook_secret", long, "must have at least 16 characters");
            }
            SmsProvider::Tencent => needs("sdk_app_id", sms.sdk_app_id.is_some())?,
            SmsProvider::Aliyun => (),
        }
        needs("access_key_id", sms.access_key_id.is_some())?;
        needs("access_key_secret", sms.access_key_secret.is_some())?;
        needs("sign_name", sms.sign_name.is_some())?;
        needs("templates", !sms.templates.is_empty())
    }
}

impl Sms {
    /// The template of this name, as `login` or `login.en`.
    #[must_use]
    pub fn template(&self, name: &str) -> Option<&str> {
        self.templates.iter().filter_map(|text| parts(text)).find(|(known, _)| *known == name).map(|(_, id)| id)
    }
}

/// Name and id of one template.
fn parts(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').map(|(name, id)| (name.trim(), id.trim()))
}

fn check_template(text: &str) -> Result<(), ConfigError> {
    let (name, id) = parts(text).unwrap_or_default();
    let purpose = name.strip_suffix(".en").unwrap_or(name);
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    require("sms.templates", PURPOSES.contains(&purpose) && plain, "expected: purpose=id, as \"login=SMS_100000001\"")
}

/// Which gateway text messages go through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SmsProvider {
    /// None: what needs one is not offered.
    None,
    /// Aliyun (阿里云短信服务).
    Aliyun,
    /// Tencent Cloud (腾讯云短信).
    Tencent,
    /// A service of one's own.
    Webhook,
}

impl Setting for SmsProvider {
    const KIND: &'static str = "\"none\", \"aliyun\", \"tencent\" or \"webhook\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match String::parse(raw)?.as_str() {
            "none" => Ok(Self::None),
            "aliyun" => Ok(Self::Aliyun),
            "tencent" => Ok(Self::Tencent),
            "webhook" => Ok(Self::Webhook),
            _ => Err(Self::expected()),
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(match self {
            Self::None => "none",
            Self::Aliyun => "aliyun",
            Self::Tencent => "tencent",
            Self::Webhook => "webhook",
        }))
    }
}
