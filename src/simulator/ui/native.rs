//! The buttons of the native app: begin, one tap, another app's SDK, the
//! provider's pages.

use super::super::alipay;
use super::super::call::Call;
use super::super::carrier::{Carrier, Kind};
use super::super::fixture::{ALIPAY_APP, TAOBAO, WECHAT_MOBILE};
use super::super::phone::{App, NativeApp, Outcome, Trouble};
use super::super::vendor::Vendor;
use super::super::world::World;
use super::super::{taobao, wechat};

/// Carries out a press of a button and keeps what came of it.
pub(super) async fn act(world: &World, call: &Call, deed: &str) {
    let Some(native) = &world.native_app else { return };
    let before = world.state().phone.clone();
    let after = match App::new(native, before.clone()) {
        Ok(mut app) => {
            let done = press(world, call, &mut app, deed, native).await;
            if let Err(trouble) = done {
                app.state.outcome = Some(Outcome::Failed(trouble.to_string()));
            }
            app.state
        }
        Err(trouble) => {
            super::super::phone::PhoneState { outcome: Some(Outcome::Failed(trouble.to_string())), ..before }
        }
    };
    world.state().phone = after;
}

async fn press(world: &World, call: &Call, app: &mut App<'_>, deed: &str, _native: &NativeApp) -> Result<(), Trouble> {
    match deed {
        "begin" => app.begin(|length| world.random(length)).await,
        "forget" => {
            app.state = super::super::phone::PhoneState::default();
            Ok(())
        }
        "one-tap" => {
            let carrier = call.form("carrier").unwrap_or("cmcc");
            let phone = call.form("phone").unwrap_or_default();
            let of = Carrier::parse(carrier).ok_or_else(|| Trouble("no such carrier".to_owned()))?;
            // What the carrier's SDK does over cellular data.
            let token = world.random(40);
            world.state().carrier.give(token.clone(), (phone, of, Kind::Login), None, world.now());
            app.post("/login/one-tap", &[("carrier", carrier), ("token", &token)]).await
        }
        "sdk" => {
            let user = call.form("user").unwrap_or_default();
            let (method, code) = sdk_code(world, call.form("vendor").unwrap_or_default(), user)?;
            app.post(&format!("/login/{method}/app"), &[("code", &code)]).await
        }
        "answer" => {
            let own = ["form", "lang", "choice"];
            let mut filled: Vec<_> =
                call.form.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect();
            if let Some((name, value)) = call.form("choice").and_then(|choice| choice.split_once('=')) {
                filled.push((name.to_owned(), value.to_owned()));
            }
            app.answer(call.form("form").and_then(|text| text.parse().ok()).unwrap_or(0), &filled).await
        }
        _ => Err(Trouble("no such button".to_owned())),
    }
}

/// What the SDK of another app brings back: the login method and its code.
fn sdk_code(world: &World, vendor: &str, user: &str) -> Result<(&'static str, String), Trouble> {
    let mut state = world.state();
    let known = |vendor: Vendor| Trouble(format!("no such user of {vendor:?}"));
    match vendor {
        "wechat" => {
            state.people.find(Vendor::Wechat, user).ok_or_else(|| known(Vendor::Wechat))?;
            Ok(("wechat", wechat::issue_code(world, &mut state, WECHAT_MOBILE.id, user, "snsapi_userinfo")))
        }
        "alipay" => {
            state.people.find(Vendor::Alipay, user).ok_or_else(|| known(Vendor::Alipay))?;
            Ok(("alipay", alipay::issue_code(world, &mut state, ALIPAY_APP, user, "kuaijie")))
        }
        "taobao" => {
            state.people.find(Vendor::Taobao, user).ok_or_else(|| known(Vendor::Taobao))?;
            Ok(("taobao", taobao::issue_code(world, &mut state, TAOBAO.id, user, "")))
        }
        _ => Err(Trouble("no such app".to_owned())),
    }
}
