//! The methods that a login needs: a code for a token, a token for a person.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::super::apps::App;
use super::super::call::{Call, Reply};
use super::super::certificates::Certificates;
use super::super::codes::{Granted, NoGrant};
use super::super::people::Person;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::gateway::Refusal;

const TOKEN_KEY: &str = "alipay_system_oauth_token_response";
const USER_KEY: &str = "alipay_user_info_share_response";
const CERTIFICATE_KEY: &str = "alipay_open_app_alipaycert_download_response";
const ACCESS_SECONDS: u64 = 1_296_000;
const REFRESH_SECONDS: u64 = 2_592_000;

/// How the app knows people: the older ones by `user_id`, the newer by `open_id`.
fn identity(app: &App, person: &Person) -> Map<String, Value> {
    let mut members = Map::new();
    let named = if app.id_mode == "open_id" { ("open_id", &person.open_id) } else { ("user_id", &person.user_id) };
    if let (name, Some(value)) = named {
        members.insert(name.to_owned(), value.clone().into());
    }
    members
}

/// `alipay.system.oauth.token`
pub(super) fn token(world: &World, call: &Call, app: &App) -> Reply {
    match granted(world, call, app) {
        Ok(granted) => tokens(world, app, &granted),
        Err(refusal) => refusal.answer(),
    }
}

fn granted(world: &World, call: &Call, app: &App) -> Result<Granted, Refusal> {
    let now = world.now();
    let param = |name: &str| {
        let missing = || Refusal::new("40001", &format!("isv.missing-{name}"), "缺少参数", &format!("no {name}"));
        call.param(name).ok_or_else(missing)
    };
    match call.param("grant_type") {
        Some("authorization_code") => {
            let code = param("code")?;
            let spent = world.state().alipay.spend(code, &app.app_id, now);
            let spent = spent.and_then(|granted| call.fault("expired").map_or(Ok(granted), |_| Err(NoGrant::Expired)));
            spent.map_err(|why| Refusal::new("40002", "isv.code-invalid", "授权码code无效", why.why()))
        }
        Some("refresh_token") => {
            let token = param("refresh_token")?;
            let found = world.state().alipay.take_refresh_token(token, &app.app_id, now);
            let why = "unknown or old refresh token";
            found.ok_or_else(|| Refusal::new("40002", "isv.refresh-token-invalid", "刷新令牌refresh_token无效", why))
        }
        Some(_) | None => {
            Err(Refusal::new("40002", "isv.grant-type-invalid", "grant_type参数不正确", "unknown grant_type"))
        }
    }
}

fn tokens(world: &World, app: &App, granted: &Granted) -> Reply {
    let now = world.now();
    let (access, refresh) = (format!("authusrB{}", world.random(32)), format!("authusrB{}", world.random(32)));
    let mut state = world.state();
    let Some(person) = state.people.find(Vendor::Alipay, &granted.user).cloned() else {
        return Refusal::new("40002", "isv.code-invalid", "授权码code无效", "the person is gone").answer();
    };
    let until = |seconds| Granted { expires_at: now + Duration::from_secs(seconds), ..granted.clone() };
    state.alipay.give_token(&access, until(ACCESS_SECONDS));
    state.alipay.give_refresh_token(&refresh, until(REFRESH_SECONDS));
    drop(state);
    let mut members = identity(app, &person);
    // Documented as text, sent as numbers.
    let answer = json!({
        "access_token": access, "expires_in": ACCESS_SECONDS, "refresh_token": refresh,
        "re_expires_in": REFRESH_SECONDS, "auth_start": "2025-01-02 03:04:05",
    });
    members.extend(answer.as_object().cloned().unwrap_or_default());
    Reply::signed(TOKEN_KEY.to_owned(), Value::Object(members))
}

/// `alipay.user.info.share`
pub(super) fn userinfo(world: &World, call: &Call, app: &App) -> Reply {
    let refuse = |code, sub_code, sub_msg, why| Refusal::new(code, sub_code, sub_msg, why).signed(USER_KEY);
    let Some(token) = call.param("auth_token") else {
        return refuse("40001", "isv.missing-auth-token", "缺少auth_token", "no auth_token");
    };
    let state = world.state();
    let granted = state.alipay.token(token, world.now()).filter(|granted| granted.app == app.app_id);
    let Some(granted) = granted else {
        return refuse("20001", "aop.invalid-auth-token", "无效的访问令牌", "unknown or old access token");
    };
    if !granted.scope.split(',').any(|scope| scope == "auth_user" || scope == "kuaijie") {
        return refuse(
            "40006",
            "isv.insufficient-isv-permissions",
            "ISV权限不足",
            "the scope does not tell who somebody is",
        );
    }
    let Some(person) = state.people.find(Vendor::Alipay, &granted.user) else {
        return refuse("20001", "aop.invalid-auth-token", "无效的访问令牌", "the person is gone");
    };
    let mut members = identity(app, person);
    let avatar =
        if person.avatar.is_empty() { "https://tfs.alipayobjects.com/images/partner/sim" } else { &person.avatar };
    let answer =
        json!({"code": "10000", "msg": "Success", "nick_name": person.nickname, "avatar": avatar, "gender": "m"});
    members.extend(answer.as_object().cloned().unwrap_or_default());
    Reply::signed(USER_KEY.to_owned(), Value::Object(members))
}

/// `alipay.open.app.alipaycert.download`
pub(super) fn certificate(world: &World, call: &Call) -> Reply {
    let asked: Value = call.param("biz_content").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if asked.get("alipay_cert_sn").and_then(Value::as_str) != Some(Certificates::alipay_sn().as_str()) {
        return Refusal::new("40002", "isv.invalid-alipay-cert-sn", "证书SN无效", "unknown alipay_cert_sn")
            .signed(CERTIFICATE_KEY);
    }
    let content = STANDARD.encode(&world.fixture.certificates().alipay);
    Reply::signed(
        CERTIFICATE_KEY.to_owned(),
        json!({"code": "10000", "msg": "Success", "alipay_cert_content": content}),
    )
}
