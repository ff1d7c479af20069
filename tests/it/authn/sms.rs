//! What the account choice before a code tells of two thousand numbers.

use std::collections::BTreeMap;

use menshen::authn::{Authenticator, ChoiceRow, KnownBrowser, Progress, RowLabel, Step};
use menshen::base::id::{AccountId, PrincipalId};
use menshen::base::{Entropy, SeededEntropy};
use menshen::domain::contact::ContactKind::Phone;
use menshen::domain::{Account, AccountKind, AccountStatus, Principal, PrincipalKind, PrincipalStatus};
use menshen::store::identifiers::{self, NewIdentifier};
use menshen::store::{StoreResult, Tx, accounts, principals};
use rstest::rstest;

use super::world::{World, form, told};
use crate::support::database::Backend::{self, Postgres, Sqlite};

const GATEWAY: &str = "[sms]\nprovider = \"webhook\"\nwebhook_url = \"http://localhost:9\"\n";

fn number(at: usize) -> String {
    format!("+861370000{at:04}")
}

/// A root with an account of its own and this number.
fn open_account(tx: &mut Tx<'_>, lookup: [u8; 32], entropy: &dyn Entropy) -> StoreResult<()> {
    let id = AccountId::random(entropy);
    let account = Account {
        owner_id: id.clone(),
        id,
        kind: AccountKind::Main,
        alias: None,
        name: "Somebody".into(),
        status: AccountStatus::Active,
        independent_billing: false,
    };
    accounts::insert(tx, &account)?;
    let principal = Principal {
        id: PrincipalId::random(entropy),
        kind: PrincipalKind::Root,
        account,
        username: None,
        display_name: "Somebody".into(),
        status: PrincipalStatus::Active,
        owner_status: AccountStatus::Active,
        owner_alias: None,
        must_change_password: false,
        claims: serde_json::Map::new(),
    };
    principals::insert(tx, &principal, None)?;
    let sealed = b"sealed".to_vec();
    identifiers::insert(tx, &NewIdentifier { principal: &principal.id, kind: Phone, lookup, sealed, verified_at: None })
}

/// How many accounts each of so many numbers has: 85 of 100 one, 10 two, 5 five.
fn accounts_of(at: usize) -> usize {
    match at % 100 {
        0..85 => 1,
        85..95 => 2,
        _ => 5,
    }
}

/// Numbers from 0 to `real` with accounts.
async fn town(backend: Backend, real: usize) -> World {
    let world = World::configured(backend, GATEWAY).await;
    for block in (0..real).collect::<Vec<_>>().chunks(20) {
        let holders: Vec<_> = block
            .iter()
            .flat_map(|at| {
                let lookup = world.deps.contacts.lookup(Phone, &number(*at));
                std::iter::repeat_n(lookup, accounts_of(*at))
            })
            .collect();
        let seed = u64::try_from(block[0]).unwrap() + 77;
        let work = move |tx: &mut Tx<'_>| {
            let entropy = SeededEntropy::new(seed);
            holders.iter().try_for_each(|lookup| open_account(tx, *lookup, &entropy))
        };
        world.store.write(work).await.unwrap();
    }
    world
}

async fn rows_of(world: &World, phone: &str) -> Vec<ChoiceRow> {
    let stranger = KnownBrowser::stranger();
    let method: &dyn Authenticator = world.method("sms");
    match method.answer(&world.attempt(&stranger), &form(&[("phone", phone)])).await.unwrap() {
        Progress::Ask(Step::SmsAccount { rows, .. }) => rows,
        other @ (Progress::Verified(_)
        | Progress::Choose(_)
        | Progress::Unregistered(_)
        | Progress::Ask(_)
        | Progress::Unbound(_)
        | Progress::Rejected(_)) => panic!("{}", told(&other)),
    }
}

/// The share of pairs of which the one with accounts has the greater score; 0.5 is chance.
fn auc(with: &[f64], without: &[f64]) -> f64 {
    let mut won = 0.0;
    for one in with {
        for other in without {
            won += if one > other {
                1.0
            } else if one < other {
                0.0
            } else {
                0.5
            };
        }
    }
    let auc = won / (f64::from(u32::try_from(with.len()).unwrap()) * f64::from(u32::try_from(without.len()).unwrap()));
    auc.max(1.0 - auc)
}

fn tails(rows: &[ChoiceRow]) -> Vec<f64> {
    rows.iter()
        .map(|row| match &row.label {
            RowLabel::Tail(digits) => {
                assert_eq!(digits.len(), 2);
                digits.parse().unwrap()
            }
            RowLabel::Name(name) => panic!("{name} is named to a stranger"),
        })
        .collect()
}

/// Looks at a page as somebody who wants to know, in several ways.
fn scores(rows: &[ChoiceRow]) -> [f64; 4] {
    let tails = tails(rows);
    let count = f64::from(u32::try_from(rows.len()).unwrap());
    [count, tails[0], tails.iter().sum::<f64>() / count, f64::from(u32::from(rows[0].handle.as_bytes()[0]))]
}

#[rstest]
#[tokio::test]
async fn sm_08_rows_tell_nobody_who_has_accounts(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = town(backend, 1_000).await;
    let mut seen = [Vec::new(), Vec::new()];
    let mut counts = [BTreeMap::new(), BTreeMap::new()];
    for at in 0..2_000 {
        let rows = rows_of(&world, &number(at)).await;
        let side = usize::from(at >= 1_000);
        assert!((1..=3).contains(&rows.len()));
        *counts[side].entry(rows.len()).or_insert(0_usize) += 1;
        seen[side].push(scores(&rows));
    }
    for way in 0..4 {
        let side = |side: usize| seen[side].iter().map(|scores| scores[way]).collect::<Vec<_>>();
        let auc = auc(&side(0), &side(1));
        assert!(auc <= 0.60, "way {way}: {auc} {counts:?}");
    }
    assert!(counts.iter().all(|side| side.len() == 3), "{counts:?}");
    // The classifier would see it, were the rows the accounts there are.
    let truth: Vec<f64> = (0..1_000).map(|at| f64::from(u32::try_from(accounts_of(at).min(3)).unwrap())).collect();
    assert!(auc(&truth, &vec![0.0; 1_000]) > 0.99);
    // A number with more rows than accounts is among the real ones: a count is no truth either.
    let mut topped_up = 0;
    for at in 0..85 {
        topped_up += usize::from(rows_of(&world, &number(at)).await.len() > 1);
    }
    assert!(topped_up > 0);
    let again = rows_of(&world, &number(1_500)).await;
    assert_eq!(again, rows_of(&world, &number(1_500)).await, "the same each time");
}
