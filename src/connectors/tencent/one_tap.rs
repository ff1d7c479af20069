//! Number authentication by Tencent Cloud (`rapidauth/validate`): a carrier's
//! token for the number.

use async_trait::async_trait;
use serde_json::{Map, Value};
use url::Url;

use super::super::budget::{Budget, ONE_TAP};
use super::super::carrier::{Carrier, CarrierToken, NumberAggregator, answered_number, plausible};
use super::super::error::{Class, VendorError};
use super::super::hash::sha256_hex;
use super::super::json::Body;
use super::super::{Wire, settings};
use super::VENDOR;
use crate::base::Secret;
use crate::config::{ConfigError, Key, MethodSection};
use crate::domain::contact::Phone;
use crate::outbound::{Answer, Call};

const ENDPOINT: &str = "https://yun.tim.qq.com/";
/// The random part of a signature is a decimal number of ten digits.
const RANDOM_RANGE: (u64, u64) = (1_000_000_000, 9_000_000_000);

/// The keys of Tencent's number authentication.
#[derive(Clone)]
pub struct TencentOneTapSettings {
    /// `SdkAppId`.
    pub sdk_app_id: String,
    /// App key.
    pub app_key: Secret<String>,
    /// Where the API begins.
    pub endpoint: Url,
}

impl TencentOneTapSettings {
    /// What is read of the section.
    pub const KEYS: &'static [Key] = &[
        settings::text("sdk_app_id", "", &["Tencent: SdkAppId."]),
        settings::secret("app_key", &["Tencent: app key."]),
        settings::url("endpoint", ENDPOINT, &["Where the API begins."]),
    ];

    /// Reads them; `None`: no credentials are given.
    ///
    /// # Errors
    /// The key that is wrong, or lacks its other half.
    pub fn read(section: &MethodSection) -> Result<Option<Self>, ConfigError> {
        let pair = settings::pair(section, "sdk_app_id", "app_key")?;
        let endpoint = settings::base(section, "endpoint", ENDPOINT)?;
        Ok(pair.map(|(sdk_app_id, app_key)| Self { sdk_app_id, app_key, endpoint }))
    }
}

/// Asks Tencent Cloud for numbers.
pub struct TencentOneTap {
    wire: Wire,
    settings: TencentOneTapSettings,
}

impl TencentOneTap {
    /// With these keys.
    #[must_use]
    pub fn new(wire: &Wire, settings: TencentOneTapSettings) -> Self {
        Self { wire: wire.lane(), settings }
    }

    fn call(&self, token: &CarrierToken<'_>) -> Call {
        let (least, range) = RANDOM_RANGE;
        let random = (least + self.wire.entropy.below(range)).to_string();
        let time = self.wire.clock.now().seconds().to_string();
        let mut url = settings::below(&self.settings.endpoint, "/v5/rapidauth/validate");
        url.query_pairs_mut().append_pair("sdkappid", &self.settings.sdk_app_id).append_pair("random", &random);
        let mut members = Map::new();
        let mut put = |name: &str, value: String| members.insert(name.to_owned(), Value::String(value));
        put("sig", signature(&self.settings.app_key, &random, &time));
        put("time", time);
        put("token", token.token.to_owned());
        if let Some(carrier) = token.carrier {
            put("carrier", carrier_name(carrier).to_owned());
        }
        Call::post(url).body("application/json", Value::Object(members).to_string())
    }
}

#[async_trait]
impl NumberAggregator for TencentOneTap {
    fn name(&self) -> &'static str {
        VENDOR
    }

    async fn number(&self, token: &CarrierToken<'_>) -> Result<Phone, VendorError> {
        plausible(VENDOR, token.token)?;
        read(&Budget::of(ONE_TAP).send(VENDOR, &self.wire.outbound, self.call(token)).await?)
    }
}

fn carrier_name(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Mobile => "mobile",
        Carrier::Unicom => "unicom",
        Carrier::Telecom => "telecom",
    }
}

fn signature(key: &Secret<String>, random: &str, time: &str) -> String {
    sha256_hex(format!("appkey={}&random={random}&time={time}", key.expose()).as_bytes())
}

fn read(answer: &Answer) -> Result<Phone, VendorError> {
    let body = match Body::parse(VENDOR, &answer.body) {
        Ok(body) => body,
        Err(_malformed) if answer.is_trouble() => return Err(VendorError::status(VENDOR, answer)),
        Err(malformed) => return Err(malformed),
    };
    match body.loose("result").as_deref() {
        Some("0") if answer.is_success() => answered_number(VENDOR, body.text("mobile").unwrap_or_default()),
        Some("0") | None if answer.is_trouble() => Err(VendorError::status(VENDOR, answer)),
        Some("0") | None => Err(VendorError::malformed(VENDOR, "the answer has no result")),
        // What the numbers mean is not published well enough to tell ours from the token's fault:
        // the person taps again or takes another way, and the number stands in the log.
        Some(code) => Err(VendorError::refused(VENDOR, Class::CodeSpent, code)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::stub::{Stub, answer, nonsense, section, wire};
    use super::*;

    fn aggregator(base: &Url) -> TencentOneTap {
        let toml = format!("sdk_app_id = \"1400001\"\napp_key = \"canary\"\nendpoint = \"{base}\"");
        TencentOneTap::new(&wire(), TencentOneTapSettings::read(&section("one_tap", &toml)).unwrap().unwrap())
    }

    const TOKEN: CarrierToken<'_> = CarrierToken { token: "tok-1", carrier: Some(Carrier::Unicom), attempt: "a1" };

    #[test]
    fn the_signature_is_the_published_one() {
        let key = Secret::new("5f03a35d00ee52a21327ab048186a2c4".to_owned());
        assert_eq!(
            signature(&key, "7226249334", "1457336869"),
            "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df"
        );
    }

    #[tokio::test]
    async fn a_token_is_traded_for_the_number() {
        let stub = Stub::answering(&[r#"{"result":0,"errmsg":"","mobile":"13900001234"}"#]);
        assert_eq!(aggregator(&stub.base).number(&TOKEN).await.unwrap().as_str(), "+8613900001234");
        let asked = &stub.asked()[0];
        assert!(asked.starts_with("POST /vendor/v5/rapidauth/validate?sdkappid=1400001&random="), "{asked}");
        assert!(asked.contains(r#""carrier":"unicom""#) && asked.contains(r#""time":"1735787045""#), "{asked}");
    }

    #[tokio::test]
    async fn ot_03_whatever_else_comes_back_is_no_login() {
        for body in [
            r#"{"result":0,"mobile":null}"#,
            r#"{"result":0,"mobile":"139****1234"}"#,
            r#"{"result":0,"mobile":"+8613900001234"}"#,
            r#"{"result":0,"mobile":13900001234}"#,
            r#"{"mobile":"13900001234"}"#,
            r#"{"result":1002,"errmsg":"13900001234","mobile":"13900001234"}"#,
        ] {
            let stub = Stub::answering(&[body]);
            let error = aggregator(&stub.base).number(&TOKEN).await.unwrap_err();
            assert!(!error.to_string().contains("1390000"), "{error}");
        }
        for odd in nonsense() {
            let stub = Stub::raw(vec![odd, answer(200, r#"{"result":0,"mobile":"13900001234"}"#)]);
            assert!(aggregator(&stub.base).number(&TOKEN).await.is_err());
            assert_eq!(stub.asked().len(), 1, "a token is spent once");
        }
    }
}
