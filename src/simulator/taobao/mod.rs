//! Taobao: consent, the token that tells who somebody is, the TOP gateway, and
//! the Baichuan SDK (`/taobao`, `/baichuan`).

mod top;

use std::time::Duration;

use askama::Template;
use serde_json::{Value, json};

use super::apps::App;
use super::call::{Call, Reply};
use super::codes::{Granted, NoGrant};
use super::consent::{ConsentPage, fields};
use super::control::field;
use super::sign::encode;
use super::vendor::Vendor;
use super::wechat::with_params;
use super::world::{State, World};

pub use top::error;

const CODE: Duration = Duration::from_secs(30 * 60);
const ACCESS_SECONDS: u64 = 86_400;

/// What Taobao says instead of a page.
#[derive(Template)]
#[template(path = "simulator/message.html")]
struct MessagePage<'a> {
    vendor: &'a str,
    title: &'a str,
    text: &'a str,
}

/// Gives out a code; the state is locked by whoever calls.
pub fn issue_code(world: &World, state: &mut State, client_id: &str, user: &str, redirect_uri: &str) -> String {
    let code = world.random(32);
    let granted = Granted::new(client_id, user, "", world.now() + CODE);
    state.taobao.give(&code, Granted { redirect_uri: redirect_uri.to_owned(), ..granted });
    code
}

/// Answers everything below `/taobao` and `/baichuan`.
pub fn answer(world: &World, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["taobao", "authorize"] => authorize(world, call),
        ["taobao", "token"] if call.is_post() => token(world, call),
        ["taobao", "router", "rest"] => top::answer(world, call),
        ["baichuan", "login"] if call.is_post() => baichuan(world, call),
        _ => Reply::missing("page at Taobao"),
    }
}

fn wrong(text: &str, why: &str) -> Reply {
    Reply::page(&MessagePage { vendor: "淘宝", title: "出错了", text }).refused(why)
}

fn authorize(world: &World, call: &Call) -> Reply {
    let (client_id, target) = (call.query("client_id").unwrap_or(""), call.query("redirect_uri").unwrap_or(""));
    let echo = call.query("state").unwrap_or("");
    let mut state = world.state();
    let Some(app) = state.apps.find(Vendor::Taobao, client_id) else {
        return wrong("client_id is invalidate", "unknown client_id");
    };
    if !app.allows(target) {
        return wrong("redirect_uri is invalidate", "the host of redirect_uri is not registered");
    }
    if call.query("response_type") != Some("code") {
        return wrong("response_type is invalidate", "response_type is not code");
    }
    if call.query("view").is_some_and(|view| !["web", "tmall", "wap"].contains(&view)) {
        return wrong("view is invalidate", "unknown view");
    }
    let next = state.taobao.next.take();
    let answered = if call.is_post() {
        call.form("user").map(|user| (user.to_owned(), call.form("action") == Some("allow")))
    } else {
        next
    };
    match answered {
        Some((user, true)) if state.people.find(Vendor::Taobao, &user).is_some() => {
            let code = issue_code(world, &mut state, client_id, &user, target);
            Reply::found(with_params(target, &[("code", &code), ("state", echo)]))
        }
        Some((_, true)) => wrong("登录失败", "no such Taobao user"),
        Some((_, false)) => {
            let back = [("error", "access_denied"), ("error_description", "authorize reject"), ("state", echo)];
            Reply::found(with_params(target, &back)).refused("the person refused")
        }
        None => {
            let people: Vec<_> = state.people.of(Vendor::Taobao).cloned().collect();
            Reply::page(&ConsentPage {
                vendor: "淘宝",
                app: client_id,
                asks: "获取你的淘宝账号标识和昵称",
                action: format!("{}?{}", call.path, call.raw_query),
                fields: fields(&[]),
                people: &people,
            })
        }
    }
}

fn refuse(status: u16, error: &str, description: &str, why: &str) -> Reply {
    Reply::json(json!({"error": error, "error_description": description})).status(status).refused(why)
}

fn token(world: &World, call: &Call) -> Reply {
    let (client_id, code) = (call.param("client_id").unwrap_or(""), call.param("code").unwrap_or(""));
    let app = world.state().apps.find(Vendor::Taobao, client_id).cloned();
    let Some(app) = app.filter(|app| call.param("client_secret") == Some(app.secret.as_str())) else {
        return refuse(401, "invalid_client", "client_secret is invalidate", "unknown client or wrong secret");
    };
    if call.param("grant_type") != Some("authorization_code") {
        return refuse(
            400,
            "unsupported_grant_type",
            "grant_type is invalidate",
            "grant_type is not authorization_code",
        );
    }
    match exchange(world, call, &app, code) {
        Ok(answer) => Reply::json(answer),
        Err((why, _)) if why.contains("redirect_uri") => {
            refuse(400, "invalid_grant", "redirect_uri is invalidate", why)
        }
        Err((why, _)) => refuse(400, "invalid_grant", "authorize code expire", why),
    }
}

/// A code for a token; the error is for the journal.
fn exchange(world: &World, call: &Call, app: &App, code: &str) -> Result<Value, (&'static str, NoGrant)> {
    let now = world.now();
    let mut state = world.state();
    let granted = state.taobao.spend(code, &app.app_id, now).map_err(|why| (why.why(), why))?;
    if call.fault("expired").is_some() {
        return Err((NoGrant::Expired.why(), NoGrant::Expired));
    }
    // The TOP gateway is not told where the code went.
    if call.param("redirect_uri").is_some_and(|uri| !granted.redirect_uri.is_empty() && uri != granted.redirect_uri) {
        return Err(("redirect_uri is not that of the authorization", NoGrant::Unknown));
    }
    let person = state.people.find(Vendor::Taobao, &granted.user).cloned();
    let person = person.ok_or(("the person is gone", NoGrant::Unknown))?;
    let access = world.random(56);
    let until = now + Duration::from_secs(ACCESS_SECONDS);
    state.taobao.give_token(&access, Granted { expires_at: until, ..granted });
    drop(state);
    let hidden = app.id_mode == "hidden";
    let user_id = if hidden { "-1".to_owned() } else { person.user_id.unwrap_or_default() };
    let nick = if hidden { "~Sim0EncryptedNick~".to_owned() } else { encode(&person.nickname) };
    let ms = until.seconds().saturating_mul(1_000);
    Ok(json!({
        "access_token": access, "token_type": "Bearer", "expires_in": ACCESS_SECONDS, "refresh_token": world.random(56),
        "re_expires_in": 0, "r1_expires_in": ACCESS_SECONDS, "r2_expires_in": ACCESS_SECONDS, "w1_expires_in": ACCESS_SECONDS,
        "w2_expires_in": 1_800, "expire_time": ms, "refresh_token_valid_time": ms, "r1_valid": ms, "r2_valid": ms,
        "w1_valid": ms.to_string(), "w2_valid": ms, "taobao_user_id": user_id, "taobao_user_nick": nick,
        "taobao_open_uid": person.open_id.unwrap_or_default(),
    }))
}

/// The SDK of a native app: opens Taobao and brings codes back.
fn baichuan(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let user = field(&body, "user").or_else(|| call.form("user").map(str::to_owned)).unwrap_or_default();
    let client_id = field(&body, "client_id").or_else(|| call.form("client_id").map(str::to_owned));
    let mut state = world.state();
    let Some(person) = state.people.find(Vendor::Taobao, &user).cloned() else {
        return refuse(400, "login_failed", "no such user", "no such Taobao user");
    };
    let first = state.apps.of(Vendor::Taobao).next().map(|app| app.app_id.clone());
    let client_id = client_id.or(first).unwrap_or_default();
    let code = issue_code(world, &mut state, &client_id, &user, "");
    let access = world.random(56);
    let until = world.now() + Duration::from_secs(ACCESS_SECONDS);
    state.taobao.give_token(&access, Granted::new(&client_id, &user, "", until));
    Reply::json(json!({"nick": person.nickname, "avatarUrl": person.avatar, "openId": person.open_id,
        "openSid": world.random(32), "topAccessToken": access, "topAuthCode": code}))
}
