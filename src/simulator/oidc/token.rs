//! The token endpoint and userinfo.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::apps::App;
use super::super::call::{Call, Reply};
use super::super::codes::Granted;
use super::super::sign::sha256;
use super::super::vendor::Vendor;
use super::super::world::World;
use super::{id_token, refuse};

const ACCESS: Duration = Duration::from_secs(600);

/// Client id and secret, from the header or from the form, not from both.
fn client(world: &World, call: &Call) -> Option<App> {
    let basic = call.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let (id, secret) = match (basic, call.form("client_secret")) {
        (Some(encoded), None) => {
            let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
            let (id, secret) = text.split_once(':')?;
            (form_decoded(id)?, form_decoded(secret)?)
        }
        (None, Some(secret)) => (call.form("client_id")?.to_owned(), secret.to_owned()),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    world.state().apps.find(Vendor::Oidc, &id).filter(|app| app.secret == secret).cloned()
}

/// RFC 6749 §2.3.1: both parts are form-encoded.
fn form_decoded(text: &str) -> Option<String> {
    form_urlencoded::parse(text.as_bytes()).next().map(|(decoded, _)| decoded.into_owned())
}

/// `POST /token`
pub(super) fn token(world: &World, call: &Call, name: &str) -> Reply {
    let Some(app) = client(world, call) else {
        return refuse(401, "invalid_client", "unknown client or wrong secret").header("www-authenticate", "Basic");
    };
    if call.form("grant_type") != Some("authorization_code") {
        return refuse(400, "unsupported_grant_type", "grant_type is not authorization_code");
    }
    let now = world.now();
    let spent = world.state().oidc.grants.spend(call.form("code").unwrap_or(""), &app.app_id, now);
    let granted = match spent {
        Ok(granted) => granted,
        Err(why) => return refuse(400, "invalid_grant", why.why()),
    };
    if call.form("redirect_uri") != Some(granted.redirect_uri.as_str()) {
        return refuse(400, "invalid_grant", "redirect_uri is not that of the authorization");
    }
    let verifier = call.form("code_verifier").unwrap_or("");
    if granted.challenge.as_deref() != Some(URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())).as_str()) {
        return refuse(400, "invalid_grant", "the code verifier does not meet the challenge");
    }
    let Some(person) = world.state().people.find(Vendor::Oidc, &granted.user).cloned() else {
        return refuse(400, "invalid_grant", "the person is gone");
    };
    let access = world.random(43);
    let id_token = id_token::make(world, call, &world.fixture.oidc_issuer(name), &granted, &person);
    let scope = granted.scope.clone();
    world.state().oidc.grants.give_token(&access, Granted { expires_at: now + ACCESS, ..granted });
    let answer = json!({"access_token": access, "token_type": "Bearer", "expires_in": ACCESS.as_secs(), "id_token": id_token, "scope": scope});
    Reply::json_as("application/json", answer).header("cache-control", "no-store")
}

/// `GET /userinfo`
pub(super) fn userinfo(world: &World, call: &Call) -> Reply {
    let token = call.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or("");
    let state = world.state();
    let found = state.oidc.grants.token(token, world.now());
    let found = found.and_then(|granted| Some((granted, state.people.find(Vendor::Oidc, &granted.user)?)));
    let Some((granted, person)) = found else {
        return refuse(401, "invalid_token", "unknown or old access token")
            .header("www-authenticate", "Bearer error=\"invalid_token\"");
    };
    let mut answer = id_token::claims(person, &granted.scope);
    let sub = if call.fault("bad_sub").is_some() { "somebody-else" } else { &person.id };
    answer.insert("sub".to_owned(), sub.into());
    Reply::json_as("application/json", Value::Object(answer))
}
