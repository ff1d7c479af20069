//! The vendors, and which paths are whose.

use serde::{Deserialize, Serialize};

/// A vendor that is simulated.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// WeChat (`/wx`).
    Wechat,
    /// Alipay.
    Alipay,
    /// Taobao and its Baichuan SDK.
    Taobao,
    /// Alibaba Cloud: text messages and number authentication.
    Aliyun,
    /// Tencent Cloud: the same.
    Tencent,
    /// Jiguang number authentication.
    Jiguang,
    /// The receiver of the generic webhook.
    Hook,
    /// OpenID providers.
    Oidc,
    /// The mail sink.
    Mail,
}

impl Vendor {
    /// Whose a path is; `None` for the simulator's own pages.
    pub fn of(path: &str) -> Option<Self> {
        match path.split('/').find(|part| !part.is_empty())? {
            "wx" => Some(Self::Wechat),
            "alipay" => Some(Self::Alipay),
            "taobao" | "baichuan" => Some(Self::Taobao),
            "aliyun" => Some(Self::Aliyun),
            "tencent" => Some(Self::Tencent),
            "jiguang" => Some(Self::Jiguang),
            "hook" => Some(Self::Hook),
            "oidc" => Some(Self::Oidc),
            _ => None,
        }
    }

    /// As the control API and the journal name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wechat => "wechat",
            Self::Alipay => "alipay",
            Self::Taobao => "taobao",
            Self::Aliyun => "aliyun",
            Self::Tencent => "tencent",
            Self::Jiguang => "jiguang",
            Self::Hook => "hook",
            Self::Oidc => "oidc",
            Self::Mail => "mail",
        }
    }

    /// From the name that the control API uses.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }
}
