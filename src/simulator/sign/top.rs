//! Taobao's TOP gateway: MD5 or HMAC over the sorted parameters.

use super::{hex, hmac_md5, hmac_sha256, md5};

/// How a TOP request is signed (`sign_method`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// `md5`: the secret before and after.
    Md5,
    /// `hmac`: HMAC-MD5.
    HmacMd5,
    /// `hmac-sha256`.
    HmacSha256,
}

impl Method {
    /// From the parameter; no other is known.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "md5" => Some(Self::Md5),
            "hmac" => Some(Self::HmacMd5),
            "hmac-sha256" => Some(Self::HmacSha256),
            _ => None,
        }
    }
}

/// The signature over all parameters but `sign`.
pub fn signature<'a>(secret: &str, method: Method, params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut sorted: Vec<_> = params.filter(|(name, _)| *name != "sign").collect();
    sorted.sort_unstable();
    let text: String = sorted.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let bytes = match method {
        Method::Md5 => md5(format!("{secret}{text}{secret}").as_bytes()),
        Method::HmacMd5 => hmac_md5(secret.as_bytes(), text.as_bytes()),
        Method::HmacSha256 => hmac_sha256(secret.as_bytes(), text.as_bytes()),
    };
    hex(&bytes).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(method: Method, name: &str) -> String {
        let params = [
            ("timestamp", "2025-01-02 11:04:05"),
            ("app_key", "12345678"),
            ("code", "authcode1"),
            ("format", "json"),
            ("method", "taobao.top.auth.token.create"),
            ("sign_method", name),
            ("sign", "left out"),
            ("v", "2.0"),
        ];
        signature("topsecret", method, params.into_iter())
    }

    #[test]
    fn both_methods_sign_as_worked_out() {
        assert_eq!(sign(Method::Md5, "md5"), "145E88A356CB79B8B50D3BE417F2B881");
        assert_eq!(
            sign(Method::HmacSha256, "hmac-sha256"),
            "4487659EF90A5B9A0655D76EDCC31193B7A691060DD20B8CBC9581A517AA4E5C"
        );
    }
}
