//! Alipay's RSA2 (RSASSA-PKCS1-v1_5 with SHA-256) and the text that it covers.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The text that a request's signature covers: every parameter but `sign`,
/// without empty ones, sorted, values as they are.
pub fn request_text<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut kept: Vec<_> = params.filter(|(name, value)| *name != "sign" && !value.is_empty()).collect();
    kept.sort_unstable();
    kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Whether `sign` (base64) is by the owner of `public_key`, over `text`. The
/// key is DER in base64, with or without PEM armour; 2048 bits at least.
pub fn verifies(public_key: &str, text: &str, sign: &str) -> bool {
    verifies_as(&RSA_PKCS1_2048_8192_SHA256, public_key, text, sign)
}

fn verifies_as(parameters: &'static RsaParameters, public_key: &str, text: &str, sign: &str) -> bool {
    let (Some(key), Ok(sign)) = (der(public_key), STANDARD.decode(sign)) else { return false };
    UnparsedPublicKey::new(parameters, key).verify(text.as_bytes(), &sign).is_ok()
}

/// The bytes of a key that may wear PEM armour.
pub fn der(text: &str) -> Option<Vec<u8>> {
    let bare: String = text.lines().filter(|line| !line.starts_with("-----")).flat_map(str::chars).collect();
    STANDARD.decode(bare.trim()).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY as SHORT_KEYS;

    use super::*;
    use crate::simulator::sign::sha256_hex;

    const APP_PUBLIC: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDWr1DS3CGKvFGKQZM9tQUx342hIehZzwvwKy2/ZNui7Ej8zqsI48kvqPKJGlp/tcj98jR9PScy7f+tXPQSdYyJYGVOP6JRaKc3ZXhFzrRtnBSjNdxjgCfhAStAVZbX2KUvjXfb5PvNLZbSGOmRG78OHzxYqYGE4srCZyeKDM5eaQIDAQAB";
    const VENDOR_PUBLIC: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDZXrneK1JCQgASCY+EnXk7AKxr2xdbzh2jLptXoG15hpDmtFbC8JmayADo5ODxr3PiFpd9m2nntvtHskdva39GRrWRpmvF/9ZjB+FV5yQroc57KkqUpYuCinemolHBk1BnoaN/gspW/w79qjuP03bV/YLbM7ysPOoWkupnNcJyJQIDAQAB";

    #[test]
    fn a_request_is_covered_and_signed_as_worked_out() {
        let params = [
            ("version", "1.0"),
            ("timestamp", "2025-01-02 03:04:05"),
            ("sign_type", "RSA2"),
            ("method", "alipay.system.oauth.token"),
            ("grant_type", "authorization_code"),
            ("format", "JSON"),
            ("code", "4b203fe6c11548bcabd8da5bb087a83b"),
            ("charset", "utf-8"),
            ("app_id", "2021000000000001"),
            ("app_auth_token", ""),
            ("sign", "left out"),
        ];
        let text = request_text(params.into_iter());
        assert_eq!(sha256_hex(text.as_bytes()), "ad8a29ce3e168dc89b0d01272c6ac4e423a0cb36cfd8cdb09e98a84fb7326295");
        let sign = "U0iJS2MbddqlwWXIdaye+vbrkIq5ClDxt02LnNK0wB1Au3Uq+xigq2DsUYVtvprzw1uOIlHDnT9Ze+Jpblt7Zj+1tD470wkkNA/IGjSaomLv44s+/LnmpgCPxQTVGUwprhvmsLzVABxFOxmxfGjPShNmS7glZnUZfD8ia2tonFM=";
        assert!(verifies_as(&SHORT_KEYS, APP_PUBLIC, &text, sign));
        assert!(!verifies_as(&SHORT_KEYS, APP_PUBLIC, &text.replace("1.0", "1.1"), sign));
        assert!(!verifies(APP_PUBLIC, &text, sign), "the vendor takes no key this short");
    }

    #[test]
    fn a_reply_is_signed_over_its_bytes_as_worked_out() {
        let text = r#"{"access_token":"authusrBabc","alipay_user_id":"20880000000000000000000000000001","auth_start":"2025-01-02 03:04:05","expires_in":1296000,"re_expires_in":2592000,"refresh_token":"authusrBdef","open_id":"0123456789abcdef"}"#;
        let sign = "k9ofIfFRB0w3dCcsGqeR8s9oei1AU9XxT1gBqZWqMF+gyHE7lxWsJ3fu/7B/DJaBTrZrlmpQH362eOOmwCflDdCDQfU3ALRsBKMn693gB3OIBdxuoXabQkXBEy6GeqnBf4Z0e0mcsz4xEwR6ILVrQ6AwKM9mOA1czwroRby/1QI=";
        assert!(verifies_as(&SHORT_KEYS, VENDOR_PUBLIC, text, sign));
    }

    #[test]
    fn armour_is_taken_off() {
        assert_eq!(der("-----BEGIN X-----\nAQID\n-----END X-----\n"), Some(vec![1, 2, 3]));
        assert_eq!(der("not base64!"), None);
    }
}
