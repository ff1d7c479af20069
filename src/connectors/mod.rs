//! Floor 3: the vendors' wire protocols, one file each.
//!
//! A connector asks one vendor one thing over [`Outbound`] and says what the
//! answer means: who somebody is there ([`UpstreamIdentity`]), which number a
//! carrier's token stands for, whether a message was taken. It decides nothing,
//! stores nothing and knows no account; login methods and the outbox do, who
//! hold it by its trait. Every host can be configured, so a simulator takes a
//! vendor's place without a change here.
//!
//! What buys something once (a code, a token, a message) is asked for once and
//! never again because an answer was slow. No error carries a secret, a code or
//! a number.

pub mod alipay;
pub mod aliyun;
mod budget;
pub mod carrier;
pub mod error;
mod hash;
pub mod identity;
mod json;
pub mod mail;
pub mod oidc;
pub mod reference;
mod settings;
pub mod sms;
pub mod smtp;
#[cfg(test)]
mod stub;
pub mod taobao;
pub mod tencent;
mod time;
pub mod webhook;
pub mod wechat;

use crate::base::{SharedClock, SharedEntropy};
use crate::outbound::Outbound;

pub use alipay::{Alipay, AlipayPlace, AlipaySettings};
pub use carrier::{Carrier, CarrierToken, NumberAggregator, number_aggregator};
pub use error::{Class, VendorError};
pub use identity::{IdentityKey, UpstreamIdentity};
pub use mail::{Mail, Mailer, mailer};
pub use oidc::{OidcCallback, OidcProvider, OidcRequest, OidcSettings};
pub use sms::{SmsGateway, SmsPurpose, SmsReceipt, SmsRequest, sms_gateway};
pub use taobao::{Taobao, TaobaoPlace, TaobaoSettings};
pub use wechat::{WeChat, WeChatPlace, WeChatSettings};

/// What connectors work with. Cheap to clone.
#[derive(Clone)]
pub struct Wire {
    /// The one HTTP client.
    pub outbound: Outbound,
    /// Signatures carry the time.
    pub clock: SharedClock,
    /// Signatures carry a number that is used once.
    pub entropy: SharedEntropy,
}

impl Wire {
    /// The same for one vendor, whose slowness is then its own.
    fn lane(&self) -> Self {
        Self { outbound: self.outbound.lane(), ..self.clone() }
    }
}
