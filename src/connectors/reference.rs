//! What connectors read of `[login.<method>]`: for the reference page, and for
//! whoever looks whether it has its form.

use super::aliyun::AliyunOneTapSettings;
use super::carrier::{ONE_TAP_KEYS, number_aggregator};
use super::tencent::TencentOneTapSettings;
use super::{Alipay, AlipaySettings, OidcSettings, TaobaoSettings, WeChatSettings, Wire};
use crate::config::{ConfigError, Key, Login};

/// One section as the reference describes it.
pub struct VendorSection {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its keys, beside `enabled`.
    pub keys: &'static [&'static [Key]],
}

/// Every section of a vendor.
pub const SECTIONS: &[VendorSection] = &[
    VendorSection {
        name: "login.wechat",
        about: "WeChat: the QR code on the website, pages inside WeChat, the native app. Each has an app of its own; \
                what has none is not offered.",
        keys: &[WeChatSettings::KEYS],
    },
    VendorSection {
        name: "login.alipay",
        about: "Alipay: the website, the native app. In key mode or in certificate mode.",
        keys: &[AlipaySettings::KEYS],
    },
    VendorSection {
        name: "login.taobao",
        about: "Taobao: the website, the native app.",
        keys: &[TaobaoSettings::KEYS],
    },
    VendorSection {
        name: "login.one_tap",
        about: "The number by the carrier, in one tap, for native apps.",
        keys: &[ONE_TAP_KEYS, AliyunOneTapSettings::KEYS, TencentOneTapSettings::KEYS],
    },
    VendorSection {
        name: "login.oidc.NAME",
        about: "An upstream OpenID Connect provider; one section each, NAME of a-z, 0-9, - and _. Its callback is \
                `/login/oidc/NAME/callback`.",
        keys: &[OidcSettings::KEYS],
    },
];

/// Whether the credentials of each vendor that is configured have their form:
/// keys are complete, files can be read. Nobody is asked.
#[must_use]
pub fn credentials(login: &Login, wire: &Wire) -> Vec<(&'static str, Result<String, ConfigError>)> {
    let in_order = || "credentials have their form".to_owned();
    let mut found = Vec::new();
    let mut look = |name: &'static str, check: &dyn Fn(&crate::config::MethodSection) -> Result<(), ConfigError>| {
        let section = login.method(name);
        if !section.is_empty() && section.enabled() != Some(false) {
            found.push((name, check(&section).map(|()| in_order())));
        }
    };
    look("wechat", &|section| WeChatSettings::read(section).map(|_settings| ()));
    look("alipay", &|section| AlipaySettings::read(section).and_then(|read| Alipay::new(wire, read)).map(|_alipay| ()));
    look("taobao", &|section| TaobaoSettings::read(section).map(|_settings| ()));
    look("one_tap", &|section| number_aggregator(section, wire).map(|_aggregator| ()));
    look("oidc", &|section| OidcSettings::read_all(section).map(|_providers| ()));
    found
}
