//! WeChat's API for servers: tokens and who somebody is. Status 200 whatever
//! happens, JSON as `text/plain`, errors as `errcode`.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::call::{Call, Reply};
use super::super::people::Person;
use super::super::vendor::Vendor;
use super::super::world::{State, World};
use super::{OauthCode, OauthToken};
use crate::base::Timestamp;

const CODE_WEB: Duration = Duration::from_secs(10 * 60);
const CODE_H5: Duration = Duration::from_secs(5 * 60);
const ACCESS_SECONDS: u64 = 7_200;
const REFRESH_WEB: Duration = Duration::from_secs(30 * 86_400);
const REFRESH_MOBILE: Duration = Duration::from_secs(180 * 86_400);
/// Whom the API tells about people.
const USERINFO_SCOPES: &[&str] = &["snsapi_login", "snsapi_userinfo"];

fn say(value: Value) -> Reply {
    Reply::json_as("text/plain", value)
}

/// An error of WeChat's, with a number of the request behind it.
pub(super) fn refuse(world: &World, errcode: i64, errmsg: &str, why: &str) -> Reply {
    let hex = |length| world.random(length).to_lowercase();
    let rid = format!("{}-{}-{}", hex(8), hex(8), hex(8));
    say(json!({"errcode": errcode, "errmsg": format!("{errmsg}, rid: {rid}")})).refused(why)
}

/// Gives out a code; the state is locked by whoever calls.
pub fn issue_code(world: &World, state: &mut State, appid: &str, user: &str, scope: &str) -> String {
    let code = world.random(32);
    let h5 = state.apps.find(Vendor::Wechat, appid).is_some_and(|app| app.kind == "h5");
    let expires_at = world.now() + if h5 { CODE_H5 } else { CODE_WEB };
    let issued = OauthCode { appid: appid.into(), user: user.into(), scope: scope.into(), expires_at, spent: false };
    state.wechat.codes.insert(code.clone(), issued);
    code
}

/// `/sns/oauth2/access_token`
pub(super) fn access_token(world: &World, call: &Call) -> Reply {
    let no = |errcode, errmsg, why| refuse(world, errcode, errmsg, why);
    let Some(appid) = call.query("appid") else { return no(41002, "appid missing", "no appid") };
    let Some(secret) = call.query("secret") else { return no(41004, "appsecret missing", "no secret") };
    let Some(code) = call.query("code") else { return no(41008, "missing code", "no code") };
    if call.query("grant_type") != Some("authorization_code") {
        return no(40002, "invalid grant_type", "grant_type is not authorization_code");
    }
    let now = world.now();
    let mut state = world.state();
    let Some(app) = state.apps.find(Vendor::Wechat, appid).cloned() else {
        return no(40013, "invalid appid", "unknown appid");
    };
    if app.secret != secret {
        return no(40125, "invalid appsecret", "wrong secret");
    }
    let Some(found) = state.wechat.codes.get_mut(code).filter(|found| found.appid == appid) else {
        return no(40029, "invalid code", "unknown code, or of another app");
    };
    if std::mem::replace(&mut found.spent, true) {
        return no(40163, "code been used", "the code was used before");
    }
    if now >= found.expires_at || call.fault("expired").is_some() {
        return no(42003, "oauth_code expired", "the code has expired");
    }
    let found = found.clone();
    let Some(person) = state.people.find(Vendor::Wechat, &found.user).cloned() else {
        return no(40029, "invalid code", "the person is gone");
    };
    let (access, refresh) = (world.random(64), world.random(64));
    let token = OauthToken {
        appid: appid.into(),
        user: found.user,
        scope: found.scope,
        expires_at: now + Duration::from_secs(ACCESS_SECONDS),
    };
    let answer = token_answer(&person, &token, &access, &refresh);
    remember(&mut state, token, (access, refresh), now, &app.kind);
    say(answer)
}

fn token_answer(person: &Person, token: &OauthToken, access: &str, refresh: &str) -> Value {
    let mut answer = json!({
        "access_token": access, "expires_in": ACCESS_SECONDS, "refresh_token": refresh,
        "openid": person.openid(&token.appid), "scope": token.scope,
    });
    if let (Some(unionid), Some(members)) = (&person.unionid, answer.as_object_mut()) {
        members.insert("unionid".into(), unionid.clone().into());
    }
    answer
}

fn remember(state: &mut State, token: OauthToken, (access, refresh): (String, String), now: Timestamp, kind: &str) {
    let lifetime = if kind == "mobile" { REFRESH_MOBILE } else { REFRESH_WEB };
    let lasting = OauthToken { expires_at: now + lifetime, ..token.clone() };
    state.wechat.refresh_tokens.insert(refresh, (lasting, access.clone()));
    state.wechat.tokens.insert(access, token);
}

/// `/sns/oauth2/refresh_token`: a live token lives longer, a dead one is replaced.
pub(super) fn refresh_token(world: &World, call: &Call) -> Reply {
    let no = |errcode, errmsg, why| refuse(world, errcode, errmsg, why);
    let (appid, presented) = (call.query("appid").unwrap_or(""), call.query("refresh_token").unwrap_or(""));
    if call.query("grant_type") != Some("refresh_token") {
        return no(40002, "invalid grant_type", "grant_type is not refresh_token");
    }
    let now = world.now();
    let mut state = world.state();
    let Some((lasting, access)) = state.wechat.refresh_tokens.get(presented).cloned() else {
        return no(40030, "invalid refresh_token", "unknown refresh token");
    };
    if lasting.appid != appid {
        return no(40030, "invalid refresh_token", "the refresh token is of another app");
    }
    if now >= lasting.expires_at {
        return no(42002, "refresh_token expired", "the refresh token has expired");
    }
    let Some(person) = state.people.find(Vendor::Wechat, &lasting.user).cloned() else {
        return no(40030, "invalid refresh_token", "the person is gone");
    };
    let lives = state.wechat.tokens.get(&access).is_some_and(|token| now < token.expires_at);
    let access = if lives { access } else { world.random(64) };
    let token = OauthToken { expires_at: now + Duration::from_secs(ACCESS_SECONDS), ..lasting.clone() };
    let mut answer = token_answer(&person, &token, &access, presented);
    answer.as_object_mut().map(|members| members.remove("unionid"));
    state.wechat.refresh_tokens.insert(presented.to_owned(), (lasting, access.clone()));
    state.wechat.tokens.insert(access, token);
    say(answer)
}

/// The token of a call and whose it is.
fn presented(world: &World, call: &Call) -> Result<(OauthToken, Person), Reply> {
    let no = |errcode, errmsg, why| Err(refuse(world, errcode, errmsg, why));
    let Some(access) = call.query("access_token").filter(|token| !token.is_empty()) else {
        return no(41001, "access_token missing", "no access token");
    };
    let Some(openid) = call.query("openid").filter(|openid| !openid.is_empty()) else {
        return no(41009, "missing openid", "no openid");
    };
    let state = world.state();
    let Some(token) = state.wechat.tokens.get(access) else {
        return no(40001, "invalid credential, access_token is invalid or not latest", "unknown access token");
    };
    if world.now() >= token.expires_at {
        return no(42001, "access_token expired", "the access token has expired");
    }
    match state.people.find(Vendor::Wechat, &token.user) {
        Some(person) if person.openid(&token.appid) == openid => Ok((token.clone(), person.clone())),
        Some(_) | None => no(40003, "invalid openid", "the openid is not of this token"),
    }
}

/// `/sns/auth`
pub(super) fn check(world: &World, call: &Call) -> Reply {
    match presented(world, call) {
        Ok(_) => say(json!({"errcode": 0, "errmsg": "ok"})),
        Err(refusal) => refusal,
    }
}

/// `/sns/userinfo`
pub(super) fn userinfo(world: &World, call: &Call) -> Reply {
    let (token, person) = match presented(world, call) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    if !token.scope.split(',').any(|scope| USERINFO_SCOPES.contains(&scope)) {
        return refuse(world, 48001, "api unauthorized", "the scope does not tell who somebody is");
    }
    let mut answer = json!({
        "openid": person.openid(&token.appid), "nickname": person.nickname, "sex": 0, "language": "",
        "city": "", "province": "", "country": "", "headimgurl": person.avatar, "privilege": [],
    });
    if let (Some(unionid), Some(members)) = (person.unionid, answer.as_object_mut()) {
        members.insert("unionid".into(), unionid.into());
    }
    say(answer)
}
