//! Guessing: nobody gets more tries than the budget, nobody is locked out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use menshen::authn::KnownBrowser;
use menshen::base::id::{BrowserId, PrincipalId};
use rstest::rstest;
use tokio::task::JoinSet;

use super::world::World;
use crate::support::database::Backend::{self, Postgres, Sqlite};

const WRONG: &str = "not-the-password";

fn known(principal: &str) -> KnownBrowser {
    KnownBrowser::seen(BrowserId::new(1), vec![PrincipalId::from_text(principal)])
}

/// LG-05: 200 parallel wrong passwords.
#[rstest]
#[case("password", "ops@acme.example")]
#[case("password", "+8613800000001")]
#[case("password", "nobody@acme.example")]
#[case("sub_account", "dev@acme.example")]
#[case("iam_user", "alice@acme")]
#[tokio::test]
async fn lg_05_of_200_parallel_wrong_passwords_ten_are_looked_at(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] method: &'static str,
    #[case] username: &'static str,
) {
    let world = Arc::new(World::acme(backend).await);
    let one = one_login_costs(&world, method, username).await;
    let before = world.deps.passwords.hashes();
    let mut tries = JoinSet::new();
    for _ in 0..200 {
        let world = Arc::clone(&world);
        tries.spawn(async move { world.try_as(method, username, WRONG).await });
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for answer in tries.join_all().await {
        *told.entry(answer).or_default() += 1;
    }
    assert_eq!(told, BTreeMap::from([("bad_credentials".to_owned(), 9), ("locked".to_owned(), 191)]));
    assert_eq!(world.deps.passwords.hashes() - before, 9 * one);
}

/// One wrong try, counted.
async fn one_login_costs(world: &World, method: &str, username: &str) -> u64 {
    let before = world.deps.passwords.hashes();
    assert_eq!(world.try_as(method, username, WRONG).await, "bad_credentials");
    world.deps.passwords.hashes() - before
}

/// LG-06 and LG-14: one counter, however the name is written and whichever page.
#[rstest]
#[tokio::test]
async fn lg_06_one_principal_has_one_counter_under_all_its_names(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    let names = [
        ("password", "ops@acme.example"),
        ("password", "OPS@ACME.example"),
        ("password", "  ops@acme.example "),
        ("password", "ｏｐｓ@acme.example"),
        ("password", "13800000001"),
        ("password", "+86 138 0000 0001"),
        ("password", "0086-138-0000-0001"),
        ("sub_account", "ops@acme.example"),
        ("sub_account", "Ops@Acme.Example"),
        ("password", "ops@acme.example"),
    ];
    for (method, name) in names {
        assert_eq!(world.try_as(method, name, WRONG).await, "bad_credentials", "{name}");
    }
    for (method, name) in names {
        assert_eq!(world.try_as(method, name, "p_ops").await, "locked", "{name}");
    }
    for name in ["alice@acme", "ALICE@Acme", "alice@104857600000", " alice@acme.id.example", "ａlice@acme"].repeat(2) {
        assert_eq!(world.try_as("iam_user", name, WRONG).await, "bad_credentials", "{name}");
    }
    assert_eq!(world.try_as("iam_user", "alice@104857600000", "p_alice").await, "locked");
}

/// LG-07: strangers cannot lock a person out of a browser of theirs.
#[rstest]
#[tokio::test]
async fn lg_07_a_known_browser_signs_in_while_strangers_guess(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    for _ in 0..20 {
        world.try_as("password", "ops@acme.example", WRONG).await;
    }
    assert_eq!(world.try_as("password", "ops@acme.example", "p_ops").await, "locked");
    let own = known("p_ops");
    assert_eq!(world.try_from(&own, "password", "ops@acme.example", "p_ops").await, "in as p_ops");
    let of_another = known("p_dev");
    assert_eq!(world.try_from(&of_another, "password", "ops@acme.example", "p_ops").await, "locked");
    // Its budget is its own, not a way around the limit.
    for _ in 0..10 {
        assert_eq!(world.try_from(&own, "password", "ops@acme.example", WRONG).await, "bad_credentials");
    }
    assert_eq!(world.try_from(&own, "password", "ops@acme.example", "p_ops").await, "locked");
}

#[rstest]
#[tokio::test]
async fn after_ten_one_is_looked_at_every_half_minute_whoever_asks(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    for name in ["ops@acme.example", "nobody@acme.example", "+8613800000009", "no such name"] {
        for _ in 0..10 {
            assert_eq!(world.try_as("password", name, WRONG).await, "bad_credentials", "{name}");
        }
        assert_eq!(world.try_as("password", name, WRONG).await, "locked", "{name}");
        world.clock.advance(Duration::from_secs(30));
        assert_eq!(world.try_as("password", name, WRONG).await, "bad_credentials", "{name}");
        assert_eq!(world.try_as("password", name, WRONG).await, "locked", "{name}");
    }
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.try_as("password", "ops@acme.example", "p_ops").await, "in as p_ops");
}

#[rstest]
#[tokio::test]
async fn a_right_password_costs_no_guess(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    for _ in 0..15 {
        assert_eq!(world.try_as("password", "13800000001", "p_ops").await, "in as p_ops");
    }
    for _ in 0..10 {
        assert_eq!(world.try_as("password", "ops@acme.example", WRONG).await, "bad_credentials");
    }
}

/// Ten tries on one page and one on another must not tell whether a name exists.
#[rstest]
#[tokio::test]
async fn the_counter_of_a_name_is_the_same_on_every_page_for_nobody_too(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values("dev@acme.example", "ops@acme.example", "nobody@acme.example")] name: &str,
) {
    let world = World::acme(backend).await;
    for _ in 0..10 {
        assert_eq!(world.try_as("password", name, WRONG).await, "bad_credentials");
    }
    assert_eq!(world.try_as("sub_account", name, WRONG).await, "locked");
}

#[rstest]
#[tokio::test]
async fn a_user_who_does_not_exist_is_one_name_by_alias_and_by_id(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values("alice", "nobody")] user: &str,
) {
    let world = World::acme(backend).await;
    for _ in 0..10 {
        assert_eq!(world.try_as("iam_user", &format!("{user}@acme"), WRONG).await, "bad_credentials");
    }
    assert_eq!(world.try_as("iam_user", &format!("{user}@104857600000"), WRONG).await, "locked");
    assert_eq!(world.try_as("iam_user", &format!("{user}@globex"), WRONG).await, "bad_credentials");
}

#[rstest]
#[tokio::test]
async fn an_address_has_a_limit_that_known_browsers_do_not_meet(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    for round in 0..400 {
        let name = format!("nobody{round}@acme.example");
        let password = format!("{WRONG}-{round}");
        assert_eq!(world.try_as("password", &name, &password).await, "bad_credentials", "{name}");
    }
    assert_eq!(world.try_as("password", "ops@acme.example", "p_ops").await, "locked");
    assert_eq!(world.try_from(&known("p_ops"), "password", "ops@acme.example", "p_ops").await, "in as p_ops");
}

#[rstest]
#[tokio::test]
async fn the_configuration_lifts_every_limit(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::configured(backend, "[throttle]\nenabled = false").await;
    world.acme_people().await;
    for _ in 0..30 {
        assert_eq!(world.try_as("password", "ops@acme.example", WRONG).await, "bad_credentials");
    }
    assert_eq!(world.try_as("password", "ops@acme.example", "p_ops").await, "in as p_ops");
}
