//! `/login`, `/login/sub` and `/login/iam`: what a wrong guess learns, and what
//! a form from elsewhere can do.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use rstest::rstest;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{BOB, CAROL, DEV, OPS, PASSWORD, Person};
use crate::support::idp::{ISSUER, TestIdp};

/// A page without what is different in every answer, and without the name that
/// was typed.
fn bare(answer: &Answer, typed: &str) -> String {
    let form = answer.form();
    let mut body = answer.body.clone();
    for name in ["csrf", "interaction"] {
        body = body.replace(&form.fields[name], name);
    }
    body.replace(typed, "typed")
}

#[rstest]
#[case::account("/login", &["ops@acme.example", "nobody@acme.example", "+8613800000001", "+8613899999999", "dev@acme.example"])]
#[case::sub_account("/login/sub", &["dev@acme.example", "ops@acme.example", "nobody@acme.example"])]
#[case::iam_user("/login/iam", &["alice@acme", "ghost@acme", "alice@nowhere", "alice@104857600000", "carol@acme"])]
#[actix_web::test]
async fn lg_01_a_wrong_password_tells_nobody_who_exists(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] page: &'static str,
    #[case] names: &[&'static str],
) {
    let idp = TestIdp::start(backend).await;
    let mut told: Vec<(String, StatusCode, u64, bool)> = Vec::new();
    for name in names {
        let (browser, person) = (idp.browser(), Person { page, name });
        let login = browser.open(page).await;
        let before = idp.passwords.hashes();
        let answer = browser.try_password(&login, person, "not-the-word-of-anybody").await;
        let by_phone = name.starts_with('+');
        told.push((bare(&answer, name), answer.status, idp.passwords.hashes() - before, by_phone));
        assert_eq!(answer.error_code().as_deref(), Some("bad_credentials"));
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.header("set-cookie").is_none());
    }
    for by_phone in [false, true] {
        let alike: Vec<_> = told.iter().filter(|one| one.3 == by_phone).collect();
        assert!(alike.windows(2).all(|pair| pair[0] == pair[1]), "{by_phone}: {alike:#?}");
    }
    assert!(told.iter().all(|one| one.0 == told[0].0), "a phone and an e-mail get the same page");
}

#[rstest]
#[actix_web::test]
async fn lg_01_the_first_step_of_an_iam_user_tells_nothing_either(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let mut told = Vec::new();
    for name in ["alice@acme", "ghost@acme", "alice@nowhere", "carol@acme"] {
        let browser = idp.browser();
        let page = browser.open("/login/iam").await;
        let answer = browser.submit(&page, &[("username", name)]).await;
        let step = browser.follow(answer).await;
        assert!(step.has("#password"));
        told.push(bare(&step, name));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:#?}");
}

#[rstest]
#[actix_web::test]
async fn a_right_password_of_a_disabled_user_signs_nobody_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let login = browser.open(&idp.client("console").request().url()).await;
    let answer = browser.try_password(&login, CAROL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!browser.open("/accounts").await.has("[data-state=active]"));
}

#[rstest]
#[actix_web::test]
async fn lg_11_wb_08_a_form_from_elsewhere_signs_nobody_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let attacker = idp.browser();
    let foreign = attacker.open("/login").await.form();
    for person in [OPS, DEV] {
        let victim = idp.browser();
        let login = victim.open(person.page).await;
        let own = login.form();
        let fields = [("username", person.name), ("password", PASSWORD), ("agree", "1")];
        let hashes = idp.passwords.hashes();
        for (name, value) in
            [("csrf", String::new()), ("csrf", "x".repeat(43)), ("csrf", foreign.fields["csrf"].clone())]
        {
            let mut fields = fields.to_vec();
            fields.push((name, &value));
            let answer = victim.submit(&login, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}={value}");
        }
        let mut whole = own.clone();
        whole.fields.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let pairs: Vec<_> = whole.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for origin in
            ["https://evil.test", "null", "http://id.test", "https://id.test.evil.test", "https://id.test:8443"]
        {
            let answer = victim.post_from(origin, &whole.action, &pairs).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            let request = TestRequest::post().insert_header(("Sec-Fetch-Site", site)).set_form(&pairs);
            assert_eq!(victim.send(request, &whole.action).await.status, StatusCode::FORBIDDEN, "{site}");
        }
        for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
            let body = json!(whole.fields).to_string();
            let request = TestRequest::post()
                .insert_header(("Origin", ISSUER))
                .insert_header(("Content-Type", kind))
                .set_payload(body);
            assert!(victim.send(request, &whole.action).await.status.is_client_error(), "{kind}");
        }
        // No cookie, as from another site under SameSite=Lax.
        let bare = idp.browser();
        assert!(bare.post(&whole.action, &pairs).await.status.is_client_error());
        assert_eq!(idp.passwords.hashes(), hashes, "nothing was even looked at");
        assert_eq!(victim.post(&whole.action, &pairs).await.status, StatusCode::SEE_OTHER, "the honest one");
    }
}

#[rstest]
#[actix_web::test]
async fn lg_12_a_cookie_from_before_the_sign_in_shows_nothing_after_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let login = browser.open("/login").await;
    let (fixed, planted) = (browser.cookie().unwrap(), browser.stolen());
    browser.sign_in_at(&login, OPS).await;
    assert_ne!(browser.cookie().unwrap(), fixed);
    assert!(browser.open("/accounts").await.has("[data-state=active]"));
    // Even within the overlap it gives no right that it had not before.
    let seen = planted.open("/accounts").await;
    assert!(!seen.body.contains("Acme"), "{}", seen.body);
    let silent = idp.client("console").request().with("prompt", "none");
    assert_eq!(planted.get(&silent.url()).await.returned_error(), "login_required");
}

#[rstest]
#[actix_web::test]
async fn a_phone_with_two_accounts_lets_the_password_decide(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    for (password, id) in [(PASSWORD, "104857600000"), ("open-the-blue-gate-2", "104857600001")] {
        let (browser, console) = (idp.browser(), idp.client("console"));
        let login = browser.open(&console.request().with("scope", "openid account").url()).await;
        let answer = browser.try_password(&login, Person { page: "/login", name: "138 0000 0001" }, password).await;
        let back = browser.follow(answer).await;
        assert_eq!(console.tokens(&console.code_from(&back)).await.claims()["account_id"], json!(id));
    }
}

#[rstest]
#[actix_web::test]
async fn a_login_page_of_ones_own_ends_at_the_accounts(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    for (index, person) in [OPS, DEV, BOB].into_iter().enumerate() {
        let page = browser.sign_in(person).await;
        assert_eq!(page.path(), "/accounts");
        assert_eq!(page.attributes("[data-state=active]", "data-principal-type").len(), index + 1);
    }
    let owner = idp.browser();
    let page = owner.open("/login/iam/acme").await;
    assert!(page.has("#username") && page.body.contains("acme"));
    let answer = owner.submit(&page, &[("username", "alice")]).await;
    let step = owner.follow(answer).await;
    let answer = owner.submit(&step, &[("password", PASSWORD), ("agree", "1")]).await;
    let end = owner.follow(answer).await;
    assert_eq!(end.path(), "/accounts");
    assert!(end.body.contains("Alice"), "{}", end.body);
}

#[rstest]
#[actix_web::test]
async fn the_link_to_the_other_language_repeats_nothing_of_a_strangers(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let strange = "password=hunter2&token=s3cret&code=c0de&state=st4te&login_hint=who";
    let login = browser.open("/login").await;
    let iam = browser.open("/login/iam").await;
    browser.sign_in(OPS).await;
    for url in [format!("{}&other=1", login.url), iam.url, "/accounts?x=1".to_owned(), "/me/apps?x=1".to_owned()] {
        let page = browser.get(&format!("{url}&{strange}")).await;
        let link = page.attribute("a.language", "href").unwrap_or_else(|| panic!("no link at {url}"));
        let (path, query) = link.split_once('?').expect("a query");
        let kept: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        assert_eq!(path, page.path());
        assert_eq!(kept.last().map(String::as_str), Some("ui_locales"));
        assert!(kept.iter().all(|name| matches!(name.as_str(), "interaction" | "other" | "ui_locales")), "{link}");
        assert_eq!(url.contains("interaction="), link.contains("interaction="), "{link}");
        assert_eq!(url.contains("other=1"), link.contains("other=1"), "{link}");
        for secret in ["hunter2", "s3cret", "c0de", "st4te"] {
            assert!(!page.body.contains(secret), "{url} shows {secret}");
        }
    }
    // A sign-out keeps what belongs to it, and nothing else.
    let logout = browser.get(&format!("/logout?client_id=console&{strange}")).await;
    let link = logout.attribute("a.language", "href").expect("a link");
    assert_eq!(link, "/logout?client_id=console&state=st4te&ui_locales=zh-CN");
}
