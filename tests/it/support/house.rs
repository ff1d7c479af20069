//! Who and what is in the house that a [`TestIdp`](super::idp::TestIdp) starts with.

use std::sync::OnceLock;

use menshen::keys::SigningKey;
use menshen::protocol::client_metadata::SigningAlg;
use serde_json::{Value, json};

/// Of everybody.
pub const PASSWORD: &str = "open-the-red-gate-1";
/// Of every client that has one.
pub const SECRET: &str = "a-secret-that-is-long-enough-for-everybody";
pub const ACME_API: &str = "https://api.acme.example";
pub const ACME_PHONE: &str = "+8613800000001";

/// Somebody who signs in, and the page on which they do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Person {
    pub page: &'static str,
    /// What is typed, and what an operator calls them.
    pub name: &'static str,
}

pub const OPS: Person = Person { page: "/login", name: "ops@acme.example" };
pub const ME: Person = Person { page: "/login", name: "me@acme.example" };
pub const DEV: Person = Person { page: "/login/sub", name: "dev@acme.example" };
pub const LAB: Person = Person { page: "/login/sub", name: "lab@acme.example" };
pub const ALICE: Person = Person { page: "/login/iam", name: "alice@acme" };
pub const BOB: Person = Person { page: "/login/iam", name: "bob@acme" };
/// Disabled.
pub const CAROL: Person = Person { page: "/login/iam", name: "carol@acme" };
pub const GLOBEX: Person = Person { page: "/login", name: "root@globex.example" };
pub const OTHER_ALICE: Person = Person { page: "/login/iam", name: "alice@globex" };

/// The key of the client `keyed`.
pub fn client_key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(SigningAlg::Es256).expect("a key"))
}

/// Everything, as `menshen apply` takes it.
pub fn declaration() -> Value {
    json!({
        "account": [acme(), second(), globex()],
        "client": clients(),
        "resource": [{"id": ACME_API, "scopes": ["ecs:read", "ecs:write"], "introspection_client": "billing-api"}],
    })
}

fn acme() -> Value {
    json!({
        "id": "104857600000", "alias": "acme", "name": "Acme 运维", "email": OPS.name, "phone": ACME_PHONE,
        "password": PASSWORD,
        "claims": {"given_name": "Ops", "birthdate": "1990-01-01", "address": {"country": "CN"}},
        "sub_account": [
            {"id": "209715200000", "email": DEV.name, "password": PASSWORD},
            {"id": "209715200001", "email": LAB.name, "password": PASSWORD, "independent_billing": true},
        ],
        "iam_user": [
            {"username": "alice", "name": "Alice", "password": PASSWORD},
            {"username": "bob", "name": "Bob", "password": PASSWORD},
            {"username": "carol", "name": "Carol", "password": PASSWORD, "status": "disabled"},
        ],
    })
}

fn second() -> Value {
    json!({"id": "104857600001", "name": "个人项目", "email": ME.name, "phone": ACME_PHONE, "password": "open-the-blue-gate-2"})
}

fn globex() -> Value {
    json!({
        "id": "104857600002", "alias": "globex", "name": "Globex", "email": GLOBEX.name, "phone": "+8613800000002",
        "password": PASSWORD, "iam_user": [{"username": "alice", "name": "Alice G", "password": PASSWORD}],
    })
}

const EVERYTHING: &str = "openid profile email phone address account offline_access";

fn clients() -> Value {
    let refreshing = json!(["authorization_code", "refresh_token"]);
    let mut jwk = serde_json::to_value(client_key().public()).expect("a JWK");
    jwk["kid"] = json!("one");
    json!([
        {"client_id": "console", "client_secret": SECRET, "client_name": "Console", "first_party": true,
         "redirect_uris": ["https://console.test/cb"], "post_logout_redirect_uris": ["https://console.test/bye"],
         "grant_types": refreshing, "scope": format!("{EVERYTHING} ecs:read"), "resources": [ACME_API]},
        {"client_id": "report-tool", "client_secret": SECRET, "client_name": "Report Tool",
         "redirect_uris": ["https://report.test/cb"], "grant_types": refreshing, "scope": EVERYTHING},
        {"client_id": "spa", "client_name": "Spa", "token_endpoint_auth_method": "none", "first_party": true,
         "redirect_uris": ["https://spa.test/cb"], "allowed_cors_origins": ["https://spa.test"],
         "grant_types": refreshing, "scope": EVERYTHING},
        {"client_id": "native", "client_name": "Native", "token_endpoint_auth_method": "none", "first_party": true,
         "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]/cb"],
         "grant_types": refreshing, "scope": EVERYTHING},
        {"client_id": "legacy", "client_secret": SECRET, "client_name": "Legacy", "require_pkce": false,
         "token_endpoint_auth_method": "client_secret_post", "first_party": true,
         "redirect_uris": ["https://legacy.test/cb"], "scope": EVERYTHING},
        {"client_id": "machine", "client_secret": SECRET, "client_name": "Machine", "owner_account": "acme",
         "grant_types": ["client_credentials"], "scope": "ecs:read", "resources": [ACME_API]},
        {"client_id": "jwt-machine", "client_secret": SECRET, "client_name": "JWT machine", "owner_account": "acme",
         "grant_types": ["client_credentials"], "scope": "ecs:read", "resources": [ACME_API],
         "access_token_format": "jwt"},
        {"client_id": "billing-api", "client_secret": SECRET, "client_name": "Billing API",
         "grant_types": ["client_credentials"], "scope": "ecs:read", "resources": [ACME_API]},
        {"client_id": "keyed", "client_name": "Keyed", "token_endpoint_auth_method": "private_key_jwt",
         "jwks": {"keys": [jwk]}, "first_party": true, "redirect_uris": ["https://keyed.test/cb"],
         "grant_types": refreshing, "scope": EVERYTHING},
    ])
}
