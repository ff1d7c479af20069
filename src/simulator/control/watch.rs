//! Looking: the journal, text messages, mails; and waiting for a message.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::super::call::{Call, Reply};
use super::super::people::e164;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::wrong;

const LONGEST_WAIT_MS: u64 = 60_000;
const WAIT_MS: u64 = 5_000;

fn since(call: &Call) -> u64 {
    call.query("since").and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// `phone=` in any way of writing, `+` decoded to a blank included.
fn phone(call: &Call) -> Option<String> {
    call.query("phone").filter(|phone| !phone.is_empty()).map(e164)
}

/// `GET /__sim/requests?vendor=&since=`
pub(super) fn requests(world: &World, call: &Call) -> Reply {
    let vendor = match call.query("vendor").filter(|name| !name.is_empty()) {
        Some(name) => match Vendor::parse(name) {
            Some(vendor) => Some(vendor),
            None => return wrong("no such vendor"),
        },
        None => None,
    };
    Reply::json(json!(world.state().journal.list(vendor, since(call))))
}

/// `GET /__sim/sms?phone=&since=`
pub(super) fn messages(world: &World, call: &Call) -> Reply {
    Reply::json(json!(world.state().messages.list(phone(call).as_deref(), since(call))))
}

/// `GET /__sim/sms/wait?phone=&since=&timeout_ms=`: the newest message that
/// fits, as soon as there is one; 408 when none came.
pub(super) async fn wait(world: &World, call: &Call) -> Reply {
    let wanted = call.query("timeout_ms").and_then(|text| text.parse().ok()).unwrap_or(WAIT_MS);
    let until = Instant::now() + Duration::from_millis(wanted.min(LONGEST_WAIT_MS));
    let (phone, since) = (phone(call), since(call));
    loop {
        // Registered before looking, so that no message is missed.
        let mut arrived = std::pin::pin!(world.arrivals.notified());
        arrived.as_mut().enable();
        if let Some(message) = world.state().messages.list(phone.as_deref(), since).last() {
            return Reply::json(json!(message));
        }
        if timeout_at(until, arrived).await.is_err() {
            return Reply::json(json!({"error": "no message arrived"})).status(408);
        }
    }
}

/// `GET /__sim/mail?to=&since=`
pub(super) fn mails(world: &World, call: &Call) -> Reply {
    Reply::json(json!(world.state().mails.list(call.query("to").filter(|to| !to.is_empty()), since(call))))
}
