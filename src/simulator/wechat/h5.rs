//! Signing in on a page inside WeChat.

use super::super::call::{Call, Reply};
use super::super::consent::{ConsentPage, fields};
use super::super::vendor::Vendor;
use super::super::world::World;
use super::qr::{state_is_fine, wrong};
use super::{issue_code, with_params};

/// The order in which WeChat wants the parameters.
const ORDER: &[&str] = &["appid", "redirect_uri", "response_type", "scope", "state"];

/// `/connect/oauth2/authorize`: silent for `snsapi_base`, a page to agree on
/// for `snsapi_userinfo`; a POST is the answer on that page.
pub(super) fn authorize(world: &World, call: &Call) -> Reply {
    let given: Vec<_> = call.query.iter().map(|(name, _)| name.as_str()).filter(|name| ORDER.contains(name)).collect();
    let in_order: Vec<_> = ORDER.iter().copied().filter(|name| given.contains(name)).collect();
    let (appid, target) = (call.query("appid").unwrap_or(""), call.query("redirect_uri").unwrap_or(""));
    let (scope, echo) = (call.query("scope").unwrap_or(""), call.query("state").unwrap_or(""));
    let mut state = world.state();
    let Some(app) = state.apps.find(Vendor::Wechat, appid) else {
        return wrong("appid 参数错误 (10013)", "unknown appid");
    };
    if app.kind != "h5" {
        return wrong("scope 参数错误或没有 scope 权限 (10005)", "the app is no service account");
    }
    if !app.allows(target) {
        return wrong("redirect_uri 域名与后台配置不一致，错误码：10003", "the host of redirect_uri is not registered");
    }
    if given != in_order || call.query("response_type") != Some("code") || !state_is_fine(echo) {
        return wrong("该链接无法访问", "parameters are missing, wrong or out of order");
    }
    if !["snsapi_base", "snsapi_userinfo"].contains(&scope) {
        return wrong("scope 参数错误或没有 scope 权限 (10005)", "unknown scope");
    }
    let first = state.people.of(Vendor::Wechat).next().map(|person| person.id.clone());
    let next = state.wechat.next.take();
    let answered = if call.is_post() {
        call.form("user").map(|user| (user.to_owned(), call.form("action") == Some("allow")))
    } else if scope == "snsapi_base" {
        next.or_else(|| first.map(|user| (user, true)))
    } else {
        next
    };
    match answered {
        Some((user, true)) if state.people.find(Vendor::Wechat, &user).is_some() => {
            let code = issue_code(world, &mut state, appid, &user, scope);
            Reply::found(with_params(target, &[("code", &code), ("state", echo)]))
        }
        Some((_, true)) => wrong("该链接无法访问", "no such WeChat user"),
        Some((_, false)) => Reply::found(with_params(target, &[("state", echo)])).refused("the person refused"),
        None => {
            let people: Vec<_> = state.people.of(Vendor::Wechat).cloned().collect();
            Reply::page(&ConsentPage {
                vendor: "微信",
                app: appid,
                asks: "获取你的昵称、头像",
                action: format!("{}?{}", call.path, call.raw_query),
                fields: fields(&[]),
                people: &people,
            })
        }
    }
}
