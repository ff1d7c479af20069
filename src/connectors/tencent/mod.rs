//! Tencent Cloud: text messages (signature TC3-HMAC-SHA256) and number
//! authentication (`rapidauth`, with a signature of its own).

mod one_tap;
mod sms;
mod tc3;

pub use one_tap::{TencentOneTap, TencentOneTapSettings};
pub use sms::TencentSms;

const VENDOR: &str = "tencent";
