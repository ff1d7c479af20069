//! Applying a file: once, twice, changed, and two at a time.

use menshen::base::id::{ClientId, PrincipalId};
use menshen::domain::{AccountStatus, AuditKind, ContactKind, Principal, PrincipalKind, PrincipalStatus};
use menshen::store::{accounts, audit, clients, credentials, identifiers, principals};
use rstest::rstest;

use super::support::{ACME, House, apply};
use crate::support::database::Backend;

async fn alice(house: &House) -> Principal {
    let found = house.store.read(|tx| principals::find_iam_user(tx, "acme", "alice")).await.unwrap();
    found.expect("alice is there")
}

async fn by_email(house: &House, email: &str) -> Option<Principal> {
    let lookup = house.contacts.lookup(ContactKind::Email, email);
    house.store.read(move |tx| principals::find_by_contact(tx, &lookup)).await.unwrap().into_iter().next()
}

async fn password_of(house: &House, who: &PrincipalId) -> Option<String> {
    let who = who.clone();
    let found = house.store.read(move |tx| credentials::find(tx, &who, "password")).await.unwrap();
    found.map(|credential| credential.data)
}

#[rstest]
#[tokio::test]
async fn a_second_run_of_a_file_changes_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    let first = house.apply(ACME).await;
    assert_eq!(first.len(), 5, "{first:?}");
    assert_eq!(first[..2], ["created account acme (104857600000)", "created sub_account dev (209715200000)"]);
    assert!(first[2].starts_with("created iam_user alice@acme (p_"), "{first:?}");
    assert_eq!(first[3..], ["created resource https://api.acme.example", "created client console"]);
    let events = house.store.read(|tx| audit::latest(tx, 100)).await.unwrap();
    assert!(house.apply(ACME).await.is_empty());
    assert_eq!(house.store.read(|tx| audit::latest(tx, 100)).await.unwrap().len(), events.len());
}

#[rstest]
#[tokio::test]
async fn what_is_declared_is_stored(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let root = by_email(&house, "ops@acme.example").await.unwrap();
    assert_eq!((root.kind, root.display_name.as_str()), (PrincipalKind::Root, "Acme 运维"));
    assert_eq!(root.claims["address"]["country"], "CN");
    let dev = by_email(&house, "dev@acme.example").await.unwrap();
    assert_eq!((dev.kind, dev.account.owner_id.as_str()), (PrincipalKind::SubAccount, "104857600000"));
    assert_eq!(alice(&house).await.upn().as_deref(), Some("alice@acme"));
    let id = root.id.clone();
    let contacts = house.store.read(move |tx| identifiers::list(tx, &id)).await.unwrap();
    assert_eq!(contacts.len(), 2);
    assert_eq!(house.contacts.open(&root.id, contacts[1].kind, &contacts[1].sealed).unwrap(), "+8613800000001");
    let console = house.store.read(|tx| clients::find(tx, &ClientId::from_text("console"))).await.unwrap().unwrap();
    assert_eq!(console.owner_account, Some(root.account.id));
    assert!(console.secret_hash.is_some());
}

#[rstest]
#[tokio::test]
async fn a_changed_file_changes_what_it_says_and_no_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let (before, password) = (alice(&house).await, password_of(&house, &alice(&house).await.id).await);
    let changed = ACME
        .replace("Alice 王", "Alice 李")
        .replace("independent_billing = false", "independent_billing = true")
        .replace("8082/callback", "8082/back")
        .replace("+8613800000001", "+8613800000002")
        .replace("a secret that has thirty-two characters", "another secret of thirty-two characters");
    assert_eq!(
        house.apply(&changed).await,
        [
            "updated account acme (104857600000): phone",
            "updated sub_account dev (209715200000): independent_billing",
            &format!("updated iam_user alice@acme ({}): name", before.id),
            "updated client console: client_secret, redirect_uris",
        ]
    );
    let after = alice(&house).await;
    assert_eq!((&after.id, after.display_name.as_str()), (&before.id, "Alice 李"));
    assert_eq!(password_of(&house, &after.id).await, password);
    assert!(house.apply(&changed).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_a_file_leaves_out_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    house.apply(ACME).await;
    assert!(
        house.apply("[[account]]\nalias = \"acme\"\n[[account.iam_user]]\nusername = \"Alice\"\n").await.is_empty()
    );
    assert!(house.apply("{}").await.is_empty());
    assert!(password_of(&house, &alice(&house).await.id).await.is_some());
}

#[rstest]
#[tokio::test]
async fn a_renamed_account_is_known_by_its_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let renamed = "[[account]]\nemail = \"OPS@acme.example\"\nalias = \"acme-2\"\n";
    assert_eq!(house.apply(renamed).await, ["updated account acme (104857600000): alias"]);
    let moved = "[[account]]\nalias = \"acme-2\"\nemail = \"new@acme.example\"\n";
    assert_eq!(house.apply(moved).await, ["updated account acme-2 (104857600000): email"]);
    assert!(by_email(&house, "ops@acme.example").await.is_none());
}

#[rstest]
#[tokio::test]
async fn what_belongs_to_another_is_refused_with_its_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    house.apply(ACME).await;
    house.apply("[[account]]\nalias = \"globex\"\nemail = \"root@globex.example\"\n").await;
    for (text, told) in [
        (
            "[[account]]\nalias = \"globex\"\nemail = \"ops@acme.example\"",
            "account[0].email: belongs to another account",
        ),
        ("[[account]]\nemail = \"dev@acme.example\"", "account[0].email: belongs to another account"),
        (
            "[[account]]\nalias = \"globex\"\n[[account.sub_account]]\nemail = \"dev@acme.example\"",
            "account[0].sub_account[0].email: belongs to another account",
        ),
        (
            "[[account]]\nalias = \"globex\"\nid = \"100000000001\"",
            "account[0].id: the account is there with another id",
        ),
        (
            "[[account]]\nalias = \"third\"\n[[account.sub_account]]\nemail = \"x@y.example\"\nid = \"104857600000\"",
            "account[0].sub_account[0].id: belongs to another account",
        ),
    ] {
        assert_eq!(house.try_apply(text).await.expect_err(told).to_string(), told);
    }
    assert!(house.store.read(|tx| accounts::find_by_alias(tx, "third")).await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn a_sixth_account_of_a_phone_is_refused_and_nothing_else_is_kept(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use std::fmt::Write;
    let house = House::new(backend);
    let mut text = String::new();
    for number in 0..6 {
        write!(text, "[[account]]\nalias = \"many-{number}\"\nphone = \"13800000009\"\n").unwrap();
    }
    let told = house.try_apply(&text).await.expect_err("six").to_string();
    assert_eq!(told, "account[5].phone: has 5 accounts already, and may not have more");
    assert!(house.store.read(|tx| accounts::list(tx, "", 10)).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_status_is_obeyed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let text = "[[account]]\nalias = \"acme\"\nstatus = \"suspended\"\n[[account.iam_user]]\nusername = \"alice\"\nstatus = \"disabled\"\n";
    assert_eq!(house.apply(text).await.len(), 2);
    let stopped = alice(&house).await;
    assert_eq!((stopped.status, stopped.owner_status), (PrincipalStatus::Disabled, AccountStatus::Suspended));
    assert!(house.apply(text).await.is_empty());
    assert!(house.apply(ACME).await.is_empty(), "a file without a status leaves it");
}

const PHC: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

#[rstest]
#[tokio::test]
async fn a_declared_hash_is_taken_once_and_known_again_after_a_login_replaced_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    let text = format!("[[account]]\nalias = \"acme\"\npassword = \"{PHC}\"\n");
    assert_eq!(house.apply(&text).await.len(), 1);
    assert!(house.apply(&text).await.is_empty());
    let root = house.store.read(|tx| accounts::find_by_alias(tx, "acme")).await.unwrap().unwrap();
    let root = house.store.read(move |tx| principals::find_holder(tx, &root.id)).await.unwrap().unwrap().id;
    let rehash = root.clone();
    house.store.write(move |tx| credentials::put(tx, &rehash, "password", None, "{}")).await.unwrap();
    assert!(house.apply(&text).await.is_empty());
    let clear = "[[account]]\nalias = \"acme\"\npassword = \"open-the-red-gate-1\"\n";
    assert_eq!(house.apply(clear).await.len(), 1);
    assert!(password_of(&house, &root).await.unwrap().contains("\"pepper\":true"));
    assert_eq!(house.apply(&text).await.len(), 1, "the hash is another password now");
}

#[rstest]
#[tokio::test]
async fn two_runs_at_once_make_everything_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    let text = ACME.replace("id = \"104857600000\"\n", "").replace("id = \"209715200000\"\n", "");
    let (one, two) = (house.neighbour(11), house.neighbour(12));
    let (first, second) = tokio::join!(apply(&one, &text), apply(&two, &text));
    let mut counts = [first.unwrap().len(), second.unwrap().len()];
    counts.sort_unstable();
    assert_eq!(counts, [0, 5]);
    assert_eq!(house.store.read(|tx| accounts::list(tx, "", 10)).await.unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn every_change_has_its_row_in_the_audit_trail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    house.apply(ACME).await;
    house.apply(&ACME.replace("open-the-red-gate-1", "open-the-blue-gate-2")).await;
    let events = house.store.read(|tx| audit::latest(tx, 100)).await.unwrap();
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(count(AuditKind::AccountChanged), 2);
    assert_eq!(count(AuditKind::PrincipalChanged), 3);
    assert_eq!(count(AuditKind::PasswordChanged), 3);
    assert_eq!(count(AuditKind::ClientChanged), 1);
    assert_eq!(count(AuditKind::ResourceChanged), 1);
    assert!(events.iter().all(|event| !event.detail.contains("acme.example/") && !event.detail.contains("138")));
}
