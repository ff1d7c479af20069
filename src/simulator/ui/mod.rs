//! The phone page (`/__sim/ui`): what a person with a phone sees and presses.

use super::call::{Call, Reply};
use super::world::World;

/// Answers everything below `/__sim/ui`.
pub async fn answer(_world: &World, call: &Call) -> Reply {
    match call.segments().get(2..).unwrap_or_default() {
        ["style.css"] => {
            Reply::text("text/css; charset=utf-8", include_str!("../../../templates/simulator/style.css").to_owned())
        }
        _ => Reply::missing("page"),
    }
}
