//! The ID token, honest or in one of the ways in which it may lie.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::codes::Granted;
use super::super::people::Person;
use super::super::world::World;
use super::{KID, NEXT_KID};

const SECONDS: i64 = 600;

/// The claims that a scope asks for.
pub(super) fn claims(person: &Person, scope: &str) -> Map<String, Value> {
    let asked = |scope_name: &str| scope.split(' ').any(|is| is == scope_name);
    let of = |name: &str| match name {
        "email" | "email_verified" => asked("email"),
        "phone_number" | "phone_number_verified" => asked("phone"),
        _ => asked("profile"),
    };
    person.claims.iter().filter(|(name, _)| of(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Makes the token for one exchange.
pub(super) fn make(world: &World, call: &Call, issuer: &str, granted: &Granted, person: &Person) -> String {
    let now = world.now().seconds();
    let lies = |mode: &str| call.fault(mode).is_some();
    let begun = if lies("expired") { now.saturating_sub(2 * SECONDS) } else { now };
    let mut payload = claims(person, &granted.scope);
    let mut put = |name: &str, value: Value| payload.insert(name.to_owned(), value);
    put("iss", if lies("bad_iss") { "https://somebody-else.example".into() } else { issuer.into() });
    put("sub", person.id.clone().into());
    put("aud", if lies("bad_aud") { "somebody-else".into() } else { granted.app.clone().into() });
    put("iat", begun.into());
    put("auth_time", begun.into());
    put("exp", begun.saturating_add(SECONDS).into());
    if lies("bad_nonce") {
        put("nonce", "somebody-elses-nonce".into());
    } else if let Some(nonce) = &granted.nonce {
        put("nonce", nonce.clone().into());
    }
    if lies("rotated_kid") {
        world.state().oidc.rotated = true;
    }
    let rotated = world.state().oidc.rotated;
    let keys = &world.fixture.keys;
    let (kid, key) = match (lies("bad_signature"), rotated) {
        (true, _) => (KID, keys.stranger()),
        (false, true) => (NEXT_KID, keys.oidc_next()),
        (false, false) => (KID, keys.oidc()),
    };
    let unsigned = lies("alg_none");
    let header = if unsigned { json!({"alg": "none"}) } else { json!({"alg": "RS256", "kid": kid, "typ": "JWT"}) };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(&header), encode(&Value::Object(payload)));
    let signature = if unsigned { String::new() } else { URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes())) };
    format!("{text}.{signature}")
}
