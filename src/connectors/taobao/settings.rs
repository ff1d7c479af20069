//! `[login.taobao]`: apps, and by which ways they are used.

use url::Url;

use super::super::settings;
use crate::base::Secret;
use crate::config::{ConfigError, Key, MethodSection};

const OAUTH: &str = "https://oauth.taobao.com";
const TOP: &str = "https://eco.taobao.com/router/rest";

/// By which way a website's code is exchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaobaoExchange {
    /// The OAuth endpoint.
    OAuth,
    /// The TOP gateway.
    Top,
}

/// How calls of the TOP gateway are signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TopSign {
    /// HMAC-SHA-256.
    HmacSha256,
    /// MD5, for apps that know nothing newer.
    Md5,
}

/// One app at Taobao.
#[derive(Clone)]
pub struct TaobaoApp {
    /// App key.
    pub key: String,
    /// App secret.
    pub secret: Secret<String>,
}

/// `[login.taobao]`.
#[derive(Clone)]
pub struct TaobaoSettings {
    /// The website's app.
    pub website: Option<TaobaoApp>,
    /// The native app.
    pub native_app: Option<TaobaoApp>,
    /// Which pages people see: `web`, `tmall` or `wap`.
    pub view: String,
    /// By which way a website's code is exchanged.
    pub exchange: TaobaoExchange,
    /// How calls of the TOP gateway are signed.
    pub top_sign: TopSign,
    /// Where pages and token endpoint begin.
    pub oauth_base: Url,
    /// The TOP gateway.
    pub top_gateway: Url,
}

impl TaobaoSettings {
    /// What is read of the section.
    pub const KEYS: &'static [Key] = &[
        settings::text("app_key", "", &["App key of the website."]),
        settings::secret("app_secret", &["Its app secret."]),
        settings::text("native_app_key", "", &["App key of the native app (百川)."]),
        settings::secret("native_app_secret", &["Its app secret."]),
        settings::text("view", "web", &["Which pages people see: `web`, `tmall` or `wap`."]),
        settings::text(
            "exchange",
            "oauth",
            &["How a website's code is exchanged: `oauth`, or `top` for the TOP gateway."],
        ),
        settings::text(
            "top_sign",
            "hmac-sha256",
            &["How calls of the TOP gateway are signed: `hmac-sha256` or `md5`."],
        ),
        settings::url("oauth_base", OAUTH, &["Where Taobao's pages and token endpoint begin."]),
        settings::url("top_gateway", TOP, &["The TOP gateway."]),
    ];

    /// Reads them.
    ///
    /// # Errors
    /// The key that is wrong, unknown, or lacks its other half.
    pub fn read(section: &MethodSection) -> Result<Self, ConfigError> {
        settings::refuse_unknown(section, &[Self::KEYS])?;
        let app = |key: &str, secret: &str| {
            let pair = settings::pair(section, key, secret)?;
            Ok(pair.map(|(key, secret)| TaobaoApp { key, secret }))
        };
        let one_of = |key: &str, known: &[&str], usual: &str| {
            let given = section.text(key)?.unwrap_or_else(|| usual.to_owned());
            if known.contains(&given.as_str()) {
                return Ok(given);
            }
            Err(ConfigError::new(section.key(key), format!("expected: {}", known.join(", "))))
        };
        let exchange = one_of("exchange", &["oauth", "top"], "oauth")?;
        let top_sign = one_of("top_sign", &["hmac-sha256", "md5"], "hmac-sha256")?;
        Ok(Self {
            website: app("app_key", "app_secret")?,
            native_app: app("native_app_key", "native_app_secret")?,
            view: one_of("view", &["web", "tmall", "wap"], "web")?,
            exchange: if exchange == "top" { TaobaoExchange::Top } else { TaobaoExchange::OAuth },
            top_sign: if top_sign == "md5" { TopSign::Md5 } else { TopSign::HmacSha256 },
            oauth_base: settings::base(section, "oauth_base", OAUTH)?,
            top_gateway: settings::base(section, "top_gateway", TOP)?,
        })
    }
}
