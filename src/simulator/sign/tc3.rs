//! Tencent Cloud: `TC3-HMAC-SHA256`.

use super::{hex, hmac_sha256, sha256_hex};

/// The canonical request: every header's value in lower case, trimmed, in the
/// order of `signed_headers`.
pub fn canonical(path: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let lines =
        headers.iter().map(|(name, value)| format!("{}:{}\n", name.to_lowercase(), value.trim().to_lowercase()));
    let lines = lines.collect::<Vec<_>>().concat();
    let names = headers.iter().map(|(name, _)| name.to_lowercase()).collect::<Vec<_>>().join(";");
    ["POST", path, "", &lines, &names, &sha256_hex(body)].join("\n")
}

/// The signature over `canonical` for `date/service/tc3_request`.
pub fn signature(secret: &str, (timestamp, date, service): (&str, &str, &str), canonical: &str) -> String {
    let to_sign =
        format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/{service}/tc3_request\n{}", sha256_hex(canonical.as_bytes()));
    let key = [date, service, "tc3_request"]
        .iter()
        .fold(format!("TC3{secret}").into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
    hex(&hmac_sha256(&key, to_sign.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(secret: &str, timestamp: &str, (host, service, action): (&str, &str, Option<&str>), body: &str) -> String {
        let mut headers = vec![
            ("content-type".to_owned(), "application/json; charset=utf-8".to_owned()),
            ("host".to_owned(), host.to_owned()),
        ];
        headers.extend(action.map(|action| ("x-tc-action".to_owned(), action.to_owned())));
        let date = if timestamp == "1551113065" { "2019-02-25" } else { "2025-01-02" };
        signature(secret, (timestamp, date, service), &canonical("/", &headers, body.as_bytes()))
    }

    #[test]
    fn the_published_vectors_hold() {
        let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let host = "cvm.tencentcloudapi.com";
        assert_eq!(
            sign("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "1551113065", (host, "cvm", None), body),
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
        assert_eq!(
            sign(&"*".repeat(32), "1551113065", (host, "cvm", Some("DescribeInstances")), body),
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
        );
    }

    #[test]
    fn a_text_message_is_signed_as_worked_out() {
        let body = r#"{"SmsSdkAppId":"1400006666","SignName":"测试云","TemplateId":"1234","TemplateParamSet":["123456","5"],"PhoneNumberSet":["+8613800138000"]}"#;
        let host = "sms.tencentcloudapi.com";
        assert_eq!(sha256_hex(body.as_bytes()), "7f2cb6625251221e4bd7374bc22a255f9fcf299e527e2a8e43bea99da301f811");
        assert_eq!(
            sign("testSK", "1735787045", (host, "sms", Some("SendSms")), body),
            "82055b29d4a71ea6a798690af24a318c3c24cae63cf5443668d69c1e5cfc362e"
        );
        assert_eq!(
            sign("testSK", "1735787045", (host, "sms", None), body),
            "537fc8c34a79115e50e7f021fc235beca6737d3d3d8ec9e95eeae408a9f43fcd"
        );
    }
}
