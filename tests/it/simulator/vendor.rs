//! A simulator of a test, and how the test talks to it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use menshen::base::{SeededEntropy, TestClock, Timestamp};
use menshen::simulator::fixture::{ALIYUN, Credentials, SIGN_NAME};
use menshen::simulator::{Keys, Running, Simulator};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

/// Keys for all simulators of the tests: making them takes a while.
pub fn shared_keys() -> Arc<Keys> {
    static SHARED: OnceLock<Arc<Keys>> = OnceLock::new();
    Arc::clone(SHARED.get_or_init(Arc::default))
}

/// One simulator on a port of its own.
pub struct Vendors {
    pub running: Running,
    pub clock: TestClock,
    client: Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A parameter of the address that a browser is sent to.
    pub fn redirected(&self, name: &str) -> Option<String> {
        let target = url::Url::parse(self.location.as_deref()?).expect("an address");
        target.query_pairs().find(|(is, _)| is == name).map(|(_, value)| value.into_owned())
    }
}

impl Vendors {
    pub fn start() -> Self {
        Self::at(TestClock::at(Timestamp::parse("2026-01-01T00:00:00Z").expect("a moment")))
    }

    /// One whose clock is somebody else's too.
    pub fn at(clock: TestClock) -> Self {
        Self::built(clock, |_| ())
    }

    /// One that differs from the usual.
    pub fn start_with(change: impl FnOnce(&mut Simulator)) -> Self {
        Self::built(TestClock::at(Timestamp::parse("2026-01-01T00:00:00Z").expect("a moment")), change)
    }

    fn built(clock: TestClock, change: impl FnOnce(&mut Simulator)) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listen = "127.0.0.1:0".parse().expect("an address");
        let mut simulator = Simulator::new(listen, Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1)));
        simulator.keys = shared_keys();
        simulator.redirect_hosts.push("id.test".to_owned());
        simulator.hold = Duration::from_secs(5);
        change(&mut simulator);
        let running = simulator.start().expect("a simulator");
        let client = Client::builder().no_proxy().tls_certs_only([]).redirect(redirect::Policy::none());
        let client = client.timeout(Duration::from_secs(20)).build().expect("a client");
        Self { running, clock, client }
    }

    pub fn url(&self, path: &str) -> String {
        self.running.fixture().url(path)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.expect("an answer")
    }

    pub async fn try_get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        read(self.client.get(self.url(path))).await
    }

    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.client.post(self.url(path));
        let request = request.header("content-type", "application/x-www-form-urlencoded;charset=utf-8");
        read(request.body(encoded(form))).await.expect("an answer")
    }

    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self.client.post(self.url(path)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request).await.expect("an answer")
    }

    /// The control API.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.client.request(method, self.url(&format!("/__sim{path}")));
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        read(request).await.expect("an answer")
    }

    pub async fn told(&self, path: &str) -> Value {
        self.control(Method::GET, path, Value::Null).await.json()
    }

    pub async fn tell(&self, path: &str, body: Value) -> Value {
        let answer = self.control(Method::POST, path, body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// A request to Alibaba Cloud as its documents say, worked out here anew.
    pub async fn aliyun(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        let nonce = format!("nonce-{action}-{}", self.told("/state").await["requests"]);
        self.aliyun_as(ALIYUN, (action, &self.clock_text(), &nonce), params).await
    }

    pub fn clock_text(&self) -> String {
        use menshen::base::Clock as _;
        self.clock.now().to_string()
    }

    pub async fn aliyun_as(
        &self,
        who: Credentials,
        (action, date, nonce): (&str, &str, &str),
        params: &[(&str, &str)],
    ) -> Answer {
        let address = self.running.http_address().to_string();
        let empty = hex(digest::digest(&digest::SHA256, b"").as_ref());
        let mut sorted: Vec<_> = params.iter().map(|(name, value)| (strict(name), strict(value))).collect();
        sorted.sort();
        let query = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
        let canonical = format!(
            "POST\n/aliyun/\n{query}\nhost:{address}\nx-acs-action:{action}\nx-acs-content-sha256:{empty}\nx-acs-date:{date}\nx-acs-signature-nonce:{nonce}\nx-acs-version:2017-05-25\n\n{names}\n{empty}"
        );
        let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let key = hmac::Key::new(hmac::HMAC_SHA256, who.secret.as_bytes());
        let signature = hex(hmac::sign(&key, format!("ACS3-HMAC-SHA256\n{hashed}").as_bytes()).as_ref());
        let authorization =
            format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", who.id);
        let headers = [
            ("authorization", authorization.as_str()),
            ("x-acs-action", action),
            ("x-acs-content-sha256", &empty),
            ("x-acs-date", date),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", "2017-05-25"),
        ];
        self.post_with(&format!("/aliyun/?{query}"), &headers, "").await
    }

    /// Sends a code to a number.
    pub async fn send_sms(&self, phone: &str, code: &str) -> Answer {
        let param = json!({"code": code}).to_string();
        let params = [
            ("PhoneNumbers", phone),
            ("SignName", SIGN_NAME),
            ("TemplateCode", "SMS_100000001"),
            ("TemplateParam", &param),
        ];
        self.aliyun("SendSms", &params).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let answer = request.send().await?;
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let (status, location) = (answer.status().as_u16(), header("location"));
    let content_type = header("content-type").unwrap_or_default();
    let body = String::from_utf8_lossy(&answer.bytes().await?).into_owned();
    Ok(Answer { status, location, content_type, body })
}

pub fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// RFC 3986, from the form encoding.
fn strict(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
