//! The phone page (`/__sim/ui`): what a person with a phone sees and presses.
//! Forms and reloads alone, no script; every form answers 303.

mod home;
mod native;
mod words;

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::faults::{Fault, Matching};
use super::vendor::Vendor;
use super::wechat::{self, Deed};
use super::world::World;
use words::Words;

/// Answers everything below `/__sim/ui`.
pub async fn answer(world: &World, call: &Call) -> Reply {
    let words = Words::of(call);
    let done = || Reply::see_other(format!("/__sim/ui?lang={}", words.lang));
    match (call.method.as_str(), call.segments().get(2..).unwrap_or_default()) {
        ("GET", []) => home::page(world, call, words),
        ("GET", ["style.css"]) => {
            Reply::text("text/css; charset=utf-8", include_str!("../../../templates/simulator/style.css").to_owned())
        }
        ("POST", ["wx"]) => {
            let deed = call.form("action").and_then(Deed::parse);
            if let (Some(deed), Some(uuid)) = (deed, call.form("uuid")) {
                // A code that ended meanwhile is gone from the page that comes next.
                let _ended = wechat::act(world, uuid, deed, call.form("user"));
            }
            done()
        }
        ("POST", ["faults"]) => match add_fault(world, call) {
            Ok(()) => done(),
            Err(why) => Reply::json(json!({"error": why})).status(400),
        },
        ("POST", ["faults", "remove"]) => {
            let id = call.form("id").and_then(|id| id.parse().ok()).unwrap_or(0);
            world.state().faults.remove(id);
            done()
        }
        ("POST", ["clear"]) => {
            let mut state = world.state();
            state.messages.clear();
            state.mails.clear();
            done()
        }
        ("POST", ["clock"]) => {
            world.advance(call.form("advance_s").and_then(|text| text.parse().ok()).unwrap_or(0));
            done()
        }
        ("POST", ["app", deed]) => {
            native::act(world, call, deed).await;
            Reply::see_other(format!("/__sim/ui?lang={}#app", words.lang))
        }
        _ => Reply::missing("page"),
    }
}

/// The switches of the page: mode, vendor, end of the path, how often, particulars.
fn add_fault(world: &World, call: &Call) -> Result<(), String> {
    let given = |name: &str| call.form(name).map(str::trim).filter(|text| !text.is_empty());
    let args: Value = match given("args") {
        Some(text) => serde_json::from_str(text).map_err(|error| error.to_string())?,
        None => json!({}),
    };
    let matching = Matching {
        vendor: given("vendor").and_then(Vendor::parse),
        route: given("route").map(str::to_owned),
        ..Matching::default()
    };
    let fault = Fault {
        id: 0,
        matching,
        mode: given("mode").unwrap_or_default().to_owned(),
        times: given("times").and_then(|text| text.parse().ok()),
        probability: None,
        args,
    };
    world.state().faults.add(fault).map(|_| ())
}
