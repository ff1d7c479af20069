//! Choosing among the accounts of one browser: the hostile cases of group AC.

use actix_web::http::StatusCode;
use menshen::identity::Switch;
use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, BOB, DEV, GLOBEX, LAB, OPS};
use crate::support::idp::TestIdp;
use crate::support::relying_party::RelyingParty;

/// The button of an account, by what stands on it.
pub(super) fn button(page: &Answer, words: &str) -> String {
    let buttons = scraper::Selector::parse("button[name=account]").unwrap();
    let mut found = page.page().select(&buttons).filter(|button| button.text().collect::<String>().contains(words));
    let button = found.next().unwrap_or_else(|| panic!("no {words} at {}: {}", page.url, page.body));
    format!("button[name=account][value='{}']", button.attr("value").unwrap())
}

pub(super) async fn pick(browser: &Browser, page: &Answer, words: &str) -> Answer {
    browser.press(page, &button(page, words)).await
}

/// Three accounts and two IAM users, in one browser.
pub(super) async fn five(idp: &TestIdp) -> Browser {
    let browser = idp.browser();
    for person in [OPS, DEV, GLOBEX, ALICE, BOB] {
        browser.sign_in(person).await;
    }
    browser
}

pub(super) async fn sub_after(console: &RelyingParty, answer: &Answer) -> String {
    console.tokens(&console.code_from(answer)).await.claims()["sub"].as_str().unwrap().to_owned()
}

/// AC-11: one account, `prompt=select_account`: the chooser, always.
#[rstest]
#[actix_web::test]
async fn ac_11_the_chooser_is_always_shown_when_it_is_asked_for(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let request = console.request().with("prompt", "select_account");
    assert!(browser.open(&request.url()).await.has("#password"), "nobody is here: never an empty chooser");
    browser.sign_in(OPS).await;
    let page = browser.open(&request.url()).await;
    assert_eq!(page.attributes("button[name=account]", "data-state"), ["active"]);
    assert!(page.text("title").unwrap().contains("Sign in"));
    let back = pick(&browser, &page, "Acme").await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(OPS).await);
    // Choosing is not proving: a proof is asked for on top.
    let page = browser.open(&request.with("prompt", "select_account login").url()).await;
    let proof = pick(&browser, &page, "Acme").await;
    assert!(proof.has("#password") && proof.body.contains("Acme"));
}

#[rstest]
#[actix_web::test]
async fn switching_asks_for_no_password_and_every_account_stands_in_its_group(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (five(&idp).await, idp.client("console"));
    let request = console.request();
    let page = browser.open(&request.url()).await;
    let kinds = |selector: &str| page.attributes(&format!("{selector} button[name=account]"), "data-principal-type");
    assert_eq!(kinds("section[aria-labelledby=accounts]"), ["root", "sub_account", "root"]);
    assert_eq!(kinds("section[aria-labelledby=iam-users]"), ["iam_user", "iam_user"]);
    assert!(page.body.contains("b**@") || page.body.contains("bob@acme"));
    for (words, person) in [("alice@acme", ALICE), ("Globex", GLOBEX), ("bob@acme", BOB), ("dev", DEV)] {
        let page = browser.open(&request.url()).await;
        let back = pick(&browser, &page, words).await;
        assert_eq!(sub_after(&console, &back).await, idp.sub_of(person).await, "{words}");
    }
}

/// AC-02: another browser's handle, another tab's, another page's, a number, somebody's `sub`: 400 and a fresh
/// chooser, and no code.
#[rstest]
#[actix_web::test]
async fn ac_02_a_forged_choice_gets_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, other, console) = (idp.browser(), idp.browser(), idp.client("console"));
    for person in [OPS, ALICE] {
        browser.sign_in(person).await;
        other.sign_in(person).await;
    }
    let request = console.request();
    let page = browser.open(&request.url()).await;
    let theirs = other.open(&request.url()).await.attribute("button[name=account]", "value").unwrap();
    let second = browser.open(&request.url()).await;
    let of_another_tab = second.attribute("button[name=account]", "value").unwrap();
    let alone = browser.open("/accounts").await.attribute("button[name=account]", "value").unwrap();
    let sub = idp.sub_of(GLOBEX).await;
    for forged in [theirs.as_str(), &of_another_tab, &alone, "-1", "999", &sub, "../accounts"] {
        let answer = browser.submit(&page, &[("account", forged)]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, None), "{forged}");
        assert!(answer.has("button[name=account]"), "a fresh chooser: {}", answer.body);
    }
    // A right handle with the token of another tab.
    let right = page.attribute("button[name=account]", "value").unwrap();
    let wrong_token = second.form().fields["csrf"].clone();
    let answer = browser.submit(&page, &[("account", &right), ("csrf", &wrong_token)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.open(&page.url).await.has("button[name=account]"), "and the chooser is as it was");
}

/// AC-03: a tab that asked for one account's consent gets it for that account or not at all.
#[rstest]
#[actix_web::test]
async fn ac_03_consent_is_for_the_account_that_was_shown(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let chooser = browser.open(&report.request().url()).await;
    let consent = pick(&browser, &chooser, "Acme").await;
    assert_eq!(consent.path(), "/consent");
    // Another tab of the same interaction switches to Alice.
    let again = browser.open(&chooser.url).await;
    let of_alice = pick(&browser, &again, "alice@acme").await;
    assert!(of_alice.path() == "/consent" && of_alice.body.contains("alice@acme"));
    let answer = browser.submit(&consent, &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "the first tab showed somebody else");
    let of_alice = browser.open(&of_alice.url).await;
    let back = browser.press(&of_alice, "#consent-approve").await;
    assert_eq!(sub_after(&report, &back).await, idp.sub_of(ALICE).await);
    // Consent was Alice's: the other account is asked again.
    let chooser = browser.open(&report.request().url()).await;
    assert_eq!(pick(&browser, &chooser, "Acme").await.path(), "/consent");
}

/// AC-04: removed or signed out is dead at the server: by handle, by a copy of the cookie, and by going back.
#[rstest]
#[actix_web::test]
async fn ac_04_who_was_removed_is_dead_here(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let copy = browser.stolen();
    let (chooser, alone) = (browser.open(&console.request().url()).await, browser.open("/accounts").await);
    let handle = |page: &Answer| scraped(page, "alice@acme");
    let (in_tab, on_page) = (handle(&chooser), handle(&alone));
    let removed = browser.submit(&alone, &[("remove", &on_page)]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    for (browser, page, handle) in
        [(&browser, &chooser, &in_tab), (&copy, &chooser, &in_tab), (&browser, &alone, &on_page)]
    {
        for name in ["account", "sign_out", "remove"] {
            let replayed = browser.submit(page, &[(name, handle)]).await;
            assert!(replayed.status.is_client_error(), "{name}: {}", replayed.status);
        }
        assert!(!browser.open("/accounts").await.body.contains("alice@acme"));
    }
    // One account is left, and it is not the one that the tab was about to get.
    let alice = console.request().with("login_hint", "alice@acme");
    assert!(browser.open(&alice.url()).await.path().starts_with("/login"));
}

/// AC-04: the same of one who was signed out: the row is remembered, and asks for a proof.
#[rstest]
#[actix_web::test]
async fn ac_04_who_was_signed_out_proves_it_again(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let (chooser, alone) = (browser.open(&console.request().url()).await, browser.open("/accounts").await);
    let copy = browser.stolen();
    let out = browser.submit(&alone, &[("sign_out", &scraped(&alone, "alice@acme"))]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    // The button of a page that was open before, in this browser and in a copy of it.
    for browser in [&browser, &copy] {
        let again = pick(browser, &chooser, "alice@acme").await;
        assert!(again.has("#password") && again.path() == "/login/iam", "{}", again.body);
    }
    let silent = console.request().with("prompt", "none").with("login_hint", "alice@acme");
    for browser in [&browser, &copy] {
        assert_eq!(browser.get(&silent.url()).await.returned_error(), "login_required");
        let states = browser.open("/accounts").await.attributes("button[data-principal-type=iam_user]", "data-state");
        assert_eq!(states, ["signed_out"]);
    }
}

#[rstest]
#[actix_web::test]
async fn people_of_one_owner_side_by_side_each_say_who_pays(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let (acme, dev, lab) = ("104857600000", "209715200000", "209715200001");
    let people = [(OPS, acme, acme), (DEV, dev, acme), (LAB, lab, lab), (ALICE, acme, acme)];
    for (person, ..) in people {
        browser.sign_in(person).await;
    }
    for (person, account, payer) in people {
        let request = console.request().with("scope", "openid account").with("login_hint", person.name);
        let back = browser.open(&request.url()).await;
        let claims = console.tokens(&console.code_from(&back)).await.claims();
        assert_eq!(claims["sub"], idp.sub_of(person).await);
        let told = ["account_id", "owner_account_id", "billing_account_id"].map(|name| claims[name].as_str().unwrap());
        assert_eq!(told, [account, acme, payer], "{}", person.name);
    }
}

fn scraped(page: &Answer, words: &str) -> String {
    button(page, words).split('\'').nth(1).unwrap().to_owned()
}

/// AC-05: who sits down at a shared computer next sees nobody's name.
#[rstest]
#[actix_web::test]
async fn ac_05_after_signing_everybody_out_no_name_is_shown(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    browser.sign_in(ALICE).await;
    let login = browser.open(&console.request().with("prompt", "select_account").url()).await;
    let page = browser.open("/accounts").await;
    let done = browser.submit(&page, &[("sign_out_all", "1")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(done.header("clear-site-data").unwrap().contains("\"cache\""));
    assert!(!idp.api().is_active(&tokens.access).await);
    for url in ["/accounts", &console.request().url(), &login.url, "/logout", "/me/apps"] {
        let page = browser.open(url).await;
        assert!(!page.body.contains("Acme 运维") && !page.body.contains("alice"), "{url}: {}", page.body);
    }
    let silent = console.request().with("prompt", "none");
    assert_eq!(browser.get(&silent.url()).await.returned_error(), "login_required");
}

#[rstest]
#[actix_web::test]
async fn a_row_that_is_not_live_leads_to_its_own_login_page(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let page = browser.open("/accounts").await;
    let after = browser.press(&page, "section[aria-labelledby=iam-users] button[name=sign_out]").await;
    assert_eq!(after.attributes("button[data-principal-type=iam_user]", "data-state"), ["signed_out"]);
    // Three hours without use: the main account is locked, and every row has an outcome.
    idp.clock().advance(std::time::Duration::from_secs(3 * 3_600));
    let chooser = browser.open(&console.request().with("prompt", "select_account").url()).await;
    assert_eq!(chooser.attributes("button[name=account]", "data-state"), ["locked", "signed_out"]);
    for (words, person) in [("Acme", OPS), ("alice@acme", ALICE)] {
        let chooser = browser.open(&console.request().with("prompt", "select_account").url()).await;
        let login = pick(&browser, &chooser, words).await;
        assert!(login.path() == person.page && login.body.contains(words), "{words}: {}", login.body);
        let answer = browser.submit(&login, &[("password", crate::support::house::PASSWORD)]).await;
        let back = browser.follow(answer).await;
        assert_eq!(sub_after(&console, &back).await, idp.sub_of(person).await);
    }
    // At `/accounts` on its own as well.
    idp.clock().advance(std::time::Duration::from_secs(3 * 3_600));
    let alone = browser.open("/accounts").await;
    assert_eq!(pick(&browser, &alone, "Acme").await.path(), "/login");
}

#[rstest]
#[actix_web::test]
async fn whose_owner_is_stopped_is_told_so_after_a_proof(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(GLOBEX).await;
    browser.sign_in(ALICE).await;
    idp.switch(GLOBEX, Switch::Suspend).await;
    let request = console.request().with("prompt", "select_account");
    let chooser = browser.open(&request.url()).await;
    let login = pick(&browser, &chooser, "Globex").await;
    let refused = browser.submit(&login, &[("password", crate::support::house::PASSWORD)]).await;
    assert_eq!((refused.status, refused.error_code().as_deref()), (StatusCode::UNAUTHORIZED, Some("owner_suspended")));
}

#[rstest]
#[actix_web::test]
async fn the_chooser_can_be_left_and_double_clicked(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    browser.sign_in(OPS).await;
    browser.sign_in(ALICE).await;
    let request = console.request();
    let chooser = browser.open(&request.url()).await;
    assert_eq!(browser.submit(&chooser, &[]).await.error_code().as_deref(), Some("select_required"));
    let left = browser.press(&chooser, "#cancel").await;
    assert_eq!(left.returned_error(), "access_denied");
    assert_eq!(browser.open(&chooser.url).await.status, StatusCode::BAD_REQUEST, "and it is over");
    // A double submit is one choice.
    let chooser = browser.open(&request.url()).await;
    let handle = scraped(&chooser, "alice@acme");
    let first = browser.submit(&chooser, &[("account", &handle)]).await;
    let second = browser.submit(&chooser, &[("account", &handle)]).await;
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let back = browser.follow(first).await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(ALICE).await);
    assert_eq!(browser.follow(second).await.status, StatusCode::BAD_REQUEST, "the code was given out once");
}
