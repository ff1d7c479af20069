//! The generic webhook for text messages: HMAC-SHA-256 over time and body.

use super::{hex, hmac_sha256};

/// The value `v1` of the header `X-Signature: t=…,v1=…`.
pub fn signature(secret: &str, time: &str, body: &[u8]) -> String {
    hex(&hmac_sha256(secret.as_bytes(), &[time.as_bytes(), b".", body].concat()))
}

/// The parts `t` and `v1` of the header.
pub fn parse(header: &str) -> Option<(&str, &str)> {
    let (time, mac) = header.split_once(',')?;
    Some((time.trim().strip_prefix("t=")?, mac.trim().strip_prefix("v1=")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_taken_apart() {
        assert_eq!(parse("t=1735787045,v1=ab"), Some(("1735787045", "ab")));
        assert_eq!(parse("v1=ab,t=1735787045"), None);
        assert_ne!(signature("a", "1", b"x"), signature("a", "2", b"x"));
    }
}
