//! The page on which a person agrees, and the way back.

use askama::Template;

use super::super::call::{Call, Reply};
use super::super::consent::{ConsentPage, fields};
use super::super::vendor::Vendor;
use super::super::wechat::with_params;
use super::super::world::World;
use super::issue_code;

const SCOPES: &[&str] = &["auth_user", "auth_base", "auth_ecard", "auth_invoice_info", "auth_puc_charge"];
const MAX_STATE: usize = 100;

/// What Alipay says instead of a page.
#[derive(Template)]
#[template(path = "simulator/message.html")]
struct MessagePage<'a> {
    vendor: &'a str,
    title: &'a str,
    text: &'a str,
}

fn wrong(text: &str, why: &str) -> Reply {
    Reply::page(&MessagePage { vendor: "支付宝", title: "出错了", text }).refused(why)
}

/// `/oauth2/publicAppAuthorize.htm`; a POST is the answer on the page.
pub(super) fn authorize(world: &World, call: &Call) -> Reply {
    let (app_id, target) = (call.query("app_id").unwrap_or(""), call.query("redirect_uri").unwrap_or(""));
    let (scope, echo) = (call.query("scope").unwrap_or(""), call.query("state").unwrap_or(""));
    let mut state = world.state();
    let Some(app) = state.apps.find(Vendor::Alipay, app_id) else {
        return wrong("应用不存在 invalid-app-id", "unknown app_id");
    };
    if !app.allows(target) {
        return wrong("redirect_uri 参数错误", "the host of redirect_uri is not registered");
    }
    if scope.is_empty() || !scope.split(',').all(|part| SCOPES.contains(&part)) {
        return wrong("scope 参数错误", "unknown scope");
    }
    // The base64 alphabet alone.
    if echo.len() > MAX_STATE || !echo.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
        return wrong("state 参数错误", "state is too long or has other characters than base64");
    }
    let next = state.alipay.next.take();
    let answered = if call.is_post() {
        call.form("user").map(|user| (user.to_owned(), call.form("action") == Some("allow")))
    } else {
        next
    };
    let back = [("app_id", app_id), ("source", "alipay_wallet"), ("scope", scope), ("state", echo)];
    match answered {
        Some((user, true)) if state.people.find(Vendor::Alipay, &user).is_some() => {
            let code = issue_code(world, &mut state, app_id, &user, scope);
            let back: Vec<_> = back.into_iter().chain([("auth_code", code.as_str())]).collect();
            Reply::found(with_params(target, &back))
        }
        Some((_, true)) => wrong("登录失败", "no such Alipay user"),
        Some((_, false)) => Reply::found(with_params(target, &back)).refused("the person refused"),
        None => {
            let people: Vec<_> = state.people.of(Vendor::Alipay).cloned().collect();
            Reply::page(&ConsentPage {
                vendor: "支付宝",
                app: app_id,
                asks: "获取你的用户标识、昵称和头像",
                action: format!("{}?{}", call.path, call.raw_query),
                fields: fields(&[]),
                people: &people,
            })
        }
    }
}
