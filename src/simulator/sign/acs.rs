//! Alibaba Cloud: version 3 (`ACS3-HMAC-SHA256`) and the older version 1
//! (`HMAC-SHA1` over the parameters).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{canonical_query, encode, hex, hmac_sha1, hmac_sha256, sha256_hex};

/// The parts of a request that version 3 covers.
#[derive(Clone, Copy)]
pub struct Covered<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path, as sent.
    pub path: &'a str,
    /// Decoded parameters of the query.
    pub query: &'a [(String, String)],
    /// The signed headers with their values, in the order of `SignedHeaders`.
    pub headers: &'a [(String, String)],
    /// SHA-256 of the body in hexadecimal.
    pub payload_hash: &'a str,
}

impl Covered<'_> {
    /// The canonical request.
    pub fn canonical(&self) -> String {
        let query = canonical_query(self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let lines = self.headers.iter().map(|(name, value)| format!("{}:{}\n", name.to_lowercase(), value.trim()));
        let headers = lines.collect::<Vec<_>>().concat();
        let names = self.headers.iter().map(|(name, _)| name.to_lowercase()).collect::<Vec<_>>().join(";");
        [self.method, self.path, &query, &headers, &names, self.payload_hash].join("\n")
    }
}

/// The signature of a canonical request.
pub fn signature_v3(secret: &str, canonical: &str) -> String {
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
    hex(&hmac_sha256(secret.as_bytes(), to_sign.as_bytes()))
}

/// The signature of version 1 over all parameters but `Signature`.
pub fn signature_v1<'a>(secret: &str, method: &str, params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query = canonical_query(params.filter(|(name, _)| *name != "Signature"));
    let to_sign = format!("{method}&%2F&{}", encode(&query));
    STANDARD.encode(hmac_sha1(format!("{secret}&").as_bytes(), to_sign.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn canonical(
        host: &str,
        (action, version): (&str, &str),
        (date, nonce): (&str, &str),
        query: &[(&str, &str)],
    ) -> String {
        let headers = pairs(&[
            ("host", host),
            ("x-acs-action", action),
            ("x-acs-content-sha256", EMPTY),
            ("x-acs-date", date),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", version),
        ]);
        let query = pairs(query);
        Covered { method: "POST", path: "/", query: &query, headers: &headers, payload_hash: EMPTY }.canonical()
    }

    #[test]
    fn the_published_vector_of_version_3_holds() {
        let canonical = canonical(
            "ecs.cn-shanghai.aliyuncs.com",
            ("RunInstances", "2014-05-26"),
            ("2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d"),
            &[("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"), ("RegionId", "cn-shanghai")],
        );
        assert_eq!(
            sha256_hex(canonical.as_bytes()),
            "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
        );
        assert_eq!(
            signature_v3("YourAccessKeySecret", &canonical),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn a_text_message_and_a_number_request_are_signed_as_worked_out() {
        let at = ("2025-01-02T03:04:05Z", "0123456789abcdef0123456789abcdef");
        let message = canonical(
            "dysmsapi.aliyuncs.com",
            ("SendSms", "2017-05-25"),
            at,
            &[
                ("PhoneNumbers", "13800138000"),
                ("SignName", "测试云"),
                ("TemplateCode", "SMS_100000001"),
                ("TemplateParam", "{\"code\":\"123456\"}"),
            ],
        );
        assert_eq!(sha256_hex(message.as_bytes()), "57a1988aeeff3aca42e5f7620b2bf40433d8a22a2f178734b62b5d4a2e8f144d");
        assert_eq!(
            signature_v3("testSK", &message),
            "e70e51e25104b547abdf21be2baab6831df9f311ded799031b1f5e59edb06664"
        );
        let number = canonical(
            "dypnsapi.aliyuncs.com",
            ("GetMobile", "2017-05-25"),
            at,
            &[("AccessToken", "tok-1"), ("OutId", "o1")],
        );
        assert_eq!(sha256_hex(number.as_bytes()), "b36b8b5e578ee490de00f209b122f3e5d667bd743c69f5823494dbb9d86c48f6");
        assert_eq!(signature_v3("testSK", &number), "29c822e5f3635293306271dd9bb665d509a5de112e70bdeb60cb7127a60cdb09");
    }

    #[test]
    fn version_1_signs_as_worked_out() {
        let params = [
            ("AccessKeyId", "testAK"),
            ("Action", "SendSms"),
            ("Format", "json"),
            ("PhoneNumbers", "13800138000"),
            ("RegionId", "cn-hangzhou"),
            ("SignName", "测试云"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "0123456789abcdef0123456789abcdef"),
            ("SignatureVersion", "1.0"),
            ("TemplateCode", "SMS_100000001"),
            ("TemplateParam", "{\"code\":\"123456\"}"),
            ("Timestamp", "2025-01-02T03:04:05Z"),
            ("Version", "2017-05-25"),
        ];
        assert_eq!(signature_v1("testSK", "POST", params.into_iter()), "I6xBqZ5g6U8ALGOzkc3Kvqr/kKc=");
    }
}
