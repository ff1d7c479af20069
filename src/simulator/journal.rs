//! What the vendors were asked and what they said: secrets masked, the reason
//! of every refusal in plain words.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::{Body, Call, Reply, Verdict};
use super::vendor::Vendor;
use crate::base::Timestamp;

/// Entries that are kept; the oldest go first.
const KEPT: usize = 5_000;
/// Characters of a body that are kept.
const BODY: usize = 2_000;
const MASK: &str = "***";
/// Parameters, fields and headers whose value nobody may read, in lower case
/// and without separators.
const SECRET_NAMES: &[&str] = &[
    "secret",
    "appsecret",
    "clientsecret",
    "password",
    "code",
    "authcode",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "token",
    "sptoken",
    "accesscode",
    "logintoken",
    "templateparam",
    "templateparamset",
    "codeverifier",
    "idtoken",
    "topaccesstoken",
    "topauthcode",
    "verifycode",
    "cookie",
    "setcookie",
    "wxcode",
    "result",
    "tokenresult",
    "ticket",
    "appauthtoken",
    "session",
];

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Number of the entry, from 1.
    pub seq: u64,
    /// When, on the vendors' clock.
    pub at: String,
    /// Whom it was for.
    pub vendor: Vendor,
    /// HTTP method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Aliyun's action, Alipay's method and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Query, form and JSON body.
    pub params: Map<String, Value>,
    /// Headers.
    pub headers: Map<String, Value>,
    /// `accepted`, `refused` or `faulted`.
    pub verdict: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The fault that took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// `{status, body}`.
    pub response: Value,
}

/// The entries, oldest first.
#[derive(Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    written: u64,
}

impl Journal {
    /// Writes down a call and its answer.
    pub fn write(&mut self, at: Timestamp, vendor: Vendor, call: &Call, reply: &Reply) {
        self.written = self.written.saturating_add(1);
        let (verdict, why) = match &reply.verdict {
            Verdict::Accepted => ("accepted", None),
            Verdict::Refused(why) => ("refused", Some(why.clone())),
            Verdict::Faulted(why) => ("faulted", Some(why.clone())),
        };
        self.entries.push_back(Entry {
            seq: self.written,
            at: at.to_string(),
            vendor,
            method: call.method.clone(),
            path: call.path.clone(),
            action: call.action().map(str::to_owned),
            params: params(call),
            headers: headers(call),
            verdict,
            why,
            fault: call.fault.as_ref().map(|fault| fault.mode.clone()),
            response: response(reply),
        });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// Entries after number `since`, of one vendor or of all.
    pub fn list(&self, vendor: Option<Vendor>, since: u64) -> Vec<&Entry> {
        let wanted = |entry: &&Entry| entry.seq > since && vendor.is_none_or(|vendor| vendor == entry.vendor);
        self.entries.iter().filter(wanted).collect()
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    SECRET_NAMES.contains(&plain.as_str())
}

fn params(call: &Call) -> Map<String, Value> {
    let mut params: Map<String, Value> = call
        .params()
        .map(|(name, value)| (name.to_owned(), if is_secret(name) { MASK.into() } else { value.into() }))
        .collect();
    if let Value::Object(body) = masked(call.json()) {
        params.extend(body);
    }
    params
}

fn headers(call: &Call) -> Map<String, Value> {
    let shown = |name: &str, value: &str| match name {
        "authorization" => masked_authorization(value),
        "x-signature" => MASK.to_owned(),
        name if is_secret(name) => MASK.to_owned(),
        _ => value.to_owned(),
    };
    call.headers.iter().map(|(name, value)| (name.clone(), shown(name, value).into())).collect()
}

/// Scheme, key id and signed headers stay: they tell who called.
fn masked_authorization(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once(' ') else { return MASK.to_owned() };
    let kept: Vec<_> = rest
        .split(',')
        .map(str::trim)
        .filter(|part| part.starts_with("Credential=") || part.starts_with("SignedHeaders="))
        .collect();
    if kept.is_empty() { format!("{scheme} {MASK}") } else { format!("{scheme} {},Signature={MASK}", kept.join(",")) }
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                // Aliyun's and Alipay's `Code` is a verdict, not a secret.
                let verdict = name == "Code" || (name == "code" && is_verdict(&value));
                if is_secret(&name) && !verdict && (value.is_string() || value.is_array()) {
                    (name, MASK.into())
                } else {
                    let value = masked(value);
                    (name, value)
                }
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::String(text) => without_echo(&text).into(),
        Value::Number(_) | Value::Bool(_) | Value::Null => value,
    }
}

/// Alipay's gateway echoes the whole request, the code in it included.
fn without_echo(text: &str) -> String {
    text.split_once("验签字符串为：")
        .map_or_else(|| text.to_owned(), |(before, _)| format!("{before}验签字符串为：{MASK}"))
}

/// `10000` or `40002` of Alipay.
fn is_verdict(value: &Value) -> bool {
    value.as_str().is_some_and(|text| ["10000", "20000", "20001", "40001", "40002", "40006"].contains(&text))
}

fn response(reply: &Reply) -> Value {
    let body: Value = match &reply.body {
        Body::Json(_, value) => masked(value.clone()),
        Body::Signed(key, value) => json!({ key.as_str(): masked(value.clone()), "sign": MASK }),
        Body::Bytes(mime, bytes) if mime.starts_with("text/html") || mime.starts_with("image/") => {
            format!("({mime}, {} bytes)", bytes.len()).into()
        }
        Body::Bytes(_, bytes) => {
            let text: String = String::from_utf8_lossy(bytes).chars().take(BODY).collect();
            mask_wx_code(&text).into()
        }
    };
    json!({"status": reply.status, "body": body})
}

/// The long poll's answer carries a code in a line of script.
fn mask_wx_code(text: &str) -> String {
    match text.split_once("wx_code='") {
        Some((before, rest)) if !rest.starts_with('\'') => format!("{before}wx_code='{MASK}';"),
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let value =
            json!({"access_token": "s", "Code": "OK", "deep": [{"refresh_token": "s"}], "code": 8000, "id_token": "s"});
        let text = masked(value).to_string();
        assert!(!text.contains("\"s\"") && text.contains("OK") && text.contains("8000"), "{text}");
        assert_eq!(
            masked_authorization("ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=host,Signature=ab"),
            "ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=host,Signature=***"
        );
        assert_eq!(masked_authorization("Basic YTpi"), "Basic ***");
        assert_eq!(
            mask_wx_code("window.wx_errcode=405;window.wx_code='abc';"),
            "window.wx_errcode=405;window.wx_code='***';"
        );
        assert_eq!(
            mask_wx_code("window.wx_errcode=408;window.wx_code='';"),
            "window.wx_errcode=408;window.wx_code='';"
        );
    }
}
