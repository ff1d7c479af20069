//! Number authentication: a carrier's token for the number behind it.

use serde_json::json;

use super::super::call::Reply;
use super::super::carrier::{Kind, Worthless};
use super::super::people::national;
use super::super::world::World;
use super::gate::Request;
use super::{refuse, say};

const NAME: &str = "aliyun";

fn worthless(world: &World, why: Worthless) -> Reply {
    let (code, message) = match why {
        Worthless::Unknown | Worthless::Spent | Worthless::Expired => ("isv.TOKEN_INVALID", "令牌无效"),
        Worthless::OtherKind => ("isv.TOKEN_UNAUTHORIZED_USED", "令牌未授权使用"),
    };
    refuse(world, code, message, why.why())
}

fn spend(world: &World, token: Option<&str>, kind: Kind) -> Result<String, Reply> {
    let token = token.ok_or_else(|| refuse(world, "isv.INVALID_PARAMETERS", "参数异常", "no token"))?;
    let spent = world.state().carrier.spend(token, NAME, kind, world.now());
    let spent = spent.map_err(|why| worthless(world, why))?;
    national(&spent.phone)
        .ok_or_else(|| refuse(world, "isv.MOBILE_NUMBER_ILLEGAL", "手机号不合法", "no mainland number"))
}

/// `GetMobile`
pub(super) fn get_mobile(world: &World, request: &Request) -> Reply {
    match spend(world, request.param("AccessToken"), Kind::Login) {
        Ok(mobile) => say(world, "OK", "请求成功", json!({"GetMobileResultDTO": {"Mobile": mobile}})),
        Err(refusal) => refusal,
    }
}

/// `GetPhoneWithToken`, for pages on a phone.
pub(super) fn get_phone(world: &World, request: &Request) -> Reply {
    match spend(world, request.param("SpToken"), Kind::Login) {
        Ok(mobile) => say(world, "OK", "请求成功", json!({"Data": {"Mobile": mobile}})),
        Err(refusal) => refusal,
    }
}

/// `VerifyMobile`: is this number the one behind the token?
pub(super) fn verify(world: &World, request: &Request) -> Reply {
    let Some(number) = request.param("PhoneNumber").and_then(national) else {
        return refuse(world, "isv.MOBILE_NUMBER_ILLEGAL", "手机号不合法", "no mainland number");
    };
    match spend(world, request.param("AccessCode"), Kind::Verify) {
        Ok(mobile) => verdict(world, if mobile == number { "PASS" } else { "REJECT" }),
        Err(refusal) => refusal,
    }
}

/// What `VerifyMobile` finds.
pub(super) fn verdict(world: &World, result: &str) -> Reply {
    say(world, "OK", "请求成功", json!({"GateVerifyResultDTO": {"VerifyResult": result, "VerifyId": world.random(12)}}))
}
