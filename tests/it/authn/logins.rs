//! The password methods and their edge cases.

use menshen::authn::hashing::StoredPassword;
use menshen::authn::{KnownBrowser, Progress, Shortlist};
use menshen::base::id::{AccountId, PrincipalId};
use menshen::domain::contact::ContactKind::{Email, Phone};
use menshen::domain::{AccountStatus, Outcome, PrincipalKind, PrincipalStatus};
use menshen::store::{accounts, credentials};
use rstest::rstest;

use super::world::{ACME, GLOBEX, Person, World, form, person, told};
use crate::support::database::Backend::{self, Postgres, Sqlite};

#[rstest]
#[tokio::test]
async fn each_kind_of_principal_signs_in_on_its_page(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    for (method, name, password, expected) in [
        ("password", "ops@acme.example", "p_ops", "in as p_ops"),
        ("password", "138 0000 0001", "p_ops", "in as p_ops"),
        ("sub_account", "dev@acme.example", "p_dev", "in as p_dev"),
        ("sub_account", "ops@acme.example", "p_ops", "in as p_ops"),
        ("iam_user", "alice@acme", "p_alice", "in as p_alice"),
        ("iam_user", "ALICE@104857600000", "p_alice", "in as p_alice"),
        ("password", "dev@acme.example", "p_dev", "bad_credentials"),
        ("password", "alice@acme", "p_alice", "bad_credentials"),
        ("sub_account", "13800000001", "p_ops", "email_required"),
        ("iam_user", "alice@globex", "p_alice", "bad_credentials"),
        ("iam_user", "al ice@acme", "p_alice", "bad_credentials"),
    ] {
        assert_eq!(world.try_as(method, name, password).await, expected, "{method} {name}");
    }
    let newest = world.audit().await.into_iter().filter(|event| event.outcome == Outcome::Success);
    let about: Vec<_> = newest.map(|event| (event.principal.unwrap().to_string(), event.detail)).collect();
    assert_eq!(about[0], ("p_alice".to_owned(), "iam_user: right password".to_owned()));
    assert_eq!(about[2], ("p_ops".to_owned(), "sub_account: right password".to_owned()));
}

#[rstest]
#[tokio::test]
async fn a_form_is_looked_at_only_when_it_is_whole(#[values(Sqlite)] backend: Backend) {
    let world = World::acme(backend).await;
    let stranger = KnownBrowser::stranger();
    for (method, pairs, expected) in [
        ("password", vec![("username", "ops@acme.example"), ("password", "p_ops")], "agree_required"),
        ("password", vec![("password", "p_ops"), ("agree", "on")], "field_required"),
        ("sub_account", vec![("username", "ops@acme.example"), ("password", ""), ("agree", "on")], "field_required"),
        ("iam_user", vec![("username", "alice")], r#"ask Account { username: "alice" }"#),
        ("iam_user", vec![("username", "who@where")], r#"ask Password { upn: "who@where" }"#),
        ("iam_user", vec![("username", "alice@acme"), ("password", "")], "field_required"),
    ] {
        let answer = world.method(method).answer(&world.attempt(&stranger), &form(&pairs)).await.unwrap();
        assert_eq!(told(&answer), expected, "{method}");
    }
    assert!(world.audit().await.is_empty() && world.deps.passwords.hashes() == 0);
}

/// Two accounts on one phone, with one password for both or one for each.
async fn two_on_one_phone(backend: Backend) -> World {
    let world = World::new(backend).await;
    for (id, account, password) in [("p_1", ACME, "shared"), ("p_2", GLOBEX, "shared")] {
        let contacts = [(Phone, "+8613900000000")];
        world.person(Person { contacts: &contacts, password, ..person(id, PrincipalKind::Root, account) }).await;
    }
    world.account("104857600002", "third").await;
    let contacts = [(Phone, "+8613900000000")];
    world.person(Person { contacts: &contacts, ..person("p_3", PrincipalKind::Root, "104857600002") }).await;
    world
}

async fn shortlist(world: &World) -> Shortlist {
    let stranger = KnownBrowser::stranger();
    let form = form(&[("username", "13900000000"), ("password", "shared"), ("agree", "on")]);
    match world.method("password").answer(&world.attempt(&stranger), &form).await.unwrap() {
        // As it comes back from the interaction's row.
        Progress::Choose(list) => serde_json::from_str(&serde_json::to_string(&list).unwrap()).unwrap(),
        other @ (Progress::Verified(_)
        | Progress::Unregistered(_)
        | Progress::Ask(_)
        | Progress::Unbound(_)
        | Progress::Rejected(_)) => panic!("{}", told(&other)),
    }
}

#[rstest]
#[tokio::test]
async fn a_phone_with_several_accounts_lets_the_password_decide(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = two_on_one_phone(backend).await;
    assert_eq!(world.try_as("password", "13900000000", "p_3").await, "in as p_3");
    assert_eq!(world.try_as("password", "13900000000", "none").await, "bad_credentials");
    let list = shortlist(&world).await;
    let handles: Vec<_> = list.candidates().iter().map(|one| (one.principal().as_str(), one.handle())).collect();
    assert_eq!(handles.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["p_1", "p_2"]);
    assert_eq!(world.choose(&list, handles[1].1).await, "in as p_2");
    assert_eq!(world.choose(&list, "made-up").await, "select_required");
    world.set_status("p_1", PrincipalStatus::Disabled).await;
    assert_eq!(world.choose(&list, handles[0].1).await, "principal_disabled");
    assert_eq!(world.try_as("password", "13900000000", "shared").await, "in as p_2");
}

#[rstest]
#[tokio::test]
async fn a_password_changed_meanwhile_takes_the_choice_with_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = two_on_one_phone(backend).await;
    let list = shortlist(&world).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let (new, one) = (world.hash("another").to_data(), PrincipalId::from_text("p_1"));
    world.store.write(move |tx| credentials::put(tx, &one, "password", None, &new)).await.unwrap();
    assert_eq!(world.choose(&list, list.candidates()[0].handle()).await, "select_required");
    assert_eq!(world.choose(&list, list.candidates()[1].handle()).await, "in as p_2");
}

/// LG-13: a row from an older system gives one e-mail to both.
#[rstest]
#[tokio::test]
async fn lg_13_a_shared_email_never_signs_in_the_wrong_one(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    // Stored as phones are, so that nothing keeps two from having it.
    let lookup = world.deps.contacts.lookup(Email, "ops@acme.example");
    let work = move |tx: &mut menshen::store::Tx<'_>| {
        let principal = &PrincipalId::from_text("p_dev");
        let legacy = menshen::store::identifiers::NewIdentifier {
            principal,
            kind: Phone,
            lookup,
            sealed: b"sealed".to_vec(),
            verified_at: None,
        };
        menshen::store::identifiers::insert(tx, &legacy)
    };
    world.store.write(work).await.unwrap();
    assert_eq!(world.try_as("password", "ops@acme.example", "p_dev").await, "bad_credentials");
    assert_eq!(world.try_as("sub_account", "ops@acme.example", "p_ops").await, "in as p_ops");
    assert_eq!(world.try_as("sub_account", "ops@acme.example", "p_dev").await, "in as p_dev");
    let (same, ops) = (world.hash("p_dev").to_data(), PrincipalId::from_text("p_ops"));
    world.store.write(move |tx| credentials::put(tx, &ops, "password", None, &same)).await.unwrap();
    assert_eq!(world.try_as("sub_account", "ops@acme.example", "p_dev").await, "in as p_dev");
}

/// LC-01, LC-02: told only to whom the password was right.
#[rstest]
#[tokio::test]
async fn the_standing_of_a_principal_is_told_after_the_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    world.set_status("p_alice", PrincipalStatus::Disabled).await;
    assert_eq!(world.try_as("iam_user", "alice@acme", "wrong").await, "bad_credentials");
    assert_eq!(world.try_as("iam_user", "alice@acme", "p_alice").await, "principal_disabled");
    let acme = AccountId::from_text(ACME);
    world.store.write(move |tx| accounts::set_status(tx, &acme, AccountStatus::Suspended)).await.unwrap();
    for (method, name, password) in
        [("password", "ops@acme.example", "p_ops"), ("sub_account", "dev@acme.example", "p_dev")]
    {
        assert_eq!(world.try_as(method, name, "wrong").await, "bad_credentials");
        assert_eq!(world.try_as(method, name, password).await, "owner_suspended");
    }
    assert_eq!(world.audit().await[0].detail, "sub_account: owner suspended");
}

#[rstest]
#[tokio::test]
async fn a_hash_from_elsewhere_gets_the_pepper_at_its_first_login(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::acme(backend).await;
    let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let imported = StoredPassword::import(phc).unwrap().to_data();
    let ops = PrincipalId::from_text("p_ops");
    let (whose, data) = (ops.clone(), imported.clone());
    world.store.write(move |tx| credentials::put(tx, &whose, "password", None, &data)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.try_as("password", "ops@acme.example", "password").await, "in as p_ops");
    }
    let stored = world.store.read(move |tx| credentials::find(tx, &ops, "password")).await.unwrap().unwrap();
    let data: serde_json::Value = serde_json::from_str(&stored.data).unwrap();
    assert!(stored.data != imported && data["pepper"] == true, "{data}");
    assert_eq!(world.deps.passwords.hashes(), 3);
}
