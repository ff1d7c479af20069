//! OpenID providers (`/oidc/{name}/…`): small, complete, and able to lie in
//! every way that a relying party must notice.

mod authorize;
mod id_token;
mod token;

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::codes::GrantDesk;
use super::keys::RsaKey;
use super::world::World;

/// Key ids of the key in use and of the one after it.
const KID: &str = "sim-1";
const NEXT_KID: &str = "sim-2";

/// What the providers remember.
#[derive(Default)]
pub struct OidcDesk {
    /// Codes, tokens, and who answers the next page.
    pub grants: GrantDesk,
    /// Whether the next key is in use.
    rotated: bool,
}

/// Answers everything below `/oidc`.
pub fn answer(world: &World, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["oidc", name, ".well-known", "openid-configuration"] => discovery(world, name),
        ["oidc", name, "authorize"] => authorize::authorize(world, call, name),
        ["oidc", name, "token"] if call.is_post() => token::token(world, call, name),
        ["oidc", _, "jwks"] => jwks(world),
        ["oidc", _, "userinfo"] => token::userinfo(world, call),
        _ => Reply::missing("page at the OpenID provider"),
    }
}

fn discovery(world: &World, name: &str) -> Reply {
    let issuer = world.fixture.oidc_issuer(name);
    Reply::json_as(
        "application/json",
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email", "phone"],
            "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified", "phone_number", "phone_number_verified"],
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

fn jwk(kid: &str, key: &RsaKey) -> Value {
    let (n, e) = key.jwk_members();
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e})
}

fn jwks(world: &World) -> Reply {
    let keys = &world.fixture.keys;
    let mut set = vec![jwk(KID, keys.oidc())];
    if world.state().oidc.rotated {
        set.push(jwk(NEXT_KID, keys.oidc_next()));
    }
    Reply::json_as("application/json", json!({"keys": set}))
}

fn refuse(status: u16, error: &str, why: &str) -> Reply {
    Reply::json_as("application/json", json!({"error": error, "error_description": why})).status(status).refused(why)
}

/// The answer when a fault asks for an error of the token endpoint.
pub fn error(code: &str, message: Option<&str>) -> Reply {
    refuse(if code == "invalid_client" { 401 } else { 400 }, code, message.unwrap_or("asked for by a fault"))
}
