//! One call from the vendors' side: the fault that it meets, the vendor that
//! answers, the journal, and what then goes over the wire.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::call::{Body, Call, Reply, Verdict};
use super::faults::Fault;
use super::vendor::Vendor;
use super::world::World;
use super::{alipay, aliyun, hook, jiguang, oidc, taobao, tencent, wechat};

/// How long an answer that never comes is waited for.
const NEVER: Duration = Duration::from_secs(120);
const SLOW_MS: u64 = 4_000;
/// What a proxy says when it has nothing to say.
const HTML: &str = "<html><head><title>Error</title></head><body><h1>The service is busy</h1></body></html>";

/// What goes over the wire.
#[derive(Debug)]
pub enum Delivery {
    /// An answer.
    Whole(Answer),
    /// Half an answer, then the connection closes.
    Cut(Answer),
    /// The connection closes.
    Dropped,
    /// Blanks without end.
    Huge,
}

/// An answer in bytes.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// Content type.
    pub mime: &'static str,
    /// Body.
    pub bytes: Vec<u8>,
}

/// Answers a call to a vendor.
pub async fn play(world: &World, vendor: Vendor, mut call: Call) -> Delivery {
    call.fault = take_fault(world, vendor, &call);
    let mode = call.fault.as_ref().map(|fault| fault.mode.clone()).unwrap_or_default();
    make_keys(world, vendor, &call).await;
    let reply = match (mode.as_str(), &call.fault) {
        ("refuse", _) => faulted(Reply::nothing(), "the connection was closed before anything happened"),
        ("http", Some(fault)) => http(fault),
        ("errcode", Some(fault)) => errcode(world, vendor, fault),
        ("slow", Some(fault)) => {
            let delay = fault.number("delay_ms").and_then(|delay| u64::try_from(delay).ok()).unwrap_or(SLOW_MS);
            sleep(Duration::from_millis(delay)).await;
            dispatch(world, vendor, &call).await
        }
        _ => dispatch(world, vendor, &call).await,
    };
    let reply = shaped(reply, call.fault.as_ref());
    world.state().journal.write(world.now(), vendor, &call, &reply);
    let answer = written(world, &call, reply);
    match mode.as_str() {
        "refuse" => Delivery::Dropped,
        "reset" => Delivery::Cut(answer),
        "timeout_after_effect" => {
            sleep(NEVER).await;
            Delivery::Dropped
        }
        "huge" => Delivery::Huge,
        _ => Delivery::Whole(garbled(world, &mode, answer)),
    }
}

fn take_fault(world: &World, vendor: Vendor, call: &Call) -> Option<Fault> {
    let drawn = u32::try_from(world.below(1_000_000)).map_or(0.0, f64::from) / 1_000_000.0;
    world.state().faults.take(vendor, call, drawn)
}

/// Makes the keys that an answer needs where nobody else waits: an RSA key takes
/// a while, and the server has one worker.
async fn make_keys(world: &World, vendor: Vendor, call: &Call) {
    if ![Vendor::Alipay, Vendor::Oidc, Vendor::Jiguang].contains(&vendor) {
        return;
    }
    let keys = Arc::clone(&world.fixture.keys);
    let (strange, certified) =
        (call.fault("bad_signature").is_some(), call.action().is_some_and(|is| is.contains("cert")));
    let make = move || {
        match vendor {
            Vendor::Alipay => {
                let _made = (keys.app(), keys.alipay());
            }
            Vendor::Oidc => {
                let _made = (keys.oidc(), keys.oidc_next());
            }
            Vendor::Jiguang => {
                let _made = keys.jiguang();
            }
            Vendor::Wechat | Vendor::Taobao | Vendor::Aliyun | Vendor::Tencent | Vendor::Hook | Vendor::Mail => {}
        }
        let _stranger = strange.then(|| keys.stranger());
        let _certificates = certified.then(|| keys.certificates());
    };
    // A key that could not be made here is made, or missed, by whoever needs it.
    let _made = tokio::task::spawn_blocking(make).await;
}

async fn dispatch(world: &World, vendor: Vendor, call: &Call) -> Reply {
    match vendor {
        Vendor::Wechat => wechat::answer(world, call).await,
        Vendor::Aliyun => aliyun::answer(world, call),
        Vendor::Alipay => alipay::answer(world, call),
        Vendor::Taobao => taobao::answer(world, call),
        Vendor::Tencent => tencent::answer(world, call),
        Vendor::Jiguang => jiguang::answer(world, call),
        Vendor::Hook => hook::answer(world, call),
        Vendor::Oidc => oidc::answer(world, call),
        Vendor::Mail => Reply::missing("page"),
    }
}

fn faulted(reply: Reply, why: &str) -> Reply {
    Reply { verdict: Verdict::Faulted(why.to_owned()), ..reply }
}

fn http(fault: &Fault) -> Reply {
    let status = fault.number("status").and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    faulted(Reply::html(HTML.to_owned()).status(status), "answered an HTTP error")
}

fn errcode(world: &World, vendor: Vendor, fault: &Fault) -> Reply {
    let (code, message) = (fault.text("code").unwrap_or_default(), fault.text("message"));
    let message = message.as_deref();
    let reply = match vendor {
        Vendor::Wechat => wechat::error(world, &code, message),
        Vendor::Aliyun => aliyun::error(world, &code, message),
        Vendor::Alipay => alipay::error(&code, fault.text("sub_code"), message),
        Vendor::Taobao => taobao::error(world, &code, message),
        Vendor::Tencent => tencent::error(world, &code, message),
        Vendor::Jiguang => jiguang::error(world, &code, message),
        Vendor::Oidc => oidc::error(&code, message),
        Vendor::Hook | Vendor::Mail => Reply::missing("error").status(500),
    };
    faulted(reply, "answered the error that was asked for")
}

/// The answer as the modes `wrong_type` and `set` leave it, before it is signed.
fn shaped(mut reply: Reply, fault: Option<&Fault>) -> Reply {
    match (&mut reply.body, fault) {
        (Body::Json(_, value) | Body::Signed(_, value), Some(fault)) => fault.shape(value),
        (Body::Bytes(..), _) | (_, None) => {}
    }
    reply
}

fn written(world: &World, call: &Call, reply: Reply) -> Answer {
    let (mime, bytes) = match reply.body {
        Body::Signed(key, value) => ("text/html;charset=utf-8", alipay::seal(world, call, &key, &value).into_bytes()),
        Body::Bytes(mime, bytes) => (mime, bytes),
        Body::Json(mime, value) => (mime, value.to_string().into_bytes()),
    };
    Answer { status: reply.status, headers: reply.headers, mime, bytes }
}

fn garbled(world: &World, mode: &str, mut answer: Answer) -> Answer {
    match mode {
        "garbage" => {
            let random = |_| u8::try_from(world.below(256)).unwrap_or(0);
            answer.bytes = (0..512).map(random).collect();
        }
        "truncated" => answer.bytes.truncate(answer.bytes.len() / 2),
        "html" => {
            answer.mime = "text/html; charset=utf-8";
            answer.bytes = HTML.as_bytes().to_vec();
        }
        "empty" => answer.bytes.clear(),
        "wrong_charset" => answer.bytes = not_utf8(&answer.bytes),
        _ => {}
    }
    answer
}

/// Bytes that are GBK at best go into the first text value.
fn not_utf8(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    match text.split_once(":\"") {
        Some((before, after)) => [before.as_bytes(), b":\"\xd0\xa1\xc3\xf7", after.as_bytes()].concat(),
        None => [b"\xd0\xa1\xc3\xf7".as_slice(), bytes].concat(),
    }
}

/// An answer of the simulator's own pages: no fault, no journal.
pub fn plain(world: &World, reply: Reply) -> Delivery {
    Delivery::Whole(written(world, &Call::default(), reply))
}
