//! Tencent's gateway: who calls, whether the signature is right and fresh.

use time::OffsetDateTime;
use time::macros::format_description;

use super::super::apps::App;
use super::super::call::{Call, Pairs};
use super::super::sign::tc3;
use super::super::vendor::Vendor;
use super::super::world::World;

/// Seconds that the caller's clock may be off.
const SKEW: i64 = 300;
const HOST: &str = "sms.tencentcloudapi.com";

/// Code, message and why of a refusal.
pub(super) type Refusal = (&'static str, &'static str, &'static str);

/// Checks one request.
pub(super) fn check(world: &World, call: &Call) -> Result<App, Refusal> {
    let header = |name: &str| {
        call.header(name).ok_or((
            "MissingParameter",
            "The request is missing a required header.",
            "a header is missing",
        ))
    };
    let wrong = |why| ("AuthFailure.SignatureFailure", "The provided credentials could not be validated.", why);
    let expired = |why| ("AuthFailure.SignatureExpire", "The provided credentials have expired.", why);
    let authorization = header("authorization")?;
    let rest = authorization.strip_prefix("TC3-HMAC-SHA256 ").ok_or(wrong("Authorization is not TC3-HMAC-SHA256"))?;
    let part = |name: &str| rest.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (Some(credential), Some(names), Some(signature)) =
        (part("Credential"), part("SignedHeaders"), part("Signature"))
    else {
        return Err(wrong("Authorization lacks Credential, SignedHeaders or Signature"));
    };
    let parts: Vec<_> = credential.split('/').collect();
    let [id, date, service, "tc3_request"] = *parts.as_slice() else {
        return Err(wrong("Credential is not id/date/service/tc3_request"));
    };
    let app = world.state().apps.find(Vendor::Tencent, id).filter(|app| app.kind == "sms").cloned();
    let app = app.ok_or(("AuthFailure.SecretIdNotFound", "The SecretId is not found.", "unknown secret id"))?;
    let timestamp = header("x-tc-timestamp")?;
    let at: i64 = timestamp.parse().map_err(|_not_a_number| expired("X-TC-Timestamp is no number"))?;
    let ahead = call.fault("clock_skew").map_or(0, |fault| fault.number("seconds").unwrap_or(3_600));
    if (world.now().seconds().saturating_add(ahead).saturating_sub(at)).abs() > SKEW {
        return Err(expired("X-TC-Timestamp is more than 5 minutes off"));
    }
    if utc_date(at).as_deref() != Some(date) || service != "sms" {
        return Err(expired("the date of Credential is not that of X-TC-Timestamp, or the service is not sms"));
    }
    let listed: Vec<_> = names.split(';').collect();
    if !listed.contains(&"host") || !listed.contains(&"content-type") {
        return Err(wrong("host or content-type is not signed"));
    }
    if matches(call, &listed, &app.secret, (timestamp, date, service), signature) {
        check_header(call)?;
        Ok(app)
    } else {
        Err(wrong("the signature is not ours"))
    }
}

fn check_header(call: &Call) -> Result<(), Refusal> {
    if call.header("x-tc-version") != Some("2021-01-11") {
        return Err(("NoSuchVersion", "The specified version is not found.", "X-TC-Version is not 2021-01-11"));
    }
    if call.header("x-tc-action") != Some("SendSms") {
        return Err(("InvalidAction", "The specified action is not found.", "unknown action"));
    }
    if call.header("x-tc-region").is_none_or(|region| !region.starts_with("ap-")) {
        return Err(("UnsupportedRegion", "The region is not supported.", "X-TC-Region is missing or unknown"));
    }
    Ok(())
}

fn utc_date(seconds: i64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    moment.format(format_description!("[year]-[month]-[day]")).ok()
}

/// The caller signs the host that it calls or the vendor's, and the whole path
/// or what stands after our prefix.
fn matches(call: &Call, names: &[&str], secret: &str, scope: (&str, &str, &str), signature: &str) -> bool {
    let own_host = call.header("host").unwrap_or("");
    [HOST, own_host].iter().flat_map(|host| [(*host, call.path.as_str()), (*host, "/")]).any(|(host, path)| {
        let headers: Pairs = names
            .iter()
            .map(|name| {
                let value = if *name == "host" { host } else { call.header(name).unwrap_or("") };
                ((*name).to_owned(), value.to_owned())
            })
            .collect();
        tc3::signature(secret, scope, &tc3::canonical(path, &headers, &call.body)) == signature
    })
}
