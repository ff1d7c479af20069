//! Another kind of browser, or another country.

use rstest::rstest;
use serde_json::json;

use super::super::chooser::{pick, sub_after};
use super::{acme_asks, prove, silent, state};
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, GLOBEX, OPS};
use crate::support::idp::TestIdp;
use crate::support::mmdb;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";

#[rstest]
#[actix_web::test]
async fn another_kind_of_browser_asks_again_where_the_owner_minds(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (mut browser, console) = (idp.browser(), idp.client("console"));
    acme_asks(&idp, json!({"reauth_on_change": true})).await;
    browser.user_agent = FIREFOX;
    for person in [OPS, ALICE, GLOBEX] {
        browser.sign_in(person).await;
    }
    browser.user_agent = NEWER_FIREFOX;
    assert_eq!(silent(&idp, &browser, OPS).await, "code", "the same browser, updated");
    for other in [CHROME, "curl/8.5.0"] {
        browser.user_agent = other;
        for (person, comes) in [(OPS, "login_required"), (ALICE, "login_required"), (GLOBEX, "code")] {
            assert_eq!(silent(&idp, &browser, person).await, comes, "{other}: {person:?}");
        }
    }
    browser.user_agent = CHROME;
    let chooser = browser.open(&console.request().url()).await;
    assert_eq!(["Acme", "alice@acme", "Globex"].map(|words| state(&chooser, words)), ["locked", "locked", "active"]);
    let login = pick(&browser, &chooser, "Acme").await;
    let back = prove(&browser, &login).await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(OPS).await);
    assert_eq!(silent(&idp, &browser, OPS).await, "code");
    assert_eq!(silent(&idp, &browser, ALICE).await, "login_required");
    // What counts is the last proof: of hers it is the first browser, of his the second.
    browser.user_agent = FIREFOX;
    assert_eq!(silent(&idp, &browser, OPS).await, "login_required");
    assert_eq!(silent(&idp, &browser, ALICE).await, "code");
}

const NETWORKS: [mmdb::Row; 2] =
    [("1.0.0.0/9", "CN", "中国", "China"), ("2400:cb00::/32", "SG", "新加坡", "Singapore")];

#[rstest]
#[actix_web::test]
async fn another_country_asks_again_where_it_is_known(#[values(Sqlite, Postgres)] backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    std::fs::write(&file, mmdb::database("GeoLite2-Country", &NETWORKS)).unwrap();
    let idp = TestIdp::configured(backend, &[("geo.database", file.to_str().unwrap())]).await;
    let blind = idp.another_node(&[]).await;
    acme_asks(&idp, json!({"reauth_on_change": true})).await;
    let mut browser = idp.browser();
    browser_at(&mut browser, "1.2.3.4");
    browser.sign_in(OPS).await;
    browser.sign_in(GLOBEX).await;
    for (address, comes) in [("1.9.9.9", "code"), ("9.9.9.9", "code"), ("2400:cb00::7", "login_required")] {
        browser_at(&mut browser, address);
        assert_eq!(silent(&idp, &browser, OPS).await, comes, "{address}");
        assert_eq!(silent(&idp, &browser, GLOBEX).await, "code", "{address}");
        assert_eq!(silent(&blind, &browser.at(&blind), OPS).await, "code", "without a file: {address}");
    }
    let login = browser.open(&idp.client("console").request().with("login_hint", OPS.name).url()).await;
    assert!(prove(&browser, &login).await.returned().contains_key("code"));
    assert_eq!(silent(&idp, &browser, OPS).await, "code");
    browser_at(&mut browser, "1.2.3.4");
    assert_eq!(silent(&idp, &browser, OPS).await, "login_required");
}

fn browser_at(browser: &mut Browser, address: &str) {
    browser.peer.set_ip(address.parse().unwrap());
}
