//! The provider's configuration that fits a simulator: sections and keys as
//! `docs/reference/config.md` has them, for the demo's file and for tests.

use toml::Value;

use super::fixture::{
    ALIPAY_APP, ALIPAY_PID, ALIYUN, Fixture, HOOK, OIDC, OIDC_NAME, SIGN_NAME, SMTP, TAOBAO, TEMPLATES, TENCENT,
    TENCENT_RAPIDAUTH, TENCENT_SMS_APP, WECHAT_H5, WECHAT_MOBILE, WECHAT_WEB,
};

/// A gateway for text messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SmsVendor {
    /// Alibaba Cloud.
    Aliyun,
    /// Tencent Cloud.
    Tencent,
    /// The generic webhook.
    Webhook,
}

/// An aggregator for one-tap sign-in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Aggregator {
    /// Alibaba Cloud.
    Aliyun,
    /// Tencent Cloud.
    Tencent,
}

/// Keys of one section with their values.
pub type Keys = Vec<(&'static str, Value)>;

fn text(value: impl Into<String>) -> Value {
    Value::String(value.into())
}

/// One section as TOML.
#[must_use]
pub fn section(name: &str, keys: &Keys) -> String {
    let lines: Vec<_> = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("[{name}]\n{}", lines.concat())
}

impl Fixture {
    /// `[sms]`
    #[must_use]
    pub fn sms(&self, vendor: SmsVendor) -> Keys {
        let purposes = ["login", "bind", "sign_up", "reset", "notice"];
        let templates = |pick: fn(&(&str, &str, &'static str, &str)) -> String| {
            let known = TEMPLATES.iter().filter(|row| purposes.contains(&row.0));
            Value::Array(known.map(|row| text(pick(row))).collect())
        };
        match vendor {
            SmsVendor::Aliyun => vec![
                ("provider", text("aliyun")),
                ("access_key_id", text(ALIYUN.id)),
                ("access_key_secret", text(ALIYUN.secret)),
                ("sign_name", text(SIGN_NAME)),
                ("templates", templates(|(purpose, aliyun, _, _)| format!("{purpose}={aliyun}"))),
                ("endpoint", text(self.url("/aliyun/"))),
            ],
            SmsVendor::Tencent => vec![
                ("provider", text("tencent")),
                ("access_key_id", text(TENCENT.id)),
                ("access_key_secret", text(TENCENT.secret)),
                ("sdk_app_id", text(TENCENT_SMS_APP)),
                ("sign_name", text(SIGN_NAME)),
                ("templates", templates(|(purpose, _, tencent, _)| format!("{purpose}={tencent}"))),
                ("endpoint", text(self.url("/tencent/sms/"))),
            ],
            SmsVendor::Webhook => vec![
                ("provider", text("webhook")),
                ("webhook_url", text(self.url("/hook/sms"))),
                ("webhook_authorization", text(HOOK.id)),
                ("webhook_secret", text(HOOK.secret)),
            ],
        }
    }

    /// `[mail]`
    #[must_use]
    pub fn mail(&self) -> Keys {
        vec![
            ("host", text(self.smtp.ip().to_string())),
            ("port", Value::Integer(self.smtp.port().into())),
            ("tls", text("none")),
            ("username", text(SMTP.id)),
            ("password", text(SMTP.secret)),
            ("from", text("Menshen <no-reply@menshen.example>")),
        ]
    }

    /// `[login.oidc.corp]`
    #[must_use]
    pub fn oidc(&self) -> Keys {
        vec![
            ("issuer", text(self.oidc_issuer(OIDC_NAME))),
            ("client_id", text(OIDC.id)),
            ("client_secret", text(OIDC.secret)),
            ("label", text("企业账号")),
            ("label_en", text("Company account")),
        ]
    }

    /// `[login.wechat]`
    #[must_use]
    pub fn wechat(&self) -> Keys {
        vec![
            ("app_id", text(WECHAT_WEB.id)),
            ("app_secret", text(WECHAT_WEB.secret)),
            ("h5_app_id", text(WECHAT_H5.id)),
            ("h5_app_secret", text(WECHAT_H5.secret)),
            ("native_app_id", text(WECHAT_MOBILE.id)),
            ("native_app_secret", text(WECHAT_MOBILE.secret)),
            ("open_base", text(self.url("/wx/open"))),
            ("api_base", text(self.url("/wx/api"))),
        ]
    }

    /// `[login.alipay]` in key mode; website and native app are one app.
    #[must_use]
    pub fn alipay(&self) -> Keys {
        let (private, public) = (self.keys.app().private_base64(), self.keys.alipay().public_base64());
        vec![
            ("app_id", text(ALIPAY_APP)),
            ("private_key", text(private.clone())),
            ("alipay_public_key", text(public.clone())),
            ("native_app_id", text(ALIPAY_APP)),
            ("native_private_key", text(private)),
            ("native_alipay_public_key", text(public)),
            ("pid", text(ALIPAY_PID)),
            ("open_base", text(self.url("/alipay/openauth"))),
            ("gateway", text(self.url("/alipay/gateway.do"))),
        ]
    }

    /// `[login.taobao]`; website and native app are one app.
    #[must_use]
    pub fn taobao(&self) -> Keys {
        vec![
            ("app_key", text(TAOBAO.id)),
            ("app_secret", text(TAOBAO.secret)),
            ("native_app_key", text(TAOBAO.id)),
            ("native_app_secret", text(TAOBAO.secret)),
            ("oauth_base", text(self.url("/taobao"))),
            ("top_gateway", text(self.url("/taobao/router/rest"))),
        ]
    }

    /// The keys of an aggregator for one-tap sign-in.
    #[must_use]
    pub fn one_tap(&self, aggregator: Aggregator) -> Keys {
        match aggregator {
            Aggregator::Aliyun => vec![
                ("access_key_id", text(ALIYUN.id)),
                ("access_key_secret", text(ALIYUN.secret)),
                ("endpoint", text(self.url("/aliyun/"))),
            ],
            Aggregator::Tencent => vec![
                ("sdk_app_id", text(TENCENT_RAPIDAUTH.id)),
                ("app_key", text(TENCENT_RAPIDAUTH.secret)),
                ("endpoint", text(self.url("/tencent"))),
            ],
        }
    }
}
