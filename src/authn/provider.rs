//! The vendors behind upstream methods, as texts tell them apart.

/// Who vouches for somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Provider {
    /// WeChat.
    WeChat,
    /// Alipay.
    Alipay,
    /// Taobao.
    Taobao,
    /// The carrier of the phone, through an aggregator.
    Carrier,
    /// Another `OpenID` provider; its name is the configuration's.
    Oidc,
}

impl Provider {
    /// The vendor of a method.
    #[must_use]
    pub fn of(method: &str) -> Self {
        match method {
            "wechat" => Self::WeChat,
            "alipay" => Self::Alipay,
            "taobao" => Self::Taobao,
            "one_tap" => Self::Carrier,
            _ => Self::Oidc,
        }
    }
}
