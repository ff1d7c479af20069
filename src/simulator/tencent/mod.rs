//! Tencent Cloud: text messages (`/tencent/sms/`) and number authentication
//! (`/tencent/v5/rapidauth/validate`).

mod gate;
mod rapidauth;
mod sms;

use super::call::{Call, Reply};
use super::world::World;

pub use sms::error;

/// Answers everything below `/tencent`.
pub fn answer(world: &World, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["tencent", "sms"] if call.is_post() => sms::answer(world, call),
        ["tencent", "v5", "rapidauth", "validate"] if call.is_post() => rapidauth::validate(world, call),
        _ => Reply::missing("page at Tencent"),
    }
}
