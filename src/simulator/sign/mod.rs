//! The vendors' signatures, recomputed: one file for each scheme.
//!
//! Pure functions over bytes, called by the vendors' gates. They are written
//! from the vendors' documents and share nothing with `connectors`, so that a
//! mistake on one side does not hide a mistake on the other. Each file carries
//! the published vectors of its scheme.

pub mod acs;
pub mod cert_sn;
pub mod hook;
pub mod rapidauth;
pub mod rsa;
pub mod tc3;
pub mod top;

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use md5::{Digest as _, Md5};

/// Bytes of a block of MD5 and SHA-256 (RFC 2104 §2).
const BLOCK: usize = 64;

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// MD5, which two vendors still sign with.
pub fn md5(bytes: &[u8]) -> Vec<u8> {
    Md5::digest(bytes).to_vec()
}

/// HMAC-SHA-256.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// HMAC-SHA-1, of the older Alibaba signature.
pub fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), message).as_ref().to_vec()
}

/// HMAC-MD5 (RFC 2104), of the TOP gateway.
pub fn hmac_md5(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > BLOCK { md5(key) } else { key.to_vec() };
    block.resize(BLOCK, 0);
    let padded = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<_>>();
    let inner = md5(&[padded(0x36), message.to_vec()].concat());
    md5(&[padded(0x5c), inner].concat())
}

/// Percent-encodes all but the unreserved characters (RFC 3986 §2.3).
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Encoded `name=value` pairs in the order of their encoded names.
pub fn canonical_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut encoded: Vec<_> = pairs.map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 §2, case 1.
    #[test]
    fn hmac_md5_gives_the_published_value() {
        assert_eq!(hex(&hmac_md5(&[0x0b; 16], b"Hi There")), "9294727a3638bb1c13f48ef8158bfc9d");
        assert_eq!(
            hex(&hmac_md5(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
    }

    #[test]
    fn only_unreserved_characters_stay_as_they_are() {
        assert_eq!(encode("a-_.~*+ /测"), "a-_.~%2A%2B%20%2F%E6%B5%8B");
        assert_eq!(canonical_query([("b", "2"), ("a", "1 ")].into_iter()), "a=1%20&b=2");
    }
}
