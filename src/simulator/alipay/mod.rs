//! Alipay: consent in the browser, the gateway for servers, and the SDK of
//! native apps (`/alipay`).

mod authorize;
mod gateway;
mod methods;
mod sdk;
mod seal;

use std::time::Duration;

use super::call::{Call, Reply};
use super::codes::Granted;
use super::world::{State, World};

pub use gateway::{error, moment as china_moment};
pub use seal::seal;

/// How long a code lives: a day when the person agreed, minutes when silent.
const CODE: Duration = Duration::from_secs(86_400);
const SILENT_CODE: Duration = Duration::from_secs(180);

/// Gives out a code; the state is locked by whoever calls.
pub fn issue_code(world: &World, state: &mut State, app_id: &str, user: &str, scope: &str) -> String {
    let code = world.random(32).to_lowercase();
    let lifetime =
        if scope.split(',').any(|part| part == "auth_user" || part == "kuaijie") { CODE } else { SILENT_CODE };
    state.alipay.give(&code, Granted::new(app_id, user, scope, world.now() + lifetime));
    code
}

/// Answers everything below `/alipay`.
pub fn answer(world: &World, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["alipay", "openauth", "oauth2", "publicAppAuthorize.htm"] => authorize::authorize(world, call),
        ["alipay", "gateway.do"] => gateway::answer(world, call),
        ["alipay", "sdk", "auth"] if call.is_post() => sdk::auth(world, call),
        _ => Reply::missing("page at Alipay"),
    }
}
