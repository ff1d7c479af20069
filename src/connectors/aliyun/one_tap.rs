//! Number authentication by Aliyun (号码认证服务, `GetMobile`): a carrier's token
//! for the number.

use async_trait::async_trait;
use url::Url;

use super::super::budget::{Budget, ONE_TAP};
use super::super::carrier::{CarrierToken, NumberAggregator, answered_number, plausible};
use super::super::settings;
use super::super::{VendorError, Wire};
use super::{Product, VENDOR, refusal};
use crate::base::Secret;
use crate::config::{ConfigError, Key, MethodSection};
use crate::domain::contact::Phone;

const ENDPOINT: &str = "https://dypnsapi.aliyuncs.com/";

/// The keys of Aliyun's number authentication.
#[derive(Clone)]
pub struct AliyunOneTapSettings {
    /// `AccessKey` ID.
    pub access_key_id: String,
    /// `AccessKey` secret.
    pub access_key_secret: Secret<String>,
    /// Where the API begins.
    pub endpoint: Url,
}

impl AliyunOneTapSettings {
    /// What is read of the section.
    pub const KEYS: &'static [Key] = &[
        settings::text("access_key_id", "", &["Aliyun: AccessKey ID."]),
        settings::secret("access_key_secret", &["Aliyun: AccessKey secret."]),
        settings::url("endpoint", ENDPOINT, &["Where the API begins."]),
    ];

    /// Reads them; `None`: no credentials are given.
    ///
    /// # Errors
    /// The key that is wrong, or lacks its other half.
    pub fn read(section: &MethodSection) -> Result<Option<Self>, ConfigError> {
        let pair = settings::pair(section, "access_key_id", "access_key_secret")?;
        let endpoint = settings::base(section, "endpoint", ENDPOINT)?;
        Ok(pair.map(|(access_key_id, access_key_secret)| Self { access_key_id, access_key_secret, endpoint }))
    }
}

/// Asks Aliyun for numbers.
pub struct AliyunOneTap(Product);

impl AliyunOneTap {
    /// With these keys.
    #[must_use]
    pub fn new(wire: &Wire, settings: AliyunOneTapSettings) -> Self {
        let AliyunOneTapSettings { access_key_id, access_key_secret, endpoint } = settings;
        Self(Product::new(wire, endpoint, access_key_id, access_key_secret))
    }
}

#[async_trait]
impl NumberAggregator for AliyunOneTap {
    fn name(&self) -> &'static str {
        VENDOR
    }

    async fn number(&self, token: &CarrierToken<'_>) -> Result<Phone, VendorError> {
        plausible(VENDOR, token.token)?;
        let mut params = vec![("AccessToken", token.token)];
        if !token.attempt.is_empty() {
            params.push(("OutId", token.attempt));
        }
        let call = self.0.call("GetMobile", &params)?;
        let answer = Budget::of(ONE_TAP).send(VENDOR, &self.0.wire.outbound, call).await?;
        let body = refusal::read(&answer)?;
        let result = body.object("GetMobileResultDTO");
        answered_number(VENDOR, result.as_ref().and_then(|result| result.text("Mobile")).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Class;
    use super::super::super::stub::{Stub, answer, nonsense, section, wire};
    use super::*;

    fn aggregator(base: &Url) -> AliyunOneTap {
        let toml = format!("access_key_id = \"ak\"\naccess_key_secret = \"canary\"\nendpoint = \"{base}\"");
        AliyunOneTap::new(&wire(), AliyunOneTapSettings::read(&section("one_tap", &toml)).unwrap().unwrap())
    }

    const TOKEN: CarrierToken<'_> = CarrierToken { token: "tok-1", carrier: None, attempt: "a1" };
    const NUMBER: &str = r#"{"Code":"OK","RequestId":"R","GetMobileResultDTO":{"Mobile":"13900001234"}}"#;

    #[tokio::test]
    async fn a_token_is_traded_for_the_number() {
        let stub = Stub::answering(&[NUMBER]);
        assert_eq!(aggregator(&stub.base).number(&TOKEN).await.unwrap().as_str(), "+8613900001234");
        let asked = &stub.asked()[0];
        assert!(asked.starts_with("POST /vendor?AccessToken=tok-1&OutId=a1 "), "{asked}");
        assert!(asked.contains("x-acs-action: GetMobile\r\n") && !asked.contains("canary"), "{asked}");
    }

    #[tokio::test]
    async fn ot_03_whatever_else_comes_back_is_no_login() {
        for body in [
            r#"{"Code":"OK","GetMobileResultDTO":{"Mobile":null}}"#,
            r#"{"Code":"OK","GetMobileResultDTO":{"Mobile":"139****1234"}}"#,
            r#"{"Code":"OK","GetMobileResultDTO":null}"#,
            r#"{"Code":"OK","Mobile":"13900001234"}"#,
        ] {
            let stub = Stub::answering(&[body]);
            assert_eq!(aggregator(&stub.base).number(&TOKEN).await.unwrap_err().class(), Class::Malformed, "{body}");
        }
        for odd in nonsense() {
            let stub = Stub::raw(vec![odd, answer(200, NUMBER)]);
            assert!(aggregator(&stub.base).number(&TOKEN).await.is_err());
            assert_eq!(stub.asked().len(), 1, "a token is spent once");
        }
    }
}
