//! What people are told by letter.

use actix_web::http::StatusCode;
use menshen::domain::{CodePurpose, Language};
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

/// RG-05: what somebody owns changes only after a proof that is fresh, and those whose it was are told. To be signed
/// in is no such proof.
#[rstest]
#[actix_web::test]
async fn rg_05_to_be_signed_in_changes_no_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, GATEWAY).await;
    let browser = idp.browser();
    let consent = browser.sign_in_for(&idp.client("report-tool").request(), GLOBEX).await;
    assert_eq!(consent.path(), "/consent");
    let form = consent.form();
    let own = |more: &[(&'static str, &'static str)]| {
        let mut fields = vec![
            ("interaction".to_owned(), form.fields["interaction"].clone()),
            ("csrf".to_owned(), form.fields["csrf"].clone()),
        ];
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    };
    let new = "seven-lamps-by-the-river";
    for (path, fields) in [
        ("/password", own(&[("new_password", new), ("new_password_again", new)])),
        ("/reset", own(&[("new_password", new)])),
        ("/reset", own(&[("new_password", new), ("username", GLOBEX.name), ("account", "x")])),
        ("/signup", own(&[("phone", "+8613911112222"), ("email", "new@globex.example"), ("password", new)])),
    ] {
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.post(path, &pairs).await;
        assert!(answer.status.is_client_error() || answer.location().is_some_and(|to| to.starts_with(path)), "{path}");
    }
    let again = idp.browser();
    let login = again.open("/login").await;
    let answer = again.try_password(&login, GLOBEX, new).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "it was changed");
    again.sign_in(GLOBEX).await;
    let contacts = idp.identity().portray(GLOBEX.name).await.unwrap().contacts.len();
    assert_eq!(contacts, 2, "its e-mail address and its number, as before");
    // With a fresh proof, for this very purpose, it is changed, and told where the account was reached before.
    idp.clock().advance(std::time::Duration::from_secs(61));
    idp.letters().await;
    let owner = idp.browser();
    let page = owner.open("/reset").await;
    let answer = owner.submit(&page, &[("username", "+8613800000002")]).await;
    let page = owner.follow(answer).await;
    let code = idp.code_sent_to("+8613800000002", CodePurpose::Reset).await;
    let answer = owner.submit(&page, &[("code", &code)]).await;
    let page = owner.follow(answer).await;
    let answer = owner.submit(&page, &[("new_password", new)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let told = idp.letters().await.into_iter().filter(
        |(_, letter)| matches!(&letter.content, Content::Notice(notice) if notice.occasion == Occasion::PasswordReset),
    );
    assert!(told.map(|(_, letter)| letter.to).any(|to| to == GLOBEX.name), "the old address is told");
}
