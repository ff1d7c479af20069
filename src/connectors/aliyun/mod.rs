//! Aliyun: text messages and number authentication, over one way of calling
//! (RPC with the signature ACS3-HMAC-SHA256).

mod acs3;
mod one_tap;
mod refusal;
mod sms;

use url::Url;

use super::Wire;
use super::error::VendorError;
use super::json::Body;
use crate::base::Secret;
use crate::outbound::{Answer, OutboundError};

use acs3::Signer;
pub use one_tap::{AliyunOneTap, AliyunOneTapSettings};
pub use sms::AliyunSms;

const VENDOR: &str = "aliyun";

/// One product of Aliyun, called with one pair of keys.
struct Product {
    wire: Wire,
    endpoint: Url,
    signer: Signer,
}

impl Product {
    fn new(wire: &Wire, endpoint: Url, id: String, secret: Secret<String>) -> Self {
        Self { wire: wire.lane(), endpoint, signer: Signer { id, secret } }
    }

    /// Signs one call of `action`; every parameter goes into the query.
    fn call(&self, action: &str, params: &[(&str, &str)]) -> Result<crate::outbound::Call, VendorError> {
        let nonce = super::hash::hex(&self.wire.entropy.bytes::<16>());
        let signed = self.signer.call(&self.endpoint, action, params, (self.wire.clock.now(), &nonce));
        signed.ok_or_else(|| VendorError::new(VENDOR, super::Class::Misconfigured, "the endpoint has no host"))
    }

    /// What an answer says: its members when `Code` is `OK`.
    fn read(answer: Result<Answer, OutboundError>) -> Result<Body, VendorError> {
        let answer = answer.map_err(|error| VendorError::unreached(VENDOR, &error))?;
        refusal::read(&answer)
    }
}
