//! Guessing passwords through the pages: what is counted, and for whom.

use std::sync::Arc;

use actix_web::http::StatusCode;
use menshen::base::id::PrincipalId;
use menshen::domain::{ContactKind, Outcome};
use menshen::keys::ContactKeys;
use menshen::store::identifiers::{self, NewIdentifier};
use rstest::rstest;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{DEV, OPS, PASSWORD, Person};
use crate::support::idp::TestIdp;

/// One browser of an address of its own for each guess, all at once.
async fn storm(idp: &TestIdp, count: usize, person: Person) -> Vec<Answer> {
    let mut ready = Vec::new();
    for _ in 0..count {
        let browser = idp.browser();
        let login = browser.open(person.page).await;
        ready.push((browser, login));
    }
    let guess = |(browser, login): (Browser, Answer)| {
        actix_web::rt::spawn(async move { browser.try_password(&login, person, "not-the-word").await })
    };
    let guesses: Vec<_> = ready.into_iter().map(guess).collect();
    let mut answers = Vec::new();
    for guess in guesses {
        answers.push(guess.await.unwrap());
    }
    answers
}

#[rstest]
#[actix_web::test]
async fn lg_05_07_of_200_parallel_guesses_ten_are_looked_at_and_the_owner_comes_in(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let known = idp.browser();
    known.sign_in(DEV).await;
    known.open("/accounts").await;
    let before = idp.passwords.hashes();
    let answers = storm(&idp, 200, DEV).await;
    let cost_of_one = 2;
    assert!(idp.passwords.hashes() - before <= 10 * cost_of_one, "{}", idp.passwords.hashes() - before);
    let refused = answers.iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).count();
    assert!(refused >= 190, "{refused}");
    for answer in answers.iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS) {
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
        assert_eq!(answer.error_code().as_deref(), Some("locked"));
    }
    // A stranger with the right password waits too; the known browser does not.
    let stranger = idp.browser();
    let login = stranger.open(DEV.page).await;
    assert_eq!(stranger.try_password(&login, DEV, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    let page = known.open(&idp.client("console").request().with("prompt", "login").url()).await;
    let answer = known.submit(&page, &[("password", PASSWORD)]).await;
    idp.client("console").code_from(&known.follow(answer).await);
}

#[rstest]
#[actix_web::test]
async fn lg_06_every_way_to_write_a_name_counts_for_one_person(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let names = [
        ("/login", "ops@acme.example"),
        ("/login", "OPS@ACME.example"),
        ("/login", " ops@acme.example "),
        ("/login/sub", "ops@acme.example"),
        ("/login/sub", "ＯＰＳ@acme.example"),
        ("/login/sub", "Ops@acme.EXAMPLE"),
    ];
    let mut looked_at = 0;
    for round in 0..4 {
        for (page, name) in names {
            let browser = idp.browser();
            let login = browser.open(page).await;
            let before = idp.passwords.hashes();
            let answer = browser.try_password(&login, Person { page, name }, "not-the-word").await;
            looked_at += usize::from(idp.passwords.hashes() > before);
            assert!(answer.status.is_client_error(), "{round} {name}: {}", answer.status);
        }
    }
    assert_eq!(looked_at, 10);
}

#[rstest]
#[actix_web::test]
async fn every_password_page_costs_the_same_for_everybody(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("throttle.enabled", "false")]).await;
    for (page, name, cost) in [
        ("/login", "ops@acme.example", 1),
        ("/login", "nobody@acme.example", 1),
        ("/login", "+8613800000001", 5),
        ("/login", "+8613800000002", 5),
        ("/login", "+8613899999999", 5),
        ("/login/sub", "dev@acme.example", 2),
        ("/login/sub", "nobody@acme.example", 2),
        ("/login/iam", "bob@acme", 1),
        ("/login/iam", "carol@acme", 1),
        ("/login/iam", "ghost@acme", 1),
        ("/login/iam", "ghost@nowhere", 1),
    ] {
        let browser = idp.browser();
        let login = browser.open(page).await;
        let before = idp.passwords.hashes();
        browser.try_password(&login, Person { page, name }, "not-the-word").await;
        assert_eq!(idp.passwords.hashes() - before, cost, "{page} {name}");
    }
}

#[rstest]
#[actix_web::test]
async fn lg_13_one_address_for_account_and_sub_account_never_signs_in_the_wrong_one(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let sub = "both-have-it-of-sub-7";
    let legacy = json!({"account": [{"id": "104857600000", "sub_account": [
        {"id": "209715200009", "email": "old@acme.example", "password": sub},
        {"id": "209715200008", "email": "same@acme.example", "password": PASSWORD},
    ], "email": OPS.name}]});
    idp.apply(&legacy).await;
    // A row from an older system: the sub-account has its main account's address.
    for old in ["old@acme.example", "same@acme.example"] {
        share_address(&idp, old).await;
        let login = Person { page: "/login", name: OPS.name };
        if old == "old@acme.example" {
            let browser = idp.browser();
            let page = browser.open("/login").await;
            assert_eq!(browser.try_password(&page, login, sub).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(kind_of(&idp, Person { page: "/login/sub", name: OPS.name }, sub).await, "sub_account");
            assert_eq!(kind_of(&idp, Person { page: "/login/sub", name: OPS.name }, PASSWORD).await, "root");
            unshare_address(&idp, old).await;
        } else {
            assert_eq!(kind_of(&idp, Person { page: "/login/sub", name: OPS.name }, PASSWORD).await, "sub_account");
            assert_eq!(kind_of(&idp, login, PASSWORD).await, "root");
        }
    }
}

async fn kind_of(idp: &TestIdp, person: Person, password: &str) -> String {
    let (browser, console) = (idp.browser(), idp.client("console"));
    let login = browser.open(&console.request().with("scope", "openid account").url()).await;
    let before = idp.passwords.hashes();
    let answer = browser.try_password(&login, person, password).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let expected = if person.page == "/login/sub" { 2 } else { 1 };
    assert_eq!(idp.passwords.hashes() - before, expected, "both are always looked at");
    let back = browser.follow(answer).await;
    let claims = console.tokens(&console.code_from(&back)).await.claims();
    let logged = idp.audit().await.into_iter().find(|event| event.kind.as_str() == "login").unwrap();
    assert_eq!(logged.outcome, Outcome::Success);
    assert_eq!(logged.principal.unwrap().as_str(), claims["sub"].as_str().unwrap(), "the audit says which");
    claims["principal_type"].as_str().unwrap().to_owned()
}

/// Gives the sub-account `old` the address of its main account.
async fn share_address(idp: &TestIdp, old: &'static str) {
    let sub = PrincipalId::from_text(idp.sub_of(Person { page: "/login/sub", name: old }).await);
    let keys = ContactKeys::new(Arc::clone(&idp.vault));
    let lookup = keys.lookup(ContactKind::Email, OPS.name);
    let sealed = keys.seal(&sub, ContactKind::Phone, OPS.name, idp.entropy.as_ref()).unwrap();
    idp.write(move |tx| {
        let (principal, sealed, verified_at) = (&sub, sealed.clone(), Some(tx.now()));
        // Stored as phones are, so that nothing keeps two from having it.
        identifiers::insert(tx, &NewIdentifier { principal, kind: ContactKind::Phone, lookup, sealed, verified_at })
    })
    .await;
}

async fn unshare_address(idp: &TestIdp, old: &'static str) {
    let sub = PrincipalId::from_text(idp.sub_of(Person { page: "/login/sub", name: old }).await);
    idp.write(move |tx| identifiers::remove(tx, &sub, ContactKind::Phone)).await;
}
