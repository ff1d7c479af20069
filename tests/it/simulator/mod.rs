//! The simulated vendors over HTTP, as a connector and as a person meet them.

mod alipay;
mod connectors;
mod faults;
mod mail;
mod messages;
mod numbers;
mod oidc;
mod phone;
mod taobao;
pub mod vendor;
mod wechat;
