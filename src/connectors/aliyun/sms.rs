//! Text messages through Aliyun (阿里云短信服务, `SendSms`).

use async_trait::async_trait;
use serde_json::{Map, Value};
use url::Url;

use super::super::sms::{SmsGateway, SmsReceipt, SmsRequest, Templates, needed};
use super::super::{VendorError, Wire};
use super::{Product, VENDOR};
use crate::config::{ConfigError, Sms};
use crate::domain::contact::Phone;

const ENDPOINT: &str = "https://dysmsapi.aliyuncs.com/";

/// Sends through Aliyun.
pub struct AliyunSms {
    product: Product,
    templates: Templates,
}

impl AliyunSms {
    /// From `[sms]`.
    ///
    /// # Errors
    /// The key that is missing.
    pub fn new(wire: &Wire, config: &Sms) -> Result<Self, ConfigError> {
        let id = needed("access_key_id", config.access_key_id.as_ref())?.clone();
        let secret = needed("access_key_secret", config.access_key_secret.as_ref())?.clone();
        let given = config.endpoint.as_ref().map(|base| base.url().clone());
        let endpoint = given.or_else(|| Url::parse(ENDPOINT).ok());
        let endpoint = needed("endpoint", endpoint.as_ref())?.clone();
        Ok(Self { product: Product::new(wire, endpoint, id, secret), templates: Templates::new(config, &["code"])? })
    }
}

/// A number as Aliyun wants it: of the mainland without country code, of
/// elsewhere with it, never with a plus sign.
fn dialled(phone: &Phone) -> &str {
    let text = phone.as_str();
    text.strip_prefix("+86").unwrap_or_else(|| text.trim_start_matches('+'))
}

#[async_trait]
impl SmsGateway for AliyunSms {
    fn name(&self) -> &'static str {
        VENDOR
    }

    async fn send(&self, request: &SmsRequest<'_>) -> Result<SmsReceipt, VendorError> {
        let template = self.templates.find(VENDOR, request)?;
        let values = request.values(&self.templates.variables);
        let values: Map<_, _> =
            values.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value.to_owned()))).collect();
        let values = Value::Object(values).to_string();
        let params = [
            ("PhoneNumbers", dialled(request.phone)),
            ("SignName", &self.templates.sign_name),
            ("TemplateCode", template),
            ("TemplateParam", &values),
        ];
        let call = self.product.call("SendSms", &params)?;
        let body = Product::read(self.product.wire.outbound.send(call).await)?;
        Ok(SmsReceipt { id: body.loose("BizId") })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::stub::{Stub, answer, nonsense, wire};
    use super::super::super::{Class, SmsPurpose};
    use super::*;
    use crate::config::Config;
    use crate::domain::Language;

    fn gateway(base: &Url) -> AliyunSms {
        let toml = format!(
            "[sms]\nprovider = \"aliyun\"\naccess_key_id = \"testAK\"\naccess_key_secret = \"canary\"\nsign_name = \"测试云\"\n\
             templates = [\"login=SMS_1\", \"login.en=SMS_2\"]\nendpoint = \"{base}\""
        );
        AliyunSms::new(&wire(), &Config::from_parts(&toml, []).unwrap().sms).unwrap()
    }

    fn request(phone: &Phone, purpose: SmsPurpose, language: Language) -> SmsRequest<'_> {
        SmsRequest { phone, purpose, params: &[("code", "123456"), ("minutes", "5")], language, once_key: "k" }
    }

    #[tokio::test]
    async fn a_code_goes_out_under_the_persons_template() {
        let taken = r#"{"Code":"OK","Message":"OK","RequestId":"R","BizId":"b1"}"#;
        let stub = Stub::answering(&[taken, taken]);
        let gateway = gateway(&stub.base);
        let phone = Phone::parse("13800138000", "+86").unwrap();
        let receipt = gateway.send(&request(&phone, SmsPurpose::Login, Language::Chinese)).await.unwrap();
        assert_eq!(receipt.id.as_deref(), Some("b1"));
        gateway.send(&request(&phone, SmsPurpose::Login, Language::English)).await.unwrap();
        let asked = stub.asked();
        let query = "/vendor?PhoneNumbers=13800138000&SignName=%E6%B5%8B%E8%AF%95%E4%BA%91&TemplateCode=SMS_1&TemplateParam=%7B%22code%22%3A%22123456%22%7D ";
        assert!(asked[0].starts_with(&format!("POST {query}")), "{}", asked[0]);
        assert!(asked[1].contains("TemplateCode=SMS_2&"), "{}", asked[1]);
        let error = gateway.send(&request(&phone, SmsPurpose::Reset, Language::Chinese)).await.unwrap_err();
        assert_eq!((error.class(), error.may_have_happened()), (Class::Misconfigured, false));
    }

    #[tokio::test]
    async fn nonsense_may_mean_that_it_was_sent_and_is_not_sent_again() {
        let phone = Phone::parse("13800138000", "+86").unwrap();
        for odd in nonsense() {
            let throttled = odd.starts_with(b"HTTP/1.1 429");
            let stub = Stub::raw(vec![odd, answer(200, r#"{"Code":"OK"}"#)]);
            let error =
                gateway(&stub.base).send(&request(&phone, SmsPurpose::Login, Language::Chinese)).await.unwrap_err();
            assert_eq!(error.may_have_happened(), !throttled, "{error}");
            assert!(!error.to_string().contains("13800138000") && !error.to_string().contains("canary"), "{error}");
            assert_eq!(stub.asked().len(), 1);
        }
    }

    #[test]
    fn a_number_is_written_as_aliyun_wants_it() {
        let dial = |typed| dialled(&Phone::parse(typed, "+86").unwrap()).to_owned();
        assert_eq!(dial("+86 138 0013 8000"), "13800138000");
        assert_eq!(dial("+44 20 7946 0958"), "442079460958");
    }
}
