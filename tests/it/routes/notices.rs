//! What people are told by letter.

use menshen::domain::Language;
use menshen::notify::{Channel, Content, Letter, Occasion};
use rstest::rstest;

use super::sign_up::GATEWAY;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, GLOBEX, OPS};
use crate::support::idp::TestIdp;

/// Who was told of what since we looked last.
async fn told(idp: &TestIdp) -> Vec<(String, Occasion)> {
    let notice = |(channel, letter): (Channel, Letter)| match letter.content {
        Content::Notice(notice) => {
            assert_eq!((channel, letter.language), (Channel::Mail, Language::English));
            assert!(!notice.address.is_empty() && !notice.name.is_empty());
            Some((letter.to, notice.occasion))
        }
        Content::Code { .. } | Content::Nothing => None,
    };
    idp.letters().await.into_iter().filter_map(notice).collect()
}

#[rstest]
#[actix_web::test]
async fn a_new_browser_is_told_of_once_and_the_first_one_never(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, GATEWAY).await;
    let home = idp.browser();
    home.sign_in(OPS).await;
    assert_eq!(told(&idp).await, [], "the first browser is no news");
    home.sign_in(GLOBEX).await;
    assert_eq!(told(&idp).await, [], "nor is another person's");
    let elsewhere = idp.browser();
    elsewhere.sign_in(OPS).await;
    let method = "password".to_owned();
    assert_eq!(told(&idp).await, [(OPS.name.to_owned(), Occasion::NewBrowser { method })]);
    let again = elsewhere.open("/login").await;
    elsewhere.sign_in_at(&again, OPS).await;
    assert_eq!(told(&idp).await, [], "it is known now");
    // Somebody without a contact is told nothing, and nobody else is either.
    home.sign_in(ALICE).await;
    elsewhere.sign_in(ALICE).await;
    assert_eq!(told(&idp).await, []);
}

#[rstest]
#[actix_web::test]
async fn a_copied_cookie_is_told_of_to_whoever_was_signed_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, GATEWAY).await;
    let browser = idp.browser();
    browser.sign_in(DEV).await;
    let thief = browser.stolen();
    idp.clock().advance(std::time::Duration::from_secs(13 * 3_600));
    let console = idp.client("console");
    // Rotated, confirmed, and past the overlap.
    for _ in 0..3 {
        browser.open(&console.request().url()).await;
        idp.clock().advance(std::time::Duration::from_secs(60));
    }
    told(&idp).await;
    thief.open(&console.request().url()).await;
    let mut letters = told(&idp).await;
    letters.sort_by(|one, other| one.0.cmp(&other.0));
    let of = |name: &str| (name.to_owned(), Occasion::TheftSignal);
    assert_eq!(letters, [of(DEV.name), of(OPS.name)], "the sub-account and its owner");
}
