//! One-tap login: a carrier's token is traded for the number at an aggregator.

use std::sync::Arc;

use async_trait::async_trait;

use super::aliyun::{AliyunOneTap, AliyunOneTapSettings};
use super::error::VendorError;
use super::tencent::{TencentOneTap, TencentOneTapSettings};
use super::{Wire, settings};
use crate::config::{ConfigError, Key, MethodSection};
use crate::domain::contact::Phone;

/// Which carrier made the token, when the app says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// China Mobile.
    Mobile,
    /// China Unicom.
    Unicom,
    /// China Telecom.
    Telecom,
}

/// What the native app got from its SDK. Good once, and for minutes.
pub struct CarrierToken<'a> {
    /// The token.
    pub token: &'a str,
    /// Its carrier, if known; only some aggregators want it.
    pub carrier: Option<Carrier>,
    /// Our own name of this attempt, for the aggregator's records.
    pub attempt: &'a str,
}

/// Trades tokens for numbers. Only its answer says whose number it is.
#[async_trait]
pub trait NumberAggregator: Send + Sync {
    /// Its name in configuration and log.
    fn name(&self) -> &'static str;

    /// The number behind a token. Spends the token, so it is asked once.
    ///
    /// # Errors
    /// [`super::Class::CodeSpent`]: the token; anything else: the aggregator.
    async fn number(&self, token: &CarrierToken<'_>) -> Result<Phone, VendorError>;
}

/// What is read of `[login.one_tap]` beside the keys of the aggregator.
pub const ONE_TAP_KEYS: &[Key] =
    &[settings::text("aggregator", "aliyun", &["Who trades tokens for numbers: `aliyun` or `tencent`."])];

/// The aggregator of `[login.one_tap]`; `None`: it has no credentials.
///
/// # Errors
/// The key that is wrong, unknown (also one of the other aggregator), or lacks its other half.
pub fn number_aggregator(
    section: &MethodSection,
    wire: &Wire,
) -> Result<Option<Arc<dyn NumberAggregator>>, ConfigError> {
    let aggregator = section.text("aggregator")?;
    match aggregator.as_deref() {
        None | Some("aliyun") => {
            settings::refuse_unknown(section, &[ONE_TAP_KEYS, AliyunOneTapSettings::KEYS])?;
            let settings = AliyunOneTapSettings::read(section)?;
            Ok(settings.map(|settings| -> Arc<dyn NumberAggregator> { Arc::new(AliyunOneTap::new(wire, settings)) }))
        }
        Some("tencent") => {
            settings::refuse_unknown(section, &[ONE_TAP_KEYS, TencentOneTapSettings::KEYS])?;
            let settings = TencentOneTapSettings::read(section)?;
            Ok(settings.map(|settings| -> Arc<dyn NumberAggregator> { Arc::new(TencentOneTap::new(wire, settings)) }))
        }
        Some(_) => Err(ConfigError::new(section.key("aggregator"), "expected: aliyun or tencent")),
    }
}

/// The number that an aggregator answered: eleven digits of the mainland and
/// nothing else, so neither a masked number nor `null` passes.
///
/// # Errors
/// Malformed.
pub(super) fn answered_number(vendor: &'static str, text: &str) -> Result<Phone, VendorError> {
    let plain = text.len() == 11 && text.starts_with('1') && text.bytes().all(|byte| byte.is_ascii_digit());
    let phone = if plain { Phone::parse(text, "+86") } else { None };
    phone.ok_or_else(|| VendorError::malformed(vendor, "it answered no number"))
}

/// A token that could be one: 1 to 2048 visible ASCII characters.
///
/// # Errors
/// [`super::Class::CodeSpent`]: nothing is asked for it.
pub(super) fn plausible(vendor: &'static str, token: &str) -> Result<(), VendorError> {
    if (1..=2_048).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(VendorError::new(vendor, super::Class::CodeSpent, "no code or token of this vendor"))
}

#[cfg(test)]
mod tests {
    use super::super::stub::{section, wire};
    use super::*;

    #[test]
    fn ot_03_what_is_no_plain_number_is_refused() {
        for text in [
            "",
            "null",
            "139****1234",
            "+8613900001234",
            "8613900001234",
            "23900001234",
            "1390000123",
            "１３９００００１２３４",
        ] {
            assert!(answered_number("x", text).is_err(), "{text}");
        }
        assert_eq!(answered_number("x", "13900001234").unwrap().as_str(), "+8613900001234");
    }

    #[test]
    fn the_aggregator_is_chosen_and_held_to_its_own_keys() {
        let built = |toml: &str| {
            let aggregator = number_aggregator(&section("one_tap", toml), &wire());
            aggregator.map(|built| built.map(|built| built.name())).map_err(|error| error.to_string())
        };
        assert_eq!(built(""), Ok(None));
        assert_eq!(built("access_key_id = \"a\"\naccess_key_secret = \"s\""), Ok(Some("aliyun")));
        assert_eq!(built("aggregator = \"tencent\"\nsdk_app_id = \"1\"\napp_key = \"k\""), Ok(Some("tencent")));
        assert_eq!(
            built("aggregator = \"tencent\"\naccess_key_id = \"a\""),
            Err("login.one_tap.access_key_id: no such key".into())
        );
        assert_eq!(built("aggregator = \"x\""), Err("login.one_tap.aggregator: expected: aliyun or tencent".into()));
        assert_eq!(
            built("access_key_id = \"a\""),
            Err("login.one_tap.access_key_secret: is needed beside access_key_id".into())
        );
    }

    #[test]
    fn what_can_be_no_token_is_not_asked_for() {
        for token in ["", "a b", "a\r\nX: y", "令牌", &"x".repeat(2_049)] {
            assert!(plausible("x", token).is_err(), "{token}");
        }
        assert!(plausible("x", "eyJ0eXAiOiJKV1Qi-_=+/").is_ok());
    }
}
