//! `/logout` and `/accounts`: signing out, by a client's wish and by one's own.

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, OPS};
use crate::support::idp::TestIdp;

fn logout(params: &[(&str, &str)]) -> String {
    format!("/logout?{}", Serializer::new(String::new()).extend_pairs(params).finish())
}

/// LO-01: an address that this client did not register is not gone to.
#[rstest]
#[actix_web::test]
async fn lo_01_nobody_is_sent_where_the_client_did_not_register(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    for uri in [
        "https://evil.test/",
        "https://console.test/bye/",
        "https://console.test/bye?x=1",
        "https://console.test/bye/../evil",
        "https://console.test@evil.test/bye",
        "https://console.test/cb",
        "javascript:alert(1)",
        "//evil.test",
    ] {
        let tokens = idp.client("console").signed_in(&browser, OPS, "openid").await;
        let hint = tokens.id_token.as_deref().unwrap();
        for params in [
            vec![("post_logout_redirect_uri", uri), ("id_token_hint", hint)],
            vec![("post_logout_redirect_uri", uri), ("client_id", "console")],
            vec![("post_logout_redirect_uri", uri)],
        ] {
            let answer = browser.get(&logout(&params)).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::OK, None), "{params:?}");
            assert!(!answer.attributes("a", "href").iter().any(|href| href == uri));
        }
    }
    // A registered address, but no client that vouches for the request.
    let answer = browser.get(&logout(&[("post_logout_redirect_uri", "https://console.test/bye")])).await;
    assert_eq!(answer.location(), None);
}

/// LO-02: without a hint of this very session the person is asked, and is still signed in.
#[rstest]
#[actix_web::test]
async fn lo_02_another_site_signs_nobody_out(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let tokens = idp.client("console").signed_in(&browser, OPS, "openid").await;
    for params in [vec![], vec![("client_id", "console"), ("post_logout_redirect_uri", "https://console.test/bye")]] {
        let page = browser.get(&logout(&params)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.has("#logout-confirm"), "the person is asked");
    }
    let page = browser.get("/logout").await;
    let form = page.form();
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(browser.post_from("https://evil.test", "/logout", &fields).await.status, StatusCode::FORBIDDEN);
    let forged: Vec<_> =
        fields.iter().map(|(name, value)| (*name, if *name == "csrf" { "x" } else { value })).collect();
    assert_eq!(browser.post("/logout", &forged).await.status, StatusCode::FORBIDDEN);
    // A hint of somebody else's session asks as well.
    let other = idp.client("console").signed_in(&idp.browser(), ALICE, "openid").await;
    let hinted = browser.get(&logout(&[("id_token_hint", other.id_token.as_deref().unwrap())])).await;
    assert!(hinted.has("#logout-confirm"));
    assert!(idp.api().is_active(&tokens.access).await, "still signed in");
    idp.client("console").silently(&browser, "openid").await;
}

/// LO-04: a client's hint ends its own account's session; the other accounts and offline families stay.
#[rstest]
#[actix_web::test]
async fn lo_04_a_client_signs_out_its_own_session_and_nobody_else(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let scope = "openid offline_access";
    let first = console.signed_in(&browser, OPS, "openid").await;
    let offline = {
        let back = browser.open(&console.request().with("scope", scope).url()).await;
        console.tokens(&console.code_from(&back)).await
    };
    let page = browser.open("/login/iam").await;
    browser.sign_in_at(&page, ALICE).await;
    let back = browser.open(&console.request().with("login_hint", ALICE.name).url()).await;
    let of_alice = console.tokens(&console.code_from(&back)).await;
    let params = [
        ("id_token_hint", first.id_token.as_deref().unwrap()),
        ("post_logout_redirect_uri", "https://console.test/bye"),
        ("state", "the state & more"),
    ];
    let answer = browser.get(&logout(&params)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), Some("https://console.test/bye?state=the%20state%20%26%20more"));
    assert!(!idp.api().is_active(&first.access).await);
    assert!(idp.api().is_active(&of_alice.access).await);
    assert_eq!(
        console.refresh(offline.refresh.as_deref().unwrap()).await.status,
        StatusCode::OK,
        "offline outlives it"
    );
    let states = browser.open("/accounts").await.attributes("[data-state]", "data-state");
    assert_eq!(states.iter().filter(|state| *state == "active").count(), 1);
}

/// LO-05: an old cookie, Back, and another node: a login page, and nothing that was kept.
#[rstest]
#[actix_web::test]
async fn lo_05_what_was_signed_out_stays_so(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    let copy = browser.stolen();
    let page = browser.open("/logout").await;
    let done = browser.press(&page, "#logout-confirm").await;
    assert!(done.body.contains("Signed out") && done.text("title").unwrap().contains("Signed out"), "{}", done.body);
    assert_eq!(done.header("cache-control"), Some("no-store"));
    let node = idp.another_node(&[]).await;
    for replay in [copy.stolen(), copy.at(&node), browser.stolen(), browser.at(&node)] {
        let page = replay.open(&console.request().url()).await;
        // The chooser of who was here: each leads to its own login page.
        assert_eq!(page.path(), "/accounts");
        assert!(page.has("[data-state=signed_out]") && !page.has("[data-state=active]"), "{}", page.body);
        assert!(replay.press(&page, "button[name=account]").await.has("#password"));
        assert_eq!(
            replay.get(&console.request().with("prompt", "none").url()).await.returned_error(),
            "login_required"
        );
    }
    assert!(!idp.api().is_active(&tokens.access).await);
    assert!(!browser.open("/accounts").await.has("[data-state=active]"));
}

#[rstest]
#[actix_web::test]
async fn everybody_of_a_browser_signs_out_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, other) = (idp.browser(), idp.browser());
    let console = idp.client("console");
    let tokens = console.signed_in(&browser, OPS, "openid").await;
    browser.sign_in(ALICE).await;
    let elsewhere = console.signed_in(&other, OPS, "openid").await;
    let page = browser.open("/accounts").await;
    let after = browser.press(&page, "#sign-out-all").await;
    assert!(!after.has("[data-state=active]"));
    assert!(!idp.api().is_active(&tokens.access).await);
    assert!(idp.api().is_active(&elsewhere.access).await, "another browser is another matter");
    assert_eq!(idp.api().introspect(&elsewhere.access).await["active"], json!(true));
}
