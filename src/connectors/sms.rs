//! Text messages: what every gateway takes, and which one is configured.

use std::sync::Arc;

use async_trait::async_trait;

use super::Wire;
use super::aliyun::AliyunSms;
use super::error::{Class, VendorError};
use super::tencent::TencentSms;
use super::webhook::WebhookSms;
use crate::config::{ConfigError, Sms, SmsProvider};
use crate::domain::Language;
use crate::domain::contact::Phone;

/// What a message is for. Each has an approved template of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SmsPurpose {
    /// A code to sign in.
    Login,
    /// A code to bind an upstream identity or a new number.
    Bind,
    /// A code to open an account.
    SignUp,
    /// A code to set a new password.
    Reset,
    /// Word of something that happened.
    Notice,
}

impl SmsPurpose {
    /// Its name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Bind => "bind",
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::Notice => "notice",
        }
    }
}

/// One message to one number.
pub struct SmsRequest<'a> {
    /// To whom.
    pub phone: &'a Phone,
    /// What for.
    pub purpose: SmsPurpose,
    /// What the template says, by name and in order: `code` and `minutes` of a
    /// code; of a notice whatever its template names.
    pub params: &'a [(&'a str, &'a str)],
    /// In which language.
    pub language: Language,
    /// The same message has the same key, for gateways that can tell a repetition.
    pub once_key: &'a str,
}

impl<'a> SmsRequest<'a> {
    /// The values that a template takes: of a code the `variables` of the
    /// configuration, of a notice all.
    pub(super) fn values(&self, variables: &[String]) -> Vec<(&'a str, &'a str)> {
        let wanted = |name: &str| self.params.iter().find(|(known, _)| *known == name).copied();
        match self.purpose {
            SmsPurpose::Notice => self.params.to_vec(),
            SmsPurpose::Login | SmsPurpose::Bind | SmsPurpose::SignUp | SmsPurpose::Reset => {
                variables.iter().filter_map(|name| wanted(name)).collect()
            }
        }
    }
}

/// A gateway took a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SmsReceipt {
    /// Its number there, to ask for its fate by.
    pub id: Option<String>,
}

/// A gateway for text messages.
#[async_trait]
pub trait SmsGateway: Send + Sync {
    /// Its name in configuration and log.
    fn name(&self) -> &'static str;

    /// Hands one message over, once.
    ///
    /// # Errors
    /// Whether it may have gone out all the same is
    /// [`VendorError::may_have_happened`]: such a message is not sent again.
    async fn send(&self, request: &SmsRequest<'_>) -> Result<SmsReceipt, VendorError>;
}

/// The gateway of the configuration; `None`: there is none.
///
/// # Errors
/// The key of the section that is missing.
pub fn sms_gateway(config: &Sms, wire: &Wire) -> Result<Option<Arc<dyn SmsGateway>>, ConfigError> {
    Ok(match config.provider {
        SmsProvider::None => None,
        SmsProvider::Aliyun => Some(Arc::new(AliyunSms::new(wire, config)?)),
        SmsProvider::Tencent => Some(Arc::new(TencentSms::new(wire, config)?)),
        SmsProvider::Webhook => Some(Arc::new(WebhookSms::new(wire, config)?)),
    })
}

/// The approved templates, under the signature they go out with.
pub(super) struct Templates {
    config: Sms,
    /// Names of the variables of a code's template.
    pub(super) variables: Vec<String>,
    pub(super) sign_name: String,
}

impl Templates {
    pub(super) fn new(config: &Sms, usual: &[&str]) -> Result<Self, ConfigError> {
        let variables = if config.variables.is_empty() {
            usual.iter().map(|name| (*name).to_owned()).collect()
        } else {
            config.variables.clone()
        };
        let sign_name = needed("sign_name", config.sign_name.as_ref())?.clone();
        Ok(Self { config: config.clone(), variables, sign_name })
    }

    /// The template of a message: in the person's language if there is one.
    pub(super) fn find(&self, vendor: &'static str, request: &SmsRequest<'_>) -> Result<&str, VendorError> {
        let purpose = request.purpose.as_str();
        let translated = match request.language {
            Language::Chinese => None,
            Language::English => self.config.template(&format!("{purpose}.en")),
        };
        let found = translated.or_else(|| self.config.template(purpose));
        found.ok_or_else(|| VendorError::new(vendor, Class::Misconfigured, "sms.templates has none for this purpose"))
    }
}

/// A key that the provider cannot do without.
pub(super) fn needed<'a, T>(key: &str, value: Option<&'a T>) -> Result<&'a T, ConfigError> {
    value.ok_or_else(|| ConfigError::new(format!("sms.{key}"), "is needed by this provider"))
}
