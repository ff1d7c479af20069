//! The page on which a person agrees, and the way back (RFC 6749 §4.1.1).

use std::time::Duration;

use askama::Template;

use super::super::call::{Call, Reply};
use super::super::codes::Granted;
use super::super::consent::{ConsentPage, fields};
use super::super::vendor::Vendor;
use super::super::wechat::with_params;
use super::super::world::{State, World};

const CODE: Duration = Duration::from_secs(60);

/// What the provider says instead of a page.
#[derive(Template)]
#[template(path = "simulator/message.html")]
struct MessagePage<'a> {
    vendor: &'a str,
    title: &'a str,
    text: &'a str,
}

fn wrong(text: &str) -> Reply {
    Reply::page(&MessagePage { vendor: "OpenID", title: "Error", text }).status(400).refused(text)
}

/// The error code for a request that may be answered by a redirect.
fn fault_of(call: &Call) -> Option<(&'static str, &'static str)> {
    if call.query("response_type") != Some("code") {
        return Some(("unsupported_response_type", "response_type is not code"));
    }
    if !call.query("scope").unwrap_or("").split(' ').any(|scope| scope == "openid") {
        return Some(("invalid_scope", "openid is not in scope"));
    }
    match (call.query("code_challenge"), call.query("code_challenge_method")) {
        (Some(challenge), Some("S256")) if challenge.len() == 43 => None,
        (Some(_), _) => Some(("invalid_request", "the code challenge is not S256")),
        (None, _) => Some(("invalid_request", "PKCE is required")),
    }
}

/// `/authorize`; a POST is the answer on the page.
pub(super) fn authorize(world: &World, call: &Call, name: &str) -> Reply {
    let (client_id, target) = (call.query("client_id").unwrap_or(""), call.query("redirect_uri").unwrap_or(""));
    let echo = call.query("state").unwrap_or("");
    let issuer = world.fixture.oidc_issuer(name);
    let mut state = world.state();
    let Some(app) = state.apps.find(Vendor::Oidc, client_id) else { return wrong("unknown client_id") };
    if !app.allows(target) {
        return wrong("the host of redirect_uri is not registered");
    }
    let back = |error: &str, why: &str| {
        let params = [("error", error), ("error_description", why), ("state", echo), ("iss", &issuer)];
        Reply::found(with_params(target, &params)).refused(why)
    };
    if let Some((error, why)) = fault_of(call) {
        return back(error, why);
    }
    let next = state.oidc.grants.next.take();
    let answered = if call.is_post() {
        call.form("user").map(|user| (user.to_owned(), call.form("action") == Some("allow")))
    } else {
        next
    };
    match answered {
        Some((user, true)) if state.people.find(Vendor::Oidc, &user).is_some() => {
            let code = issue_code(world, &mut state, call, &user);
            Reply::found(with_params(target, &[("code", &code), ("state", echo), ("iss", &issuer)]))
        }
        Some((_, true)) => back("server_error", "no such user"),
        Some((_, false)) => back("access_denied", "the person refused"),
        None => {
            let people: Vec<_> = state.people.of(Vendor::Oidc).cloned().collect();
            Reply::page(&ConsentPage {
                vendor: name,
                app: client_id,
                asks: "获取你的姓名、邮箱和手机号",
                action: format!("{}?{}", call.path, call.raw_query),
                fields: fields(&[]),
                people: &people,
            })
        }
    }
}

fn issue_code(world: &World, state: &mut State, call: &Call, user: &str) -> String {
    let code = world.random(43);
    let text = |name: &str| call.query(name).unwrap_or_default().to_owned();
    let granted = Granted {
        challenge: Some(text("code_challenge")),
        nonce: call.query("nonce").map(str::to_owned),
        redirect_uri: text("redirect_uri"),
        ..Granted::new(&text("client_id"), user, &text("scope"), world.now() + CODE)
    };
    state.oidc.grants.give(&code, granted);
    code
}
