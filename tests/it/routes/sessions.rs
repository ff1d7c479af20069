//! `/me/sessions`, and how long a sign-in lasts.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::identity::{MustChange, PolicyChange, Switch, by_operator};
use rstest::rstest;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, BOB, OPS, PASSWORD, Person};
use crate::support::idp::TestIdp;
use crate::support::mmdb;

const HOUR: Duration = Duration::from_secs(3_600);

async fn remembered(browser: &Browser, person: Person) -> Answer {
    let login = browser.open(person.page).await;
    let page = if person.page == "/login/iam" {
        let next = browser.submit(&login, &[("username", person.name)]).await;
        browser.follow(next).await
    } else {
        login
    };
    let fields = [("username", person.name), ("password", PASSWORD), ("agree", "1"), ("remember", "1")];
    let iam = person.page == "/login/iam";
    let answer = browser.submit(&page, if iam { &fields[1..] } else { &fields }).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await
}

#[rstest]
#[actix_web::test]
async fn an_account_sees_its_places_and_ends_them(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (here, there, elsewhere) = (idp.browser(), idp.browser(), idp.browser());
    let console = idp.client("console");
    let of_there = console.signed_in(&there, OPS, "openid").await;
    console.signed_in(&elsewhere, OPS, "openid").await;
    here.sign_in(ALICE).await;
    here.sign_in(OPS).await;
    let page = here.open("/me/sessions").await;
    assert_eq!(page.attributes("button[name=sign_out]", "value").len(), 3, "{}", page.body);
    assert_eq!(page.attributes("[data-here]", "class").len(), 1);
    assert!(page.body.contains(&there.peer.ip().to_string()) && !page.body.contains("alice"));
    // Another browser's handle of its own page means nothing here.
    let stale = here.submit(&page, &[("sign_out", "made-up")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let after = here.press(&page, "#sign-out-others").await;
    assert_eq!((after.path(), after.attributes("button[name=sign_out]", "value").len()), ("/me/sessions", 1));
    assert!(!idp.api().is_active(&of_there.access).await);
    assert!(!there.open("/accounts").await.has("[data-state=active]"));
    let gone = here.press(&after, "button[name=sign_out]").await;
    assert_eq!(gone.path(), "/accounts");
    assert_eq!(gone.attributes("button[name=account]", "data-state"), ["signed_out", "active"]);
}

#[rstest]
#[actix_web::test]
async fn staying_signed_in_lasts_thirty_days_and_an_iam_users_is_its_owners_to_allow(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    remembered(&browser, OPS).await;
    remembered(&browser, ALICE).await;
    let silent = |hint: &str| console.request().with("prompt", "none").with("login_hint", hint).url();
    idp.clock().advance(7 * HOUR);
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"));
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required", "her owner allows nothing");
    let allowed = json!({"account": [{"id": "104857600000", "alias": "acme", "iam_long_lived_days": 45}]});
    idp.apply(&allowed).await;
    remembered(&browser, ALICE).await;
    idp.clock().advance(24 * 29 * HOUR);
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"));
    idp.clock().advance(24 * HOUR);
    assert_eq!(browser.get(&silent(OPS.name)).await.returned_error(), "login_required");
    idp.clock().advance(24 * 14 * HOUR);
    assert!(browser.get(&silent(ALICE.name)).await.returned().contains_key("code"), "44 days");
    idp.clock().advance(24 * 2 * HOUR);
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required");
    // Proving oneself again keeps what one asked for, and is for one account alone.
    let chooser = browser.open(&console.request().url()).await;
    let login = browser.press(&chooser, "button[data-principal-type=root]").await;
    let answer = browser.submit(&login, &[("password", PASSWORD)]).await;
    assert!(browser.follow(answer).await.returned().contains_key("code"));
    idp.clock().advance(24 * 2 * HOUR);
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"));
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required");
}

/// `/me/sessions` of one who signed in at each of these addresses, in this language.
async fn places_at(idp: &TestIdp, addresses: &[&str], language: &'static str) -> Answer {
    let mut last = None;
    for address in addresses {
        let mut browser = idp.browser();
        (browser.peer, browser.language) = (SocketAddr::new(address.parse().unwrap(), 40_000), language);
        browser.sign_in(OPS).await;
        last = Some(browser);
    }
    last.unwrap().open("/me/sessions").await
}

const NETWORKS: [mmdb::Row; 3] = [
    ("1.0.0.0/9", "CN", "中国", "China"),
    ("2400:cb00::/32", "SG", "新加坡", "Singapore"),
    ("10.0.0.0/8", "XX", "内网", "The house"),
];
const ADDRESSES: [&str; 5] = ["1.2.3.4", "2400:cb00::7", "::ffff:1.2.3.5", "9.9.9.9", "10.1.2.3"];

#[rstest]
#[actix_web::test]
async fn a_place_tells_its_country_where_a_file_knows_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    std::fs::write(&file, mmdb::database("GeoLite2-Country", &NETWORKS)).unwrap();
    let idp = TestIdp::configured(backend, &[("geo.database", file.to_str().unwrap())]).await;
    let page = places_at(&idp, &ADDRESSES, "en").await;
    let told = |page: &Answer| {
        let countries = scraper::Selector::parse("[data-country]").unwrap();
        let mut all: Vec<String> = page.page().select(&countries).map(|found| found.text().collect()).collect();
        all.sort();
        all
    };
    assert_eq!(told(&page), ["China", "China", "Singapore"], "none for a private or an unknown address: {}", page.body);
    let page = places_at(&idp, &ADDRESSES[..2], "zh-CN").await;
    assert_eq!(told(&page), ["中国", "中国", "中国", "新加坡", "新加坡"]);
}

#[rstest]
#[actix_web::test]
async fn without_a_file_no_country_is_told(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    assert!(!places_at(&idp, &ADDRESSES[..1], "en").await.has("[data-country]"));
}

/// A letter that names the page finds people signed out.
#[rstest]
#[actix_web::test]
async fn who_comes_to_a_page_of_their_own_signed_out_is_there_after_the_login(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values("/me/sessions", "/me/apps", "/me/bindings")] page: &str,
) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let login = browser.open(page).await;
    assert_eq!(login.path(), "/login", "{}", login.url);
    let there = browser.sign_in_at(&login, OPS).await;
    assert_eq!((there.status, there.path()), (StatusCode::OK, page), "{}", there.body);
}

#[actix_web::test]
async fn a_form_that_comes_after_the_sign_out_leads_to_its_page_by_a_login() {
    let idp = TestIdp::start(Sqlite).await;
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    let page = browser.open("/me/sessions").await;
    browser.press(&browser.open("/accounts").await, "#sign-out-all").await;
    let login = browser.submit(&page, &[("sign_out_others", "1")]).await;
    let login = browser.follow(login).await;
    assert_eq!(login.path(), "/login", "{}", login.body);
    assert_eq!(browser.sign_in_at(&login, OPS).await.path(), "/me/sessions");
}

#[rstest]
#[actix_web::test]
async fn an_account_leaves_everywhere_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (here, there, console) = (idp.browser(), idp.browser(), idp.client("console"));
    let of_there = console.signed_in(&there, OPS, "openid").await;
    there.sign_in(ALICE).await;
    let of_here = console.signed_in(&here, OPS, "openid").await;
    let page = here.open("/me/sessions").await;
    let after = here.press(&page, "#sign-out-everywhere").await;
    assert_eq!(after.path(), "/accounts");
    for (browser, tokens) in [(&here, &of_here), (&there, &of_there)] {
        assert!(!idp.api().is_active(&tokens.access).await);
        let states = browser.open("/accounts").await.attributes("button[data-principal-type=root]", "data-state");
        assert_eq!(states, ["signed_out"]);
    }
    let others = there.open("/accounts").await;
    assert_eq!(others.attributes("button[data-principal-type=iam_user]", "data-state"), ["active"], "Alice stays");
}

#[rstest]
#[actix_web::test]
async fn an_owner_who_allows_less_cuts_down_what_lasts_longer(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let days = |days| PolicyChange { iam_long_lived_days: Some(days), ..PolicyChange::default() };
    let allow = async |many: u16| idp.identity().change_policy(OPS.name, days(many), &by_operator()).await.unwrap();
    assert!(allow(45).await && !allow(45).await);
    remembered(&browser, ALICE).await;
    remembered(&browser, OPS).await;
    let silent = |hint: &str| console.request().with("prompt", "none").with("login_hint", hint).url();
    idp.clock().advance(24 * 10 * HOUR);
    let back = browser.get(&silent(ALICE.name)).await;
    let tokens = console.tokens(&console.code_from(&back)).await;
    assert!(allow(11).await);
    assert!(browser.get(&silent(ALICE.name)).await.returned().contains_key("code"), "ten days are within eleven");
    assert!(allow(10).await);
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required");
    assert!(!idp.api().is_active(&tokens.access).await, "and what it gave out is over");
    assert!(browser.get(&silent(OPS.name)).await.returned().contains_key("code"), "the owner's own is another matter");
    let accounts = browser.open("/accounts").await;
    assert_eq!(accounts.attributes("button[data-principal-type=iam_user]", "data-state"), ["locked"]);
    assert!(allow(45).await);
    assert_eq!(browser.get(&silent(ALICE.name)).await.returned_error(), "login_required", "and it does not come back");
    // What the house allows at most counts in the same way, on a node that is told so.
    remembered(&browser, ALICE).await;
    idp.clock().advance(24 * 3 * HOUR);
    let strict = idp.another_node(&[("sessions.iam_user_long_lived", "2d")]).await;
    let there = browser.at(&strict);
    assert_eq!(there.get(&silent(ALICE.name)).await.returned_error(), "login_required");
    assert!(browser.get(&silent(ALICE.name)).await.returned().contains_key("code"));
    // Her own list says so too.
    let page = there.open("/accounts").await;
    assert_eq!(page.attributes("button[data-principal-type=iam_user]", "data-state"), ["locked"]);
    // Nobody but an owner allows anything.
    for who in [ALICE.name, "dev@acme.example"] {
        assert!(idp.identity().change_policy(who, days(1), &by_operator()).await.is_err(), "{who}");
    }
}

/// What ends somebody's sign-ins.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Disabled,
    PasswordReset,
    PasswordChanged,
    OwnerSuspended,
}

#[rstest]
#[actix_web::test]
async fn a_sign_in_ends_within_a_second_of_what_ends_it(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(Stop::Disabled, Stop::PasswordReset, Stop::PasswordChanged, Stop::OwnerSuspended)] stop: Stop,
) {
    let idp = TestIdp::start(backend).await;
    let (node, console) = (idp.another_node(&[]).await, idp.client("console"));
    let (browser, elsewhere, bystander) = (idp.browser(), idp.browser(), idp.browser());
    let tokens = console.signed_in(&browser, ALICE, "openid").await;
    console.signed_in(&elsewhere, ALICE, "openid").await;
    console.signed_in(&bystander, BOB, "openid").await;
    let silent = console.request().with("prompt", "none").url();
    // The other node has seen her, whatever it keeps.
    assert!(browser.at(&node).get(&silent).await.returned().contains_key("code"));
    let new = menshen::base::Secret::new("purple-kettle-rides-north-7".to_owned());
    match stop {
        Stop::Disabled => idp.switch(ALICE, Switch::Disable).await,
        Stop::OwnerSuspended => idp.switch(OPS, Switch::Suspend).await,
        Stop::PasswordReset => {
            let identity = idp.identity();
            identity.reset_password(ALICE.name, &new, MustChange::No, &by_operator()).await.unwrap();
        }
        Stop::PasswordChanged => {
            let declared = json!({"account": [{"id": "104857600000", "alias": "acme",
                "iam_user": [{"username": "alice", "password": new.expose()}]}]});
            idp.apply(&declared).await;
        }
    }
    idp.clock().advance(Duration::from_millis(999));
    for browser in [&browser, &elsewhere, &browser.at(&node), &elsewhere.at(&node)] {
        assert_eq!(browser.get(&silent).await.returned_error(), "login_required", "{stop:?}");
    }
    for provider in [&idp, &node] {
        assert!(!provider.api().is_active(&tokens.access).await, "{stop:?}");
    }
    let others = bystander.at(&node).get(&silent).await.returned();
    assert_eq!(others.contains_key("code"), !matches!(stop, Stop::OwnerSuspended), "{stop:?}");
}
