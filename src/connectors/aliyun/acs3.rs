//! The signature ACS3-HMAC-SHA256 of Aliyun's RPC calls.
//!
//! POST with an empty body; business parameters in the query; the secret is the
//! key of the HMAC as it is. What is signed is what is sent: host and path are
//! those of the endpoint, so a simulator is called like the vendor.

use url::Url;

use super::super::hash::{hex, hmac_sha256, sha256_hex};
use crate::base::{Secret, Timestamp};
use crate::outbound::Call;
use crate::outbound::call::percent_encoded;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
/// Of both products that are called.
const VERSION: &str = "2017-05-25";

/// One pair of keys.
pub(super) struct Signer {
    pub(super) id: String,
    pub(super) secret: Secret<String>,
}

/// What goes into the signature beside the keys.
pub(super) struct Request<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) action: &'a str,
    pub(super) version: &'a str,
    pub(super) date: &'a str,
    pub(super) nonce: &'a str,
}

/// The headers that are signed, in their order.
const SIGNED: &str = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";

impl Signer {
    /// The signed call; `None`: the endpoint has no host.
    pub(super) fn call(
        &self,
        endpoint: &Url,
        action: &str,
        params: &[(&str, &str)],
        (now, nonce): (Timestamp, &str),
    ) -> Option<Call> {
        let mut url = endpoint.clone();
        let host = host_of(&url)?;
        let query = canonical_query(params);
        let date = now.to_string();
        let path = url.path().to_owned();
        let request = Request { host: &host, path: &path, query: &query, action, version: VERSION, date: &date, nonce };
        let signature = self.signature(&request);
        let authorization = format!("{ALGORITHM} Credential={},SignedHeaders={SIGNED},Signature={signature}", self.id);
        url.set_query(Some(&query));
        let call = Call::post(url)
            .header("x-acs-action", action)
            .header("x-acs-version", VERSION)
            .header("x-acs-date", date)
            .header("x-acs-signature-nonce", nonce)
            .header("x-acs-content-sha256", sha256_hex(b""))
            .header("authorization", authorization)
            .header("accept", "application/json");
        Some(call)
    }

    fn signature(&self, request: &Request<'_>) -> String {
        let to_sign = format!("{ALGORITHM}\n{}", sha256_hex(request.canonical().as_bytes()));
        hex(hmac_sha256(self.secret.expose().as_bytes(), to_sign.as_bytes()).as_ref())
    }
}

impl Request<'_> {
    fn canonical(&self) -> String {
        let Self { host, path, query, action, version, date, nonce } = self;
        let empty = sha256_hex(b"");
        let headers = format!(
            "host:{host}\nx-acs-action:{action}\nx-acs-content-sha256:{empty}\nx-acs-date:{date}\n\
             x-acs-signature-nonce:{nonce}\nx-acs-version:{version}\n"
        );
        format!("POST\n{path}\n{query}\n{headers}\n{SIGNED}\n{empty}")
    }
}

/// The `Host` header of a URL.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn canonical_query(params: &[(&str, &str)]) -> String {
    let mut pairs: Vec<_> =
        params.iter().map(|(name, value)| (percent_encoded(name), percent_encoded(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(keys: (&str, &str), request: &Request<'_>) -> (String, String) {
        let signer = Signer { id: keys.0.to_owned(), secret: Secret::new(keys.1.to_owned()) };
        (sha256_hex(request.canonical().as_bytes()), signer.signature(request))
    }

    #[test]
    fn the_vector_that_aliyun_publishes_comes_out() {
        let query = canonical_query(&[
            ("RegionId", "cn-shanghai"),
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
        ]);
        let request = Request {
            host: "ecs.cn-shanghai.aliyuncs.com",
            path: "/",
            query: &query,
            action: "RunInstances",
            version: "2014-05-26",
            date: "2023-10-26T10:22:32Z",
            nonce: "3156853299f313e23d1673dc12e1703d",
        };
        let (hash, signature) = signed(("YourAccessKeyId", "YourAccessKeySecret"), &request);
        assert_eq!(hash, "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259");
        assert_eq!(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
    }

    #[test]
    fn a_message_and_a_number_are_asked_for_under_the_known_signatures() {
        let request = |host, action, query| Request {
            host,
            path: "/",
            query,
            action,
            version: VERSION,
            date: "2025-01-02T03:04:05Z",
            nonce: "0123456789abcdef0123456789abcdef",
        };
        let sms = canonical_query(&[
            ("TemplateParam", r#"{"code":"123456"}"#),
            ("PhoneNumbers", "13800138000"),
            ("SignName", "测试云"),
            ("TemplateCode", "SMS_100000001"),
        ]);
        let (hash, signature) = signed(("testAK", "testSK"), &request("dysmsapi.aliyuncs.com", "SendSms", &sms));
        assert_eq!(hash, "57a1988aeeff3aca42e5f7620b2bf40433d8a22a2f178734b62b5d4a2e8f144d");
        assert_eq!(signature, "e70e51e25104b547abdf21be2baab6831df9f311ded799031b1f5e59edb06664");

        let number = canonical_query(&[("OutId", "o1"), ("AccessToken", "tok-1")]);
        let (hash, signature) = signed(("testAK", "testSK"), &request("dypnsapi.aliyuncs.com", "GetMobile", &number));
        assert_eq!(hash, "b36b8b5e578ee490de00f209b122f3e5d667bd743c69f5823494dbb9d86c48f6");
        assert_eq!(signature, "29c822e5f3635293306271dd9bb665d509a5de112e70bdeb60cb7127a60cdb09");
    }

    #[test]
    fn the_host_is_signed_with_its_port_as_it_is_sent() {
        let host = |url| host_of(&Url::parse(url).unwrap()).unwrap();
        assert_eq!(host("https://dysmsapi.aliyuncs.com/"), "dysmsapi.aliyuncs.com");
        assert_eq!(host("http://localhost:8081/aliyun/"), "localhost:8081");
        assert_eq!(host("https://x.example:443/"), "x.example");
    }
}
