//! A wrong file changes nothing, and says in one line which key is wrong and why.

use rstest::rstest;

use super::support::{ACME, House};
use crate::support::database::Backend;

/// What is replaced in the good file, by what, and what is said about it.
const MUTATIONS: &[(&str, &str, &str)] = &[
    ("alias = \"acme\"", "allias = \"acme\"", "account[0].allias: unknown key"),
    ("[[resource]]", "[[resources]]", "resources: unknown key"),
    (
        "alias = \"acme\"",
        "alias = \"acme\"\nlogin_methods = [\"sms\", \"qq\"]",
        "account[0].login_methods[1]: is no login method",
    ),
    (
        "alias = \"acme\"",
        "alias = \"acme\"\nlogin_methods = [\"iam_user\"]",
        "account[0].login_methods: leaves the main account itself no way to sign in",
    ),
    (
        "alias = \"acme\"",
        "alias = \"acme\"\nreauth_idle_minutes = 4",
        "account[0].reauth_idle_minutes: expected 0 or a number from 5 to 43200",
    ),
    (
        "alias = \"acme\"",
        "alias = \"acme\"\nreauth_idle_minutes = 43201",
        "account[0].reauth_idle_minutes: expected 0 or a number from 5 to 43200",
    ),
    (
        "alias = \"acme\"",
        "alias = \"acme\"\nreauth_idle_minutes = \"5\"",
        "account[0].reauth_idle_minutes: expected 0 or a number from 5 to 43200",
    ),
    ("alias = \"acme\"", "alias = \"acme\"\nreauth_root = \"on\"", "account[0].reauth_root: expected true or false"),
    (
        "alias = \"acme\"",
        "alias = \"acme\"\nreauth_on_change = 1",
        "account[0].reauth_on_change: expected true or false",
    ),
    (
        "email = \"dev@acme.example\"",
        "email = \"dev@acme.example\"\nreauth_root = true",
        "account[0].sub_account[0].reauth_root: unknown key",
    ),
    ("id = \"104857600000\"", "id = \"1\"", "account[0].id: expected twelve digits, the first not 0"),
    (
        "alias = \"acme\"",
        "alias = \"Acme\"",
        "account[0].alias: expected 3 to 64 lower-case letters, digits and inner hyphens, not digits alone",
    ),
    ("\"ops@acme.example\"", "\"ops\"", "account[0].email: is not an e-mail address"),
    ("\"+8613800000001\"", "\"12\"", "account[0].phone: is not a phone number"),
    ("\"+8613800000001\"", "13800000001", "account[0].phone: expected a text"),
    (
        "name = \"Acme 运维\"",
        "name = \"Acme\\u202E\"",
        "account[0].name: holds a control, zero-width or direction character",
    ),
    ("given_name = \"小门\"", "shoe_size = 43", "account[0].claims.shoe_size: unknown key"),
    (
        "birthdate = \"1990-01-01\"",
        "birthdate = \"1990-02-30\"",
        "account[0].claims.birthdate: is not YYYY, YYYY-MM-DD or 0000-MM-DD",
    ),
    ("country = \"CN\"", "town = \"x\"", "account[0].claims.address.town: unknown key"),
    ("given_name = \"小门\"", "email = \"x@y.example\"", "account[0].claims.email: is told by account[0].email"),
    ("dev@acme.example", "ops@acme.example", "account[0].sub_account[0].email: is declared twice"),
    ("email = \"dev@acme.example\"", "", "account[0].sub_account[0].email: is missing"),
    (
        "independent_billing = false",
        "independent_billing = 0",
        "account[0].sub_account[0].independent_billing: expected true or false",
    ),
    ("id = \"209715200000\"", "id = \"104857600000\"", "account[0].sub_account[0].id: is declared twice"),
    (
        "username = \"alice\"",
        "username = \"alice@acme\"",
        "account[0].iam_user[0].username: expected 1 to 64 letters, digits, `.`, `_`, `-`",
    ),
    (
        "name = \"Alice 王\"",
        "status = \"asleep\"",
        "account[0].iam_user[0].status: expected active, disabled or suspended",
    ),
    ("name = \"Alice 王\"", "email = \"a@b.example\"", "account[0].iam_user[0].email: unknown key"),
    (
        "password = \"open-the-red-gate-1\"\nclaims",
        "password = \"pass\"\nclaims",
        "account[0].password: the password needs at least 8 characters (allow_weak_passwords = true takes it)",
    ),
    (
        "password = \"open-the-red-gate-1\"\nclaims",
        "password = \"$2b$12$abcdefghijklmnopqrstuv\"\nclaims",
        "account[0].password: not a complete PHC string",
    ),
    (
        "password = \"open-the-red-gate-1\"\nclaims",
        "password = \"$argon2id$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4\"\nclaims",
        "account[0].password: argon2id parameters beyond m = 262144 KiB, t = 10, p = 4",
    ),
    ("a secret that has thirty-two characters", "short", "client[0].client_secret: is shorter than 32 characters"),
    (
        "client_secret = \"a secret that has thirty-two characters\"",
        "",
        "client[0].client_secret: is missing: 32 characters or more for this token_endpoint_auth_method",
    ),
    (
        "redirect_uris = [\"http://localhost:8082/callback\"]",
        "",
        "client[0].redirect_uris: is required for authorization_code",
    ),
    (
        "\"refresh_token\"]",
        "\"implicit\"]",
        "client[0].grant_types: expected one of `authorization_code`, `client_credentials`, `refresh_token`",
    ),
    ("owner_account = \"acme\"", "owner_account = \"globex\"", "client[0].owner_account: names no account"),
    (
        "resources = [\"https://api.acme.example\"]",
        "resources = [\"https://api.globex.example\"]",
        "client[0].resources[0]: names no resource of this file or of the store",
    ),
    (
        "scopes = [\"ecs:read\"]",
        "scopes = [\"ecs:read\", \"openid\"]",
        "resource[0].scopes[1]: is a scope of OpenID Connect, not of an API",
    ),
    ("scopes = [\"ecs:read\"]", "scopes = \"ecs:read\"", "resource[0].scopes: expected a list of texts"),
    (
        "introspection_client = \"console\"",
        "introspection_client = \"nobody\"",
        "resource[0].introspection_client: names no client of this file or of the store",
    ),
    ("[[resource]]", "[[resource]", "line 37, column 12: "),
];

#[rstest]
#[tokio::test]
async fn a_wrong_file_changes_nothing_and_names_the_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    for (good, bad, told) in MUTATIONS {
        let text = ACME.replacen(good, bad, 1);
        assert_ne!(text, ACME, "{good} is in the file");
        let error = house.try_apply(&text).await.expect_err(bad).to_string();
        assert!(if told.ends_with(": ") { error.starts_with(told) } else { error == *told }, "{bad}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let accounts = house.store.read(|tx| menshen::store::accounts::list(tx, "", 10)).await.unwrap();
    let clients = house.store.read(|tx| menshen::store::clients::list(tx, "", 10)).await.unwrap();
    let events = house.store.read(|tx| menshen::store::audit::latest(tx, 10)).await.unwrap();
    assert!(accounts.is_empty() && clients.is_empty() && events.is_empty());
}
