//! One request as a vendor sees it, and what the vendor answers.
//!
//! `server` turns HTTP into a [`Call`] and a [`Reply`] back into HTTP; between
//! them the vendors are plain functions.

use std::net::IpAddr;

use serde_json::Value;
use url::form_urlencoded;

use super::faults::Fault;

/// Decoded name-value pairs in their order.
pub type Pairs = Vec<(String, String)>;

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// HTTP method in upper case.
    pub method: String,
    /// Path as sent.
    pub path: String,
    /// Query as sent.
    pub raw_query: String,
    /// Query, decoded.
    pub query: Pairs,
    /// Fields of a form body, decoded.
    pub form: Pairs,
    /// Headers, names in lower case.
    pub headers: Pairs,
    /// Body as sent.
    pub body: Vec<u8>,
    /// Who called.
    pub peer: Option<IpAddr>,
    /// What is to go wrong with it.
    pub fault: Option<Fault>,
}

fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str())
}

/// Decodes a query or a form.
pub fn decode(text: &[u8]) -> Pairs {
    form_urlencoded::parse(text).into_owned().collect()
}

impl Call {
    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// A field of the form.
    pub fn form(&self, name: &str) -> Option<&str> {
        first(&self.form, name)
    }

    /// A parameter, wherever it stands; an empty one is none.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.form(name).or_else(|| self.query(name)).filter(|value| !value.is_empty())
    }

    /// All parameters of query and form.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().chain(&self.form).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The parts of the path.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// Is this a POST?
    pub fn is_post(&self) -> bool {
        self.method == "POST"
    }

    /// The name of the operation where the path does not tell it (Aliyun's and
    /// Tencent's action, Alipay's and TOP's method).
    pub fn action(&self) -> Option<&str> {
        let header = self.header("x-acs-action").or_else(|| self.header("x-tc-action"));
        header.or_else(|| self.param("Action")).or_else(|| self.param("method"))
    }

    /// The fault of this call when it is of `mode`.
    pub fn fault(&self, mode: &str) -> Option<&Fault> {
        self.fault.as_ref().filter(|fault| fault.mode == mode)
    }
}

/// What a vendor thought of a request; only the journal tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Done as asked.
    Accepted,
    /// Refused, and why in plain words.
    Refused(String),
    /// Something went wrong on purpose.
    Faulted(String),
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// Bytes of some type.
    Bytes(&'static str, Vec<u8>),
    /// JSON under some type, still open to change by a fault.
    Json(&'static str, Value),
    /// Alipay's reply under its key, signed when it is sent.
    Signed(String, Value),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Body,
    /// For the journal.
    pub verdict: Verdict,
}

impl Reply {
    /// JSON, as most vendors say it.
    pub fn json(value: Value) -> Self {
        Self::json_as("application/json;charset=utf-8", value)
    }

    /// JSON under another content type.
    pub fn json_as(mime: &'static str, value: Value) -> Self {
        Self::new(Body::Json(mime, value))
    }

    /// A page.
    pub fn html(page: String) -> Self {
        Self::text("text/html; charset=utf-8", page)
    }

    /// Text of some type.
    pub fn text(mime: &'static str, text: String) -> Self {
        Self::new(Body::Bytes(mime, text.into_bytes()))
    }

    /// A page of ours, filled in.
    pub fn page(page: &impl askama::Template) -> Self {
        let text = page.render().unwrap_or_else(|error| format!("the page could not be rendered: {error}"));
        Self::html(text)
    }

    /// Alipay's reply; `key` is `…_response`.
    pub fn signed(key: String, value: Value) -> Self {
        Self::new(Body::Signed(key, value))
    }

    /// 302, as vendors send browsers back.
    pub fn found(target: impl Into<String>) -> Self {
        Self::redirect(302, target.into())
    }

    /// 303, after a form of the phone page.
    pub fn see_other(target: impl Into<String>) -> Self {
        Self::redirect(303, target.into())
    }

    /// 204.
    pub fn nothing() -> Self {
        Self::text("text/plain", String::new()).status(204)
    }

    /// 404 in plain words.
    pub fn missing(what: &str) -> Self {
        Self::json(serde_json::json!({"error": format!("no such {what}")}))
            .status(404)
            .refused(format!("no such {what}"))
    }

    fn redirect(status: u16, target: String) -> Self {
        let mut reply = Self::text("text/plain", String::new()).status(status);
        reply.headers.push(("location", target));
        reply
    }

    const fn new(body: Body) -> Self {
        Self { status: 200, headers: Vec::new(), body, verdict: Verdict::Accepted }
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A refusal, and why.
    #[must_use]
    pub fn refused(mut self, why: impl Into<String>) -> Self {
        self.verdict = Verdict::Refused(why.into());
        self
    }
}
