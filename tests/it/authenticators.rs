//! What every login method of the registry owes: one answer and one cost for
//! unknown and wrong, a limit, an audit row, and no secret in it.

use std::collections::BTreeMap;

use menshen::authn::{Authenticator, Face, Form, IdentifierField, KnownBrowser};
use menshen::domain::{AuditKind, Outcome};
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

#[tokio::test]
async fn the_configuration_orders_methods_and_switches_them_off() {
    let world =
        World::configured(Sqlite, "[login]\norder = [\"iam_user\"]\n[login.sub_account]\nenabled = false").await;
    let names: Vec<_> = world.registry.iter().map(|method| method.method().name).collect();
    assert_eq!(names, ["iam_user", "password"]);
}
