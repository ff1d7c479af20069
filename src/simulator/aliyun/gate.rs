//! The gateway: who calls, whether the signature is right, fresh and new.

use std::time::Duration;

use serde_json::json;

use super::super::apps::App;
use super::super::call::{Call, Pairs, Reply};
use super::super::sign::acs::{Covered, signature_v1, signature_v3};
use super::super::sign::sha256_hex;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::request_id;
use crate::base::Timestamp;

/// How far the caller's clock may be off.
const SKEW: Duration = Duration::from_secs(15 * 60);
/// Hosts for which a connector may sign while it calls us.
const VENDOR_HOSTS: &[&str] = &["dysmsapi.aliyuncs.com", "dypnsapi.aliyuncs.com"];
const SCHEME: &str = "ACS3-HMAC-SHA256";
const VERSION: &str = "2017-05-25";

/// A request that passed.
pub(super) struct Request {
    pub(super) action: String,
    pub(super) app: App,
    params: Pairs,
}

impl Request {
    /// A business parameter; an empty one is none.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Why one did not.
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    why: String,
}

impl Refusal {
    fn new(status: u16, code: &str, message: &str, why: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), why: why.into() }
    }

    pub(super) fn api_not_found() -> Self {
        Self::new(
            404,
            "InvalidApi.NotFound",
            "Specified api is not found, please check your url and method.",
            "unknown action",
        )
    }

    /// One that a fault asked for.
    pub(super) fn by_code(code: &str, message: &str) -> Self {
        let status = match code {
            "InvalidAccessKeyId.NotFound" | "InvalidApi.NotFound" => 404,
            "InternalError" => 500,
            "ServiceUnavailable" => 503,
            _ => 400,
        };
        Self::new(status, code, message, "asked for by a fault")
    }

    pub(super) fn answer(self, world: &World) -> Reply {
        let id = request_id(world);
        let body = json!({
            "RequestId": id, "HostId": "dysmsapi.aliyuncs.com", "Code": self.code, "Message": self.message,
            "Recommend": format!("https://api.aliyun.com/troubleshoot?q={}", self.code),
        });
        Reply::json(body).status(self.status).header("x-acs-request-id", id).refused(self.why)
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::new(400, "MissingParam", &format!("{name} is mandatory for this action."), format!("{name} is missing"))
}

/// Checks one request by the version of its signature.
pub(super) fn check(world: &World, call: &Call) -> Result<Request, Refusal> {
    match call.header("authorization") {
        Some(authorization) => version_3(world, call, authorization),
        None => version_1(world, call),
    }
}

fn app(world: &World, key: &str) -> Result<App, Refusal> {
    world.state().apps.find(Vendor::Aliyun, key).cloned().ok_or_else(|| {
        Refusal::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.", "unknown access key")
    })
}

fn fresh(world: &World, call: &Call, date: &str) -> Result<(), Refusal> {
    let expired = |why: &str| {
        Refusal::new(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", why)
    };
    let shaped = date.len() == "2025-01-02T03:04:05Z".len() && date.ends_with('Z');
    let at =
        Timestamp::parse(date).filter(|_| shaped).ok_or_else(|| expired("the date is not written as it must be"))?;
    let ahead = call.fault("clock_skew").map_or(0, |fault| fault.number("seconds").unwrap_or(3_600));
    let now = Timestamp::from_micros(world.now().micros().saturating_add(ahead.saturating_mul(1_000_000)));
    if now.since(at) > SKEW || at.since(now) > SKEW {
        return Err(expired("the date is more than 15 minutes off"));
    }
    Ok(())
}

fn new_nonce(world: &World, nonce: &str) -> Result<(), Refusal> {
    let used = || {
        Refusal::new(
            400,
            "SignatureNonceUsed",
            "Specified signature nonce was used already.",
            "the nonce was used before",
        )
    };
    world.state().aliyun.nonces.insert(nonce.to_owned()).then_some(()).ok_or_else(used)
}

fn version_3(world: &World, call: &Call, authorization: &str) -> Result<Request, Refusal> {
    let incomplete = |why: &str| {
        Refusal::new(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.", why)
    };
    let rest = authorization.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(' '));
    let rest = rest.ok_or_else(|| incomplete("Authorization is not ACS3-HMAC-SHA256"))?;
    let part = |name: &str| rest.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (Some(key), Some(names), Some(signature)) = (part("Credential"), part("SignedHeaders"), part("Signature"))
    else {
        return Err(incomplete("Authorization lacks Credential, SignedHeaders or Signature"));
    };
    let header = |name: &str| call.header(name).ok_or_else(|| missing(name));
    let (action, version) = (header("x-acs-action")?, header("x-acs-version")?);
    let (date, nonce) = (header("x-acs-date")?, header("x-acs-signature-nonce")?);
    let app = app(world, key)?;
    fresh(world, call, date)?;
    if header("x-acs-content-sha256")? != sha256_hex(&call.body) {
        return Err(incomplete("x-acs-content-sha256 is not the hash of the body"));
    }
    signed_headers(call, names).map_err(|why| incomplete(&why))?;
    if !matches_v3(call, names, &app.secret, signature) {
        let message = "Specified signature is not matched with our calculation.";
        return Err(Refusal::new(400, "SignatureDoesNotMatch", message, "the signature is not ours"));
    }
    new_nonce(world, nonce)?;
    if version != VERSION {
        return Err(Refusal::api_not_found());
    }
    Ok(Request { action: action.to_owned(), app, params: call.query.iter().chain(&call.form).cloned().collect() })
}

/// Everything that must be signed is, in order.
fn signed_headers(call: &Call, names: &str) -> Result<(), String> {
    let names: Vec<_> = names.split(';').collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    if names != sorted || names.iter().any(|name| *name != name.to_lowercase()) {
        return Err("SignedHeaders is not in lower case and sorted".into());
    }
    let must =
        |name: &str| name.starts_with("x-acs-") || name == "host" || (name == "content-type" && !call.body.is_empty());
    let left_out = call.headers.iter().find(|(name, _)| must(name) && !names.contains(&name.as_str()));
    left_out.map_or(Ok(()), |(name, _)| Err(format!("{name} is not signed")))
}

/// The caller signs the host that it calls or the vendor's, and the whole path
/// or what stands after our prefix.
fn matches_v3(call: &Call, names: &str, secret: &str, signature: &str) -> bool {
    let own_host = call.header("host").unwrap_or("");
    let hosts = VENDOR_HOSTS.iter().copied().chain([own_host]);
    let payload_hash = sha256_hex(&call.body);
    hosts.flat_map(|host| [(host, call.path.as_str()), (host, "/")]).any(|(host, path)| {
        let headers: Pairs = names
            .split(';')
            .map(|name| {
                (name.to_owned(), if name == "host" { host } else { call.header(name).unwrap_or("") }.to_owned())
            })
            .collect();
        let covered =
            Covered { method: &call.method, path, query: &call.query, headers: &headers, payload_hash: &payload_hash };
        signature_v3(secret, &covered.canonical()) == signature
    })
}

fn version_1(world: &World, call: &Call) -> Result<Request, Refusal> {
    let param = |name: &str| call.param(name).ok_or_else(|| missing(name));
    let (key, action, signature) = (param("AccessKeyId")?, param("Action")?, param("Signature")?);
    let app = app(world, key)?;
    fresh(world, call, param("Timestamp")?)?;
    let (method, version) = (param("SignatureMethod")?, param("SignatureVersion")?);
    if method != "HMAC-SHA1" || version != "1.0" || signature_v1(&app.secret, &call.method, call.params()) != signature
    {
        let message = "Specified signature is not matched with our calculation.";
        return Err(Refusal::new(400, "SignatureDoesNotMatch", message, "the signature is not ours"));
    }
    new_nonce(world, param("SignatureNonce")?)?;
    if param("Version")? != VERSION {
        return Err(Refusal::api_not_found());
    }
    Ok(Request { action: action.to_owned(), app, params: call.query.iter().chain(&call.form).cloned().collect() })
}
