//! The page itself.

use askama::Template;
use serde_json::Value;

use super::super::call::{Call, Reply};
use super::super::faults::{Fault, MODES};
use super::super::inbox::{Mail, Message};
use super::super::people::Person;
use super::super::phone::{Outcome, Page, PhoneState};
use super::super::vendor::Vendor;
use super::super::world::World;
use super::words::Words;

/// How much of each list is shown, the newest first.
const SHOWN: usize = 12;
const SHOWN_REQUESTS: usize = 30;
const VENDORS: &[&str] = &["wechat", "alipay", "taobao", "aliyun", "tencent", "jiguang", "hook", "oidc", "mail"];

struct Waiting {
    uuid: String,
    appid: String,
    status: &'static str,
    user: Option<String>,
}

struct Request {
    seq: u64,
    at: String,
    vendor: Vendor,
    what: String,
    verdict: &'static str,
    why: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "simulator/ui.html")]
struct HomePage<'a> {
    words: &'a Words,
    auto: bool,
    now: String,
    messages: Vec<Message>,
    mails: Vec<Mail>,
    waiting: Vec<Waiting>,
    wechat: Vec<Person>,
    alipay: Vec<Person>,
    taobao: Vec<Person>,
    has_app: bool,
    phone: &'a PhoneState,
    outcome: (String, String),
    faults: Vec<(u64, String)>,
    modes: &'a [(&'a str, &'a str)],
    vendors: &'a [&'a str],
    requests: Vec<Request>,
}

impl HomePage<'_> {
    fn page(&self) -> Option<&Page> {
        self.phone.page.as_ref()
    }
}

/// `GET /__sim/ui`
pub(super) fn page(world: &World, call: &Call, words: &Words) -> Reply {
    let now = world.now();
    let state = world.state();
    let people = |vendor| state.people.of(vendor).cloned().collect::<Vec<_>>();
    let waiting = state.wechat.pending(now).into_iter().rev().take(SHOWN).map(|qr| Waiting {
        uuid: qr.uuid.clone(),
        appid: qr.appid.clone(),
        status: qr.status_at(now).as_str(),
        user: qr.user.clone(),
    });
    let requests = state.journal.list(None, 0).into_iter().rev().take(SHOWN_REQUESTS).map(|entry| Request {
        seq: entry.seq,
        at: entry.at.clone(),
        vendor: entry.vendor,
        what: entry.action.clone().unwrap_or_else(|| format!("{} {}", entry.method, entry.path)),
        verdict: entry.verdict,
        why: entry.why.clone().unwrap_or_default(),
        answer: entry.response.to_string().chars().take(200).collect(),
    });
    let phone = state.phone.clone();
    let page = HomePage {
        words,
        auto: call.query("auto") == Some("1"),
        now: now.to_string(),
        messages: state.messages.list(None, 0).into_iter().rev().take(SHOWN).cloned().collect(),
        mails: state.mails.list(None, 0).into_iter().rev().take(SHOWN).cloned().collect(),
        waiting: waiting.filter(|qr| qr.status != "confirmed").collect(),
        wechat: people(Vendor::Wechat),
        alipay: people(Vendor::Alipay),
        taobao: people(Vendor::Taobao),
        has_app: world.native_app.is_some(),
        outcome: outcome(&phone, words),
        phone: &phone,
        faults: state.faults.list().iter().map(|fault| (fault.id, shown(fault))).collect(),
        modes: MODES,
        vendors: VENDORS,
        requests: requests.collect(),
    };
    Reply::page(&page)
        .header("cache-control", "no-store")
        .header(
            "content-security-policy",
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        .header("x-content-type-options", "nosniff")
}

fn shown(fault: &Fault) -> String {
    serde_json::to_string(fault).unwrap_or_else(|_| fault.mode.clone())
}

/// Heading and text of how a sign-in ended; empty while it has not.
fn outcome(phone: &PhoneState, words: &Words) -> (String, String) {
    let pretty = |claims: &Value| serde_json::to_string_pretty(claims).unwrap_or_default();
    match &phone.outcome {
        Some(Outcome::SignedIn(claims)) => (words.signed_in.to_owned(), pretty(claims)),
        Some(Outcome::Failed(why)) => (words.failed.to_owned(), why.clone()),
        None => (String::new(), String::new()),
    }
}
