//! `/me/bindings`: what is not taken away, and whose forms take nothing.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::authn::PASSWORD_CREDENTIAL;
use menshen::base::id::PrincipalId;
use menshen::domain::{ContactKind, Outcome};
use menshen::store::{Tx, credentials, identifiers};
use rstest::rstest;

use super::scene::{GLOBEX_PHONE, Scene};
use super::unbind::{BUTTON, MAIL, is_bound, notices, removed, told};
use super::wechat::bound;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{GLOBEX, OPS};

/// Presses a button of the page as it was sent; what comes of it, not followed.
async fn press(browser: &Browser, page: &Answer) -> Answer {
    let handle = page.attribute(BUTTON, "value").expect("a button");
    browser.submit(page, &[("unbind", &handle)]).await
}

#[rstest]
#[actix_web::test]
async fn the_last_way_into_an_account_is_not_taken_away(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let here = bound(&scene).await;
    let root = PrincipalId::from_text(scene.idp.sub_of(GLOBEX).await);
    let bare = root.clone();
    scene
        .idp
        .write(move |tx| {
            identifiers::remove(tx, &bare, ContactKind::Phone)?;
            credentials::remove(tx, &bare, PASSWORD_CREDENTIAL)
        })
        .await;
    let page = here.open("/me/bindings").await;
    let refused = press(&here, &page).await;
    assert_eq!(
        (refused.status, refused.error_code().as_deref()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("last_way_in"))
    );
    assert!(refused.has(BUTTON) && is_bound(&scene).await);
    assert_eq!((removed(&scene, Outcome::Refused).await, removed(&scene, Outcome::Success).await), (1, 0));
    // A proven address where codes arrive is a way to a password, an address alone is none.
    let node = scene.another_node(&MAIL).await;
    let bare = root.clone();
    let unproven = move |tx: &mut Tx<'_>| {
        let email = identifiers::list(tx, &bare)?.remove(0);
        identifiers::remove(tx, &bare, ContactKind::Email)?;
        let new = identifiers::NewIdentifier {
            principal: &bare,
            kind: ContactKind::Email,
            lookup: email.lookup.clone().try_into().expect("32 bytes"),
            sealed: email.sealed,
            verified_at: None,
        };
        identifiers::insert(tx, &new)
    };
    scene.idp.write(unproven).await;
    assert_eq!(press(&here.at(&node), &page).await.error_code().as_deref(), Some("last_way_in"));
    scene.idp.write(move |tx| identifiers::prove(tx, &root, ContactKind::Email)).await;
    assert_eq!(press(&here.at(&node), &page).await.status, StatusCode::SEE_OTHER);
    assert!(!is_bound(&scene).await);
}

#[rstest]
#[actix_web::test]
async fn of_two_removals_at_once_one_wins_and_the_other_sees_the_page(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &MAIL).await;
    let here = bound(&scene).await;
    notices(&scene).await;
    let page = here.open("/me/bindings").await;
    let sent: Vec<_> = (0..2)
        .map(|_| {
            let (browser, page) = (here.at(&scene.idp), page.clone());
            actix_web::rt::spawn(async move { press(&browser, &page).await })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers.sort_by_key(|answer| answer.status);
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(answers[1].error_code().as_deref(), Some("not_bound"));
    assert!(answers[1].has("#no-bindings"), "{}", answers[1].body);
    assert_eq!(removed(&scene, Outcome::Success).await, 1);
    assert_eq!(told(&scene, "wechat").await.len(), 1);
}

#[rstest]
#[actix_web::test]
async fn of_the_last_two_ways_in_one_stays_when_both_are_taken_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let here = bound(&scene).await;
    scene.idp.clock().advance(Duration::from_secs(61));
    let other = scene.idp.browser();
    let bind = scene.consent(&other, ("alipay", "/login/alipay"), "ali-ming", "allow").await;
    assert!(scene.prove(&other, &bind, GLOBEX_PHONE).await.returned().contains_key("code"));
    let root = PrincipalId::from_text(scene.idp.sub_of(GLOBEX).await);
    scene
        .idp
        .write(move |tx| {
            identifiers::remove(tx, &root, ContactKind::Phone)?;
            credentials::remove(tx, &root, PASSWORD_CREDENTIAL)
        })
        .await;
    let page = here.open("/me/bindings").await;
    let handles = page.attributes(BUTTON, "value");
    assert_eq!(handles.len(), 2, "{}", page.body);
    let sent: Vec<_> = handles
        .into_iter()
        .map(|handle| {
            let (browser, page) = (here.at(&scene.idp), page.clone());
            actix_web::rt::spawn(async move { browser.submit(&page, &[("unbind", &handle)]).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for status in sent {
        statuses.push(status.await.unwrap());
    }
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY]);
    assert_eq!(here.open("/me/bindings").await.attributes(BUTTON, "value").len(), 1);
}

#[rstest]
#[actix_web::test]
async fn a_form_that_is_not_of_this_account_and_this_browser_unbinds_nothing(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let here = bound(&scene).await;
    let other = scene.idp.browser();
    other.sign_in(OPS).await;
    let (page, others) = (here.open("/me/bindings").await, other.open("/me/bindings").await);
    let handle = page.attribute(BUTTON, "value").unwrap();
    let (csrf, others_csrf) = (page.form().fields["csrf"].clone(), others.form().fields["csrf"].clone());
    let (own, foreign) = (page.form().action, others.form().action);
    let to_login = |answer: Answer| answer.location().is_some_and(|there| there.starts_with("/login?interaction="));
    // Another account's binding, and ids that were made up.
    let made_up = [handle.clone(), "1".to_owned(), format!("{}A", &handle[1..]), "wechat".to_owned()];
    for id in &made_up {
        let answer = other.post(&foreign, &[("csrf", &others_csrf), ("unbind", id)]).await;
        assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::CONFLICT, Some("not_bound")), "{id}");
    }
    for id in &made_up[1..] {
        assert_eq!(here.post(&own, &[("csrf", &csrf), ("unbind", id)]).await.status, StatusCode::CONFLICT, "{id}");
    }
    // Another browser's token, none, and a page of another site.
    for token in [others_csrf.as_str(), "", "x"] {
        let answer = here.post(&own, &[("csrf", token), ("unbind", &handle)]).await;
        assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::FORBIDDEN, Some("cross_site")));
    }
    let elsewhere = here.post_from("https://evil.test", &own, &[("csrf", &csrf), ("unbind", &handle)]).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    // An address of an account that is not in this browser, no button, nobody.
    assert!(to_login(other.post(&own, &[("csrf", &others_csrf), ("unbind", &handle)]).await));
    assert_eq!(here.post(&own, &[("csrf", &csrf)]).await.status, StatusCode::BAD_REQUEST);
    let nobody = scene.idp.browser();
    assert!(to_login(nobody.get("/me/bindings").await));
    assert_eq!(nobody.post(&own, &[("csrf", &csrf), ("unbind", &handle)]).await.status, StatusCode::FORBIDDEN);
    assert!(to_login(scene.idp.browser().post(&own, &[("csrf", &csrf), ("unbind", &handle)]).await));
    assert!(is_bound(&scene).await);
    assert_eq!(removed(&scene, Outcome::Success).await, 0);
}
