//! `/reset`: who gets a new password, and what ends with the old one.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use menshen::domain::{AuditKind, CodePurpose};
use menshen::notify::{Content, Occasion};
use rstest::rstest;

use super::sign_up::GATEWAY;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, DEV, GLOBEX, ME, OPS, PASSWORD, Person};
use crate::support::idp::{ISSUER, TestIdp};

const NEW: &str = "seven-lamps-by-the-river";

async fn idp(backend: Backend) -> TestIdp {
    TestIdp::configured(backend, GATEWAY).await
}

/// Types a name on the first page; the page after it.
async fn ask_code(browser: &Browser, name: &str) -> Answer {
    let page = browser.open("/reset").await;
    let answer = browser.submit(&page, &[("username", name)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

/// Proves a contact; the page after the code.
async fn prove(idp: &TestIdp, browser: &Browser, contact: &str) -> Answer {
    let page = ask_code(browser, contact).await;
    let code = idp.code_sent_to(contact, CodePurpose::Reset).await;
    let answer = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

async fn signs_in(idp: &TestIdp, person: Person, password: &str) -> bool {
    let browser = idp.browser();
    let login = browser.open(person.page).await;
    browser.try_password(&login, person, password).await.status == StatusCode::SEE_OTHER
}

/// A page without what is different in every answer, and without the name.
fn bare(answer: &Answer, shown: &str) -> String {
    let form = answer.form();
    let body = answer.body.replace(&form.fields["csrf"], "csrf").replace(&form.fields["interaction"], "interaction");
    assert!(body.contains(shown), "{shown}: {body}");
    body.replace(shown, "masked")
}

/// LG-18: everything that the old password had opened ends, and everybody
/// concerned is told.
#[rstest]
#[actix_web::test]
async fn lg_18_a_reset_ends_every_session_and_every_token(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let (home, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&home, DEV, "openid offline_access").await;
    let refresh = tokens.refresh.clone().expect("a refresh token");
    idp.letters().await;
    // Two more resets wait: one for its password, one for its code.
    let (waiting, asked) = (idp.browser(), idp.browser());
    let late = prove(&idp, &waiting, DEV.name).await;
    idp.clock().advance(Duration::from_secs(61));
    let unread = ask_code(&asked, DEV.name).await;
    let unread_code = idp.code_sent_to(DEV.name, CodePurpose::Reset).await;
    idp.clock().advance(Duration::from_secs(61));
    let browser = idp.browser();
    let page = prove(&idp, &browser, DEV.name).await;
    assert!(page.has("#new_password[autocomplete=new-password]"), "{}", page.body);
    let answer = browser.submit(&page, &[("new_password", NEW)]).await;
    let done = browser.follow(answer).await;
    assert!(done.has("#reset-done") && done.has("#sign-in"), "{}", done.body);
    assert!(!signs_in(&idp, DEV, PASSWORD).await && signs_in(&idp, DEV, NEW).await);
    assert!(!home.open("/accounts").await.has("[data-state=active]"), "signed out at home");
    assert_eq!(console.refresh(&refresh).await.status, StatusCode::BAD_REQUEST);
    assert!(!idp.api().is_active(&tokens.access).await);
    let mut told: Vec<_> = idp
        .letters()
        .await
        .into_iter()
        .filter(|(_, letter)| matches!(&letter.content, Content::Notice(n) if n.occasion == Occasion::PasswordReset))
        .map(|(_, letter)| letter.to)
        .collect();
    told.sort();
    assert_eq!(told, [DEV.name, OPS.name], "the sub-account and its owner");
    let late = waiting.submit(&late, &[("new_password", "another-lamp-by-the-sea")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "a reset that waited is void");
    let answer = asked.submit(&unread, &[("code", &unread_code)]).await;
    let page = asked.follow(answer).await;
    let void = asked.submit(&page, &[("new_password", "another-lamp-by-the-sea")]).await;
    assert_eq!(void.status, StatusCode::CONFLICT, "and one whose code was under way");
    assert!(signs_in(&idp, DEV, NEW).await);
    assert!(idp.audit().await.iter().any(|event| event.kind == AuditKind::PasswordChanged && event.detail == "reset"));
}

/// LG-03: the same page after the same work, whoever it is.
#[rstest]
#[actix_web::test]
async fn lg_03_asking_for_a_reset_tells_nobody_who_exists(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let mut told = Vec::new();
    for (name, shown) in [
        (ACME_PHONE, "138****0001"),
        ("+8613899999999", "138****9999"),
        (OPS.name, "o***s@acme.example"),
        ("nobody@acme.example", "n***y@acme.example"),
        ("alice@acme", "alice@acme"),
        ("ghost@nowhere", "ghost@nowhere"),
        ("no such name", "no such name"),
    ] {
        let browser = idp.browser();
        let before = (idp.passwords.hashes(), idp.letters().await.len());
        let page = ask_code(&browser, name).await;
        let wrong = browser.submit(&page, &[("code", "00000x")]).await;
        assert_eq!(wrong.error_code().as_deref(), Some("bad_code"));
        let again = browser.press(&page, "#send-code").await;
        let work = idp.passwords.hashes() - before.0;
        told.push((bare(&page, shown), bare(&wrong, shown), wrong.status, again.error_code(), work));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:#?}");
    assert_eq!(told[0].3.as_deref(), Some("code_cooldown"));
}

/// LG-17: no step can be skipped, swapped or replayed.
#[rstest]
#[actix_web::test]
async fn lg_17_no_step_of_a_reset_is_skipped_swapped_or_replayed(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/reset").await;
    let own = |page: &Answer, fields: &[(&str, &str)]| {
        let mut form = page.form();
        form.fields.retain(|name, _| name == "interaction" || name == "csrf");
        form.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    };
    let skipped = own(&page, &[("new_password", NEW)]);
    assert_eq!(browser.post_form(&skipped).await.status, StatusCode::CONFLICT, "nothing was proved");
    assert_eq!(browser.post_form(&own(&page, &[("account", "x")])).await.status, StatusCode::CONFLICT);
    // Somebody proves a contact of their own, and names the victim.
    let mine = prove(&idp, &browser, GLOBEX.name).await;
    assert!(mine.body.contains("Globex"), "{}", mine.body);
    let victims = [("new_password", NEW), ("username", OPS.name), ("account", "104857600000"), ("sub", "p_x")];
    assert_eq!(browser.post_form(&own(&mine, &victims)).await.status, StatusCode::SEE_OTHER);
    assert!(signs_in(&idp, OPS, PASSWORD).await, "the victim's password is what it was");
    assert!(signs_in(&idp, GLOBEX, NEW).await);
    // The last form again.
    let again = browser.post_form(&own(&mine, &[("new_password", "another-lamp-by-the-sea")])).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert!(signs_in(&idp, GLOBEX, NEW).await);
    // A code for one contact opens no other, though it is asked for in between.
    idp.clock().advance(Duration::from_secs(61));
    idp.letters().await;
    let mixed = idp.browser();
    ask_code(&mixed, GLOBEX.name).await;
    let code = idp.code_sent_to(GLOBEX.name, CodePurpose::Reset).await;
    let other = ask_code(&mixed, OPS.name).await;
    let refused = mixed.submit(&other, &[("code", &code)]).await;
    assert_eq!(refused.error_code().as_deref(), Some("bad_code"));
}

/// LG-16: nothing of the request decides what is sent, and no letter has a link.
#[rstest]
#[actix_web::test]
async fn lg_16_a_host_of_the_request_reaches_no_letter(#[values(Sqlite)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = browser.open("/reset").await;
    let fields = page.form().fields;
    let pairs = [("interaction", fields["interaction"].as_str()), ("csrf", &fields["csrf"]), ("username", OPS.name)];
    for header in ["X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto", "X-Host"] {
        let value = if header == "Forwarded" { "host=evil.test;proto=http" } else { "evil.test" };
        let request =
            TestRequest::post().insert_header(("Origin", ISSUER)).insert_header((header, value)).set_form(pairs);
        let answer = browser.send(request, "/reset").await;
        assert!(!answer.location().unwrap_or_default().contains("evil.test"));
        idp.clock().advance(Duration::from_secs(61));
    }
    for host in ["evil.test", "id.test.evil.test", "id.test:8443"] {
        let request = TestRequest::post().insert_header(("Origin", ISSUER)).insert_header(("Host", host));
        let answer = idp.send(request.peer_addr(browser.peer).set_form(pairs), "/reset").await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    for (_, letter) in idp.letters().await {
        let mail = menshen::notify::render::mail(&letter, "Menshen").expect("a mail");
        assert!(!mail.text.contains("evil") && !mail.text.contains("://"), "{}", mail.text);
    }
}

/// A phone with several accounts asks which, after the code.
#[rstest]
#[actix_web::test]
async fn a_phone_with_several_accounts_asks_which_after_the_code(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let browser = idp.browser();
    let page = prove(&idp, &browser, ACME_PHONE).await;
    let handles = page.attributes("button[name=account]", "value");
    assert_eq!(handles.len(), 2, "{}", page.body);
    let early = browser.submit(&page, &[("new_password", NEW)]).await;
    assert_eq!(early.error_code().as_deref(), Some("select_required"));
    let made_up = browser.submit(&page, &[("account", "AAAA")]).await;
    assert_eq!(made_up.status, StatusCode::CONFLICT);
    let answer = browser.submit(&page, &[("account", &handles[1])]).await;
    let page = browser.follow(answer).await;
    let old = browser.submit(&page, &[("new_password", "open-the-blue-gate-2")]).await;
    assert_eq!((old.status, old.error_code().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some("pwd_same")));
    for (weak, code) in
        [("password", "pwd_common"), ("me@acme.example1", "pwd_own_words"), ("x9$kQ2!", "pwd_too_short")]
    {
        let refused = browser.submit(&page, &[("new_password", weak)]).await;
        assert_eq!(refused.error_code().as_deref(), Some(code), "{weak}");
    }
    let answer = browser.submit(&page, &[("new_password", NEW)]).await;
    assert!(browser.follow(answer).await.has("#reset-done"));
    assert!(signs_in(&idp, ME, NEW).await && signs_in(&idp, OPS, PASSWORD).await);
}

/// Of two resets at once one wins.
#[rstest]
#[actix_web::test]
async fn of_two_resets_at_once_one_wins(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = idp(backend).await;
    let (one, other) = (idp.browser(), idp.browser());
    let first = prove(&idp, &one, GLOBEX.name).await;
    idp.clock().advance(Duration::from_secs(61));
    let second = prove(&idp, &other, GLOBEX.name).await;
    let (a, b) = ([("new_password", NEW)], [("new_password", "another-lamp-by-the-sea")]);
    let (first, second) = tokio::join!(one.submit(&first, &a), other.submit(&second, &b));
    let mut told = [first.status.as_u16(), second.status.as_u16()];
    told.sort_unstable();
    assert_eq!(told, [303, 409]);
    let winner = if first.status == StatusCode::SEE_OTHER { NEW } else { "another-lamp-by-the-sea" };
    assert!(signs_in(&idp, GLOBEX, winner).await);
}
