//! LG-04: one password on many accounts.

use std::time::Duration;

use menshen::authn::KnownBrowser;
use menshen::authn::spray::NAMES;
use menshen::base::id::{BrowserId, PrincipalId};
use rstest::rstest;

use super::world::{World, form, told};
use crate::routes::timing::spent;
use crate::support::database::Backend::{self, Postgres, Sqlite};

/// One try from an address of one's own.
async fn try_at(world: &World, address: usize, name: &str, password: &str) -> String {
    let stranger = KnownBrowser::stranger();
    let address = format!("198.51.100.{address}").parse().unwrap();
    let attempt = menshen::authn::Attempt { address, ..world.attempt(&stranger) };
    let filled = form(&[("username", name), ("password", password), ("agree", "on")]);
    told(&world.method("password").answer(&attempt, &filled).await.unwrap())
}

#[rstest]
#[case::sqlite(Sqlite, 5_000)]
#[case::postgres(Postgres, 1_000)]
#[tokio::test]
async fn lg_04_one_password_on_many_accounts_is_stopped_and_its_sources_with_it(
    #[case] backend: Backend,
    #[case] accounts: usize,
) {
    let world = World::acme(backend).await;
    let honest = async || {
        let begun = spent();
        assert_eq!(try_at(&world, 99, "ops@acme.example", "p_ops").await, "in as p_ops");
        spent().saturating_sub(begun)
    };
    let mut calm = Vec::new();
    for _login in 0..40 {
        calm.push(honest().await);
    }
    let before = world.deps.passwords.hashes();
    let mut looked_at = 0;
    let mut meanwhile = Vec::new();
    // Fifty addresses, a guess at each account: no budget of an address or a person sees it.
    for round in 0..accounts {
        if round % (accounts / 40) == 0 {
            meanwhile.push(honest().await);
        }
        let name = format!("member{round}@acme.example");
        match try_at(&world, round % 50, &name, "Summer2026!").await.as_str() {
            "bad_credentials" => looked_at += 1,
            "locked" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(looked_at, NAMES, "no more than the budget is looked at");
    let own = u64::try_from(meanwhile.len()).unwrap();
    assert_eq!(world.deps.passwords.hashes() - before - own, u64::from(NAMES), "and nothing else was even hashed");
    let (calm, meanwhile) = (slowest(calm), slowest(meanwhile));
    assert!(meanwhile <= calm * 2, "an honest login cost {meanwhile:?}, and {calm:?} before");
    // Whoever went on with it is not looked at with anything.
    assert_eq!(try_at(&world, 40, "ops@acme.example", "p_ops").await, "locked");
    // Everybody else is let in, and so is a known browser at such an address.
    assert_eq!(try_at(&world, 99, "ops@acme.example", "p_ops").await, "in as p_ops");
    assert_eq!(try_at(&world, 99, "dev@acme.example", "another-wrong-one").await, "bad_credentials");
    let known = KnownBrowser::seen(BrowserId::new(1), vec![PrincipalId::from_text("p_ops")]);
    let address = "198.51.100.40".parse().unwrap();
    let attempt = menshen::authn::Attempt { address, ..world.attempt(&known) };
    let filled = form(&[("username", "ops@acme.example"), ("password", "p_ops"), ("agree", "on")]);
    assert_eq!(told(&world.method("password").answer(&attempt, &filled).await.unwrap()), "in as p_ops");
    world.clock.advance(Duration::from_secs(3_601));
    assert_eq!(try_at(&world, 40, "ops@acme.example", "p_ops").await, "in as p_ops", "and it passes");
}

/// All but the slowest few: what the machine did meanwhile is nobody's login.
fn slowest(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() * 9 / 10]
}

/// Somebody who types one wrong password again and again is no spray.
#[rstest]
#[tokio::test]
async fn a_person_is_no_spray(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    for _ in 0..40 {
        try_at(&world, 1, "ops@acme.example", "typo-of-mine").await;
        world.clock.advance(Duration::from_secs(30));
    }
    assert_eq!(try_at(&world, 1, "nobody@acme.example", "typo-of-mine").await, "bad_credentials");
}
