//! The long poll of the QR page. A held poll is a future that waits to be
//! woken: it costs no worker.

use std::sync::Arc;

use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::super::call::{Call, Reply};
use super::super::world::World;
use super::QrStatus;

/// What the poll says.
struct Word {
    errcode: u16,
    code: String,
}

/// `/connect/l/qrconnect`: answers at once when there is news, else when there
/// is, at the latest after the hold.
pub(super) async fn poll(world: &World, call: &Call) -> Reply {
    let uuid = call.query("uuid").unwrap_or("").to_owned();
    let told_scanned = call.query("last") == Some("404");
    let until = Instant::now() + world.hold;
    loop {
        let Some(changed) = world.state().wechat.find(&uuid).map(|qr| Arc::clone(&qr.changed)) else {
            return say(call, &Word { errcode: 402, code: String::new() });
        };
        // Registered before looking, so that no change is missed.
        let mut woken = std::pin::pin!(changed.notified());
        woken.as_mut().enable();
        if let Some(word) = news(world, &uuid, told_scanned) {
            return say(call, &word);
        }
        if timeout_at(until, woken).await.is_err() {
            return say(call, &Word { errcode: 408, code: String::new() });
        }
    }
}

/// What is new about a QR code for a page that may have been told of the scan.
fn news(world: &World, uuid: &str, told_scanned: bool) -> Option<Word> {
    let now = world.now();
    let mut state = world.state();
    let Some(qr) = state.wechat.qrs.get_mut(uuid) else {
        return Some(Word { errcode: 402, code: String::new() });
    };
    let told = |errcode, code: &str| Some(Word { errcode, code: code.to_owned() });
    match qr.status_at(now) {
        QrStatus::Waiting => None,
        QrStatus::Scanned if told_scanned => None,
        QrStatus::Scanned => told(404, ""),
        QrStatus::Confirmed(code) => told(405, &code),
        QrStatus::Refused => {
            // Told once; the same code may be scanned again.
            qr.status = QrStatus::Waiting;
            told(403, "")
        }
        QrStatus::Expired => told(402, ""),
    }
}

fn say(call: &Call, word: &Word) -> Reply {
    if call.query("f") == Some("json") {
        return Reply::json(json!({"wx_errcode": word.errcode, "wx_code": word.code}));
    }
    let script = format!("window.wx_errcode={};window.wx_code='{}';", word.errcode, word.code);
    Reply::text("text/javascript", script).header("cache-control", "no-cache, no-store")
}
