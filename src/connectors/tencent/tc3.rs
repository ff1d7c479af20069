//! The signature TC3-HMAC-SHA256 of Tencent Cloud's API.
//!
//! The key is derived from the secret for one day and one service. The type of
//! the body that is sent must be the signed one, byte for byte.

use url::Url;

use super::super::hash::{hex, hmac_sha256, sha256_hex};
use crate::base::{Secret, Timestamp};
use crate::outbound::Call;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
pub(super) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// One pair of keys.
pub(super) struct Signer {
    pub(super) id: String,
    pub(super) secret: Secret<String>,
}

/// What goes into the signature beside the keys.
pub(super) struct Request<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) service: &'a str,
    /// Signed as a header when there is one.
    pub(super) action: Option<&'a str>,
    pub(super) now: Timestamp,
    pub(super) body: &'a [u8],
}

/// Name and version of what is called.
pub(super) struct Action<'a> {
    pub(super) service: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) region: &'a str,
}

impl Signer {
    /// The signed call; `None`: the endpoint has no host.
    pub(super) fn call(&self, endpoint: &Url, action: &Action<'_>, now: Timestamp, body: Vec<u8>) -> Option<Call> {
        let host = endpoint.host_str()?;
        let host = endpoint.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let request = Request {
            host: &host,
            path: endpoint.path(),
            service: action.service,
            action: Some(action.name),
            now,
            body: &body,
        };
        let authorization = self.authorization(&request);
        let call = Call::post(endpoint.clone())
            .header("x-tc-action", action.name)
            .header("x-tc-version", action.version)
            .header("x-tc-region", action.region)
            .header("x-tc-timestamp", now.seconds().to_string())
            .header("authorization", authorization)
            .body(CONTENT_TYPE, body);
        Some(call)
    }

    fn authorization(&self, request: &Request<'_>) -> String {
        let (id, scope, signed) = (&self.id, request.scope(), request.signed());
        let signature = self.signature(request);
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }

    fn signature(&self, request: &Request<'_>) -> String {
        let canonical = sha256_hex(request.canonical().as_bytes());
        let to_sign = format!("{ALGORITHM}\n{}\n{}\n{canonical}", request.now.seconds(), request.scope());
        let first = format!("TC3{}", self.secret.expose());
        let day = hmac_sha256(first.as_bytes(), request.date().as_bytes());
        let service = hmac_sha256(day.as_ref(), request.service.as_bytes());
        let key = hmac_sha256(service.as_ref(), b"tc3_request");
        hex(hmac_sha256(key.as_ref(), to_sign.as_bytes()).as_ref())
    }
}

impl Request<'_> {
    /// The day in UTC.
    fn date(&self) -> String {
        self.now.to_string().chars().take_while(|c| *c != 'T').collect()
    }

    fn scope(&self) -> String {
        format!("{}/{}/tc3_request", self.date(), self.service)
    }

    fn signed(&self) -> &'static str {
        if self.action.is_some() { "content-type;host;x-tc-action" } else { "content-type;host" }
    }

    fn canonical(&self) -> String {
        let action = self.action.map(|name| format!("x-tc-action:{}\n", name.to_lowercase())).unwrap_or_default();
        let headers = format!("content-type:{CONTENT_TYPE}\nhost:{}\n{action}", self.host);
        format!("POST\n{}\n\n{headers}\n{}\n{}", self.path, self.signed(), sha256_hex(self.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(secret: &str, request: &Request<'_>) -> String {
        Signer { id: "testID".to_owned(), secret: Secret::new(secret.to_owned()) }.signature(request)
    }

    #[test]
    fn the_vectors_that_tencent_publishes_come_out() {
        let body = br#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let request = |action| Request {
            host: "cvm.tencentcloudapi.com",
            path: "/",
            service: "cvm",
            action,
            now: Timestamp::from_seconds(1_551_113_065),
            body,
        };
        assert_eq!(
            signed("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", &request(None)),
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
        assert_eq!(
            signed(&"*".repeat(32), &request(Some("DescribeInstances"))),
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
        );
    }

    #[test]
    fn a_message_is_asked_for_under_the_known_signatures() {
        let body = r#"{"SmsSdkAppId":"1400006666","SignName":"测试云","TemplateId":"1234","TemplateParamSet":["123456","5"],"PhoneNumberSet":["+8613800138000"]}"#;
        assert_eq!(sha256_hex(body.as_bytes()), "7f2cb6625251221e4bd7374bc22a255f9fcf299e527e2a8e43bea99da301f811");
        let request = |action| Request {
            host: "sms.tencentcloudapi.com",
            path: "/",
            service: "sms",
            action,
            now: Timestamp::from_seconds(1_735_787_045),
            body: body.as_bytes(),
        };
        assert_eq!(
            signed("testSK", &request(Some("SendSms"))),
            "82055b29d4a71ea6a798690af24a318c3c24cae63cf5443668d69c1e5cfc362e"
        );
        assert_eq!(
            signed("testSK", &request(None)),
            "537fc8c34a79115e50e7f021fc235beca6737d3d3d8ec9e95eeae408a9f43fcd"
        );
    }
}
