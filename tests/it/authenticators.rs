//! What every login method of the registry owes: one answer and one cost for
//! unknown and wrong, a limit, an audit row, and no secret in it.

use std::collections::BTreeMap;

use menshen::authn::{
    Arrival, Authenticator, Departure, Face, Form, IdentifierField, KnownBrowser, Place, Progress, Wanted,
};
use menshen::base::Secret;
use menshen::domain::{AuditEvent, AuditKind, Language, Outcome};
use menshen::protocol::RawParams;
use rstest::rstest;

use crate::authn::world::{World, form, told};
use crate::support::database::Backend::{self, Postgres, Sqlite};

const SECRET: &str = "canary-of-a-password";

/// A right name and several of nobody, as the page's face takes them.
fn names(method: &dyn Authenticator) -> [&'static str; 3] {
    match method.face() {
        Face::IdentifierAndSecret { identifier: IdentifierField::PhoneOrEmail } => {
            ["ops@acme.example", "nobody@acme.example", "nobody@nowhere.example"]
        }
        Face::IdentifierAndSecret { identifier: IdentifierField::Email } => {
            ["dev@acme.example", "nobody@acme.example", "nobody@nowhere.example"]
        }
        Face::UpnThenSecret => ["alice@acme", "nobody@acme", "nobody@nowhere"],
        Face::PhoneThenCode => ["13800000001", "13900000001", "13900000002"],
        Face::QrPanel | Face::Redirect | Face::App => panic!("nothing is typed for {}", method.method().name),
    }
}

fn filled(name: &str) -> Form {
    form(&[("username", name), ("password", SECRET), ("agree", "on")])
}

#[rstest]
#[tokio::test]
async fn unknown_is_wrong_in_answer_and_cost(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    let stranger = KnownBrowser::stranger();
    for method in world.registry.iter() {
        let mut seen = BTreeMap::new();
        for name in names(method) {
            let before = world.deps.passwords.hashes();
            let answer = method.answer(&world.attempt(&stranger), &filled(name)).await.unwrap();
            seen.insert((told(&answer), world.deps.passwords.hashes() - before), name);
        }
        assert_eq!(seen.len(), 1, "{}: {seen:?}", method.method().name);
    }
}

#[tokio::test]
async fn a_phone_costs_five_hashes_whoever_has_it() {
    let world = World::acme(Sqlite).await;
    for phone in ["13800000001", "13800000002"] {
        let before = world.deps.passwords.hashes();
        assert_eq!(world.try_as("password", phone, SECRET).await, "bad_credentials");
        assert_eq!(world.deps.passwords.hashes() - before, 5);
    }
}

#[tokio::test]
async fn a_password_too_long_to_be_one_costs_the_same() {
    let world = World::acme(Sqlite).await;
    let before = world.deps.passwords.hashes();
    assert_eq!(world.try_as("password", "ops@acme.example", &"x".repeat(5_000)).await, "bad_credentials");
    assert_eq!(world.deps.passwords.hashes() - before, 1);
}

#[rstest]
#[tokio::test]
async fn every_method_is_throttled_and_leaves_a_row_without_the_secret(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    let stranger = KnownBrowser::stranger();
    for method in world.registry.iter() {
        let [name, ..] = names(method);
        for _ in 0..10 {
            let answer = method.answer(&world.attempt(&stranger), &filled(name)).await.unwrap();
            assert_eq!(told(&answer), "bad_credentials");
        }
        let answer = method.answer(&world.attempt(&stranger), &filled(name)).await.unwrap();
        assert_eq!(told(&answer), "locked");
    }
    let rows = world.audit().await;
    assert_eq!(rows.len(), 10 * world.registry.iter().count());
    for row in rows {
        assert!(row.kind == AuditKind::Login && row.outcome == Outcome::Refused && row.principal.is_some());
        assert!(!row.detail.contains(SECRET) && !row.detail.contains('@'), "{}", row.detail);
    }
}

#[test]
fn what_registrations_and_owners_may_name_is_what_there_is() {
    let mut there: Vec<_> = menshen::authn::registry::ENTRIES.iter().map(|entry| entry.name).collect();
    let mut named = menshen::protocol::login_methods::NAMES.to_vec();
    there.sort_unstable();
    named.sort_unstable();
    assert_eq!(there, named);
}

#[tokio::test]
async fn the_configuration_orders_methods_and_switches_them_off() {
    let world =
        World::configured(Sqlite, "[login]\norder = [\"iam_user\"]\n[login.sub_account]\nenabled = false").await;
    let names: Vec<_> = world.registry.iter().map(|method| method.method().name).collect();
    assert_eq!(names, ["iam_user", "password"]);
}

/// Credentials of every vendor, and nobody behind its addresses.
const VENDORS: &str = r#"
[outbound]
allow_private_addresses = true
[login.wechat]
app_id = "wx0000000000000001"
app_secret = "canary-of-a-vendor"
h5_app_id = "wx0000000000000002"
h5_app_secret = "canary-of-a-vendor"
native_app_id = "wx0000000000000003"
native_app_secret = "canary-of-a-vendor"
open_base = "http://127.0.0.1:9/open"
api_base = "http://127.0.0.1:9/api"
[login.taobao]
app_key = "51510001"
app_secret = "canary-of-a-vendor"
native_app_key = "51510002"
native_app_secret = "canary-of-a-vendor"
oauth_base = "http://127.0.0.1:9"
top_gateway = "http://127.0.0.1:9/rest"
[login.one_tap]
access_key_id = "LTAI0000000000000001"
access_key_secret = "canary-of-a-vendor"
endpoint = "http://127.0.0.1:9/"
"#;

fn of_vendors(world: &World) -> impl Iterator<Item = &dyn Authenticator> {
    world.registry.iter().filter(|method| matches!(method.face(), Face::QrPanel | Face::Redirect))
}

/// Those to which a native app posts what it got from an SDK.
fn for_apps(world: &World) -> impl Iterator<Item = &dyn Authenticator> {
    world.registry.iter().filter(|method| matches!(method.face(), Face::QrPanel | Face::Redirect | Face::App))
}

/// Where somebody leaves who brings this back.
async fn come_back(world: &World, method: &dyn Authenticator, params: &[(&str, &str)]) -> Progress {
    let (params, verifier) = (RawParams::from_pairs(params.iter().copied()), Secret::new("v".repeat(43)));
    let arrival = Arrival {
        place: Place::Browser,
        redirect_uri: "https://id.test/cb",
        params: &params,
        nonce: "n",
        verifier: &verifier,
    };
    method.arrive(&world.attempt(&KnownBrowser::stranger()), &arrival).await.unwrap()
}

#[tokio::test]
async fn every_vendor_is_left_for_with_the_state_and_our_own_callback() {
    let world = World::configured(Sqlite, VENDORS).await;
    assert!(of_vendors(&world).count() >= 2);
    for method in of_vendors(&world) {
        let name = method.method().name;
        let state = "0123456789abcdef".repeat(4);
        let departure = Departure {
            place: Place::Browser,
            redirect_uri: "https://id.test/login/x/callback",
            state: &state,
            nonce: "n",
            verifier: &Secret::new("v".repeat(43)),
            language: Language::English,
            wanted: Wanted::Anybody,
        };
        let route = method.depart(&departure).await.unwrap().unwrap_or_else(|| panic!("{name} leads nowhere"));
        assert!(route.link.contains(&state) && route.link.contains("id.test%2Flogin"), "{name}: {}", route.link);
        assert!(!route.link.contains("canary") && !route.link.contains(&"v".repeat(43)), "{name}: {}", route.link);
        assert_eq!(route.panel.is_some(), method.face() == Face::QrPanel, "{name}");
    }
}

#[rstest]
#[tokio::test]
async fn every_vendor_that_says_nothing_lets_nobody_in_and_leaves_a_row(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::configured(backend, VENDORS).await;
    for method in of_vendors(&world) {
        let name = method.method().name;
        assert_eq!(told(&come_back(&world, method, &[("state", "s")]).await), "qr_denied", "{name}");
        let before = world.audit().await.len();
        let brought = [("code", SECRET), ("auth_code", SECRET), ("app_id", "51510001"), ("state", "s")];
        let answer = told(&come_back(&world, method, &brought).await);
        assert_eq!(answer, "upstream_unavailable", "{name}");
        let rows = world.audit().await;
        assert_eq!(rows.len(), before + 1, "{name}");
        assert!(rows.iter().all(|row| row.outcome == Outcome::Refused && !row.detail.contains("canary")), "{name}");
    }
}

#[rstest]
#[tokio::test]
async fn what_an_app_brings_is_traded_once_whatever_came_of_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::configured(backend, VENDORS).await;
    assert!(for_apps(&world).any(|method| method.face() == Face::App));
    for method in for_apps(&world) {
        let name = method.method().name;
        let brought = || form(&[("code", SECRET), ("auth_code", SECRET), ("token", SECRET)]);
        let stranger = KnownBrowser::stranger();
        let before = world.audit().await.len();
        let first = method.answer(&world.attempt(&stranger), &brought()).await.unwrap();
        assert_eq!(told(&first), "upstream_unavailable", "{name}");
        let rows = world.audit().await;
        assert_eq!(rows.len(), before + 1, "{name}");
        let silent = |row: &AuditEvent| !row.detail.contains(SECRET) && !row.detail.contains("canary-of-a-vendor");
        assert!(rows.iter().all(|row| row.outcome == Outcome::Refused && silent(row)), "{name}");
        let second = method.answer(&world.attempt(&stranger), &brought()).await.unwrap();
        assert_eq!(told(&second), "qr_expired", "{name}");
        let nothing = method.answer(&world.attempt(&stranger), &form(&[])).await.unwrap();
        assert_eq!(told(&nothing), "field_required", "{name}");
    }
}
