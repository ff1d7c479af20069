//! Why a vendor gave nothing, in the few classes that callers act on.

use std::time::Duration;

use thiserror::Error;

use crate::outbound::{Answer, OutboundError};

/// The longest code of a vendor that is shown.
const MAX_CODE_LEN: usize = 80;
/// So many digits in a row could be a number or a code of a person.
const MAX_DIGITS: usize = 6;

/// What to do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// The vendor is down, slow or busy. Another way in is offered.
    Unavailable,
    /// The code or token is spent, expired or foreign: the person starts again.
    CodeSpent,
    /// The person said no at the vendor.
    Cancelled,
    /// Our credentials, templates, account or clock there are wrong: an operator is needed.
    Misconfigured,
    /// Too many messages or calls.
    Throttled {
        /// When it may be tried again, as far as the vendor tells.
        again_in: Option<Duration>,
    },
    /// The number (or address) cannot be sent to.
    BadNumber,
    /// The answer is not what the protocol says. Nothing of it is believed.
    Malformed,
}

/// A vendor gave nothing. Its text is for our log and for operators: it names
/// the vendor and the vendor's own code, never a secret, a code or a number.
#[derive(Clone, Debug, Error)]
#[error("{vendor}: {reason}")]
pub struct VendorError {
    vendor: &'static str,
    class: Class,
    reason: String,
    may_have_happened: bool,
}

impl VendorError {
    /// An answer of this class, for a reason in our own words.
    #[must_use]
    pub fn new(vendor: &'static str, class: Class, reason: &'static str) -> Self {
        Self { vendor, class, reason: reason.to_owned(), may_have_happened: false }
    }

    /// The vendor refused with a code of its own.
    #[must_use]
    pub fn refused(vendor: &'static str, class: Class, code: &str) -> Self {
        Self { vendor, class, reason: shown(code), may_have_happened: false }
    }

    /// The answer is not what the protocol says.
    #[must_use]
    pub fn malformed(vendor: &'static str, reason: &'static str) -> Self {
        Self::new(vendor, Class::Malformed, reason).maybe()
    }

    /// The person came back without a code.
    #[must_use]
    pub fn cancelled(vendor: &'static str) -> Self {
        Self::new(vendor, Class::Cancelled, "the person said no")
    }

    /// No answer came.
    #[must_use]
    pub fn unreached(vendor: &'static str, error: &OutboundError) -> Self {
        let class = match error {
            OutboundError::TooLong | OutboundError::Json(_) => Class::Malformed,
            OutboundError::CaFile { .. } | OutboundError::Client(_) | OutboundError::Url(_) => Class::Misconfigured,
            OutboundError::Failed(_) | OutboundError::Status(_) | OutboundError::Crowded | OutboundError::Resting => {
                Class::Unavailable
            }
        };
        Self { vendor, class, reason: error.to_string(), may_have_happened: !error.never_left() }
    }

    /// An answer without the vendor's own words: a status of trouble.
    #[must_use]
    pub fn status(vendor: &'static str, answer: &Answer) -> Self {
        let class = match answer.status {
            429 => Class::Throttled { again_in: answer.retry_after },
            500.. => Class::Unavailable,
            _ => Class::Malformed,
        };
        Self {
            vendor,
            class,
            reason: format!("answered {}", answer.status),
            may_have_happened: class != Class::Throttled { again_in: answer.retry_after },
        }
    }

    /// The same error of a call that may have had its effect all the same.
    #[must_use]
    pub fn maybe(mut self) -> Self {
        self.may_have_happened = true;
        self
    }

    /// Who it was.
    #[must_use]
    pub const fn vendor(&self) -> &'static str {
        self.vendor
    }

    /// What to do about it.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// May the vendor have done what was asked (sent the message, spent the
    /// code) although it did not say so? Then it is not asked again.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        self.may_have_happened
    }
}

/// A vendor's code as it may stand in a log: words of its alphabet, and no run
/// of digits that could be somebody's number.
fn shown(code: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let digits = code.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    if !code.is_empty() && code.len() <= MAX_CODE_LEN && code.chars().all(plain) && digits <= MAX_DIGITS {
        code.to_owned()
    } else {
        "a code that is not shown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sm_12_no_text_of_a_vendor_brings_a_number_into_the_log() {
        for code in ["13800138000", "isv.X+8613800138000", "a b", "", "<script>", &"x".repeat(81), "验证码"] {
            let told = VendorError::refused("aliyun", Class::Misconfigured, code).to_string();
            assert_eq!(told, "aliyun: a code that is not shown", "{code}");
        }
        let told = VendorError::refused("aliyun", Class::CodeSpent, "isv.TOKEN_INVALID").to_string();
        assert_eq!(told, "aliyun: isv.TOKEN_INVALID");
        assert_eq!(VendorError::refused("wechat", Class::CodeSpent, "40163").to_string(), "wechat: 40163");
    }

    #[test]
    fn a_call_that_never_left_can_be_made_again_and_a_silent_one_cannot() {
        let refused = VendorError::unreached("sms", &OutboundError::Url("only https is called"));
        assert!(!refused.may_have_happened() && refused.class() == Class::Misconfigured);
        let long = VendorError::unreached("sms", &OutboundError::TooLong);
        assert!(long.may_have_happened() && long.class() == Class::Malformed);
        let trouble = |status| VendorError::status("sms", &Answer { status, retry_after: None, body: Vec::new() });
        assert_eq!(trouble(503).class(), Class::Unavailable);
        assert!(trouble(503).may_have_happened() && !trouble(429).may_have_happened());
        assert_eq!(trouble(404).class(), Class::Malformed);
    }
}
