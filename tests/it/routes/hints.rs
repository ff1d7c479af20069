//! Every hint and option that narrows the choice of an account.

use rstest::rstest;
use serde_json::json;

use super::chooser::{five, pick, sub_after};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ACME_PHONE, ALICE, BOB, DEV, GLOBEX, OPS, Person};
use crate::support::idp::TestIdp;

#[rstest]
#[case::owner("owner_hint", "globex", GLOBEX)]
#[case::owner_by_id("owner_hint", "104857600002", GLOBEX)]
#[case::kind("principal_type_hint", "sub_account", DEV)]
#[case::name("login_hint", "bob@acme", BOB)]
#[actix_web::test]
async fn a_hint_narrows_the_choice(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] name: &str,
    #[case] value: &str,
    #[case] person: Person,
) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (five(&idp).await, idp.client("console"));
    for prompt in ["none", ""] {
        let back = browser.open(&console.request().with(name, value).with("prompt", prompt).url()).await;
        assert_eq!(sub_after(&console, &back).await, idp.sub_of(person).await, "{prompt}");
    }
}

#[rstest]
#[actix_web::test]
async fn hints_of_several_nobody_and_nonsense(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (five(&idp).await, idp.client("console"));
    let with = |name: &str, value: &str| console.request().with(name, value);
    let silent = |name: &str, value: &str| with(name, value).with("prompt", "none").url();
    for (name, value, error) in [
        ("owner_hint", "acme", "account_selection_required"),
        ("owner_hint", "nowhere", "login_required"),
        ("principal_type_hint", "iam_user", "account_selection_required"),
        ("principal_type_hint", "emperor", "invalid_request"),
        ("sid", "unknown", "login_required"),
        ("login_hint", "p_nobody", "login_required"),
        ("login_hint", "lh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "login_required"),
    ] {
        assert_eq!(browser.get(&silent(name, value)).await.returned_error(), error, "{name}={value}");
    }
    // A phone number is of one account here, and of two in the house.
    let back = browser.open(&silent("login_hint", ACME_PHONE)).await;
    assert_eq!(sub_after(&console, &back).await, idp.sub_of(OPS).await);
    // The chooser of a filtered request lists nobody else.
    let page = browser.open(&with("principal_type_hint", "iam_user").url()).await;
    assert_eq!(page.attributes("button[name=account]", "data-principal-type"), ["iam_user", "iam_user"]);
    // Nobody fits: the page of that kind, and whoever else signs in there is told.
    let login = browser.open(&with("owner_hint", "nowhere").with("principal_type_hint", "iam_user").url()).await;
    assert_eq!(login.path(), "/login/iam");
    let told = browser.sign_in_at(&login, ALICE).await;
    assert!(told.has("#other-account"), "{}", told.body);
    // A method's own page.
    let fresh = idp.browser();
    for (hint, page) in [("iam_user", "/login/iam"), ("sub_account", "/login/sub"), ("x", "/login")] {
        assert_eq!(fresh.open(&with("login_method_hint", hint).url()).await.path(), page);
    }
}

#[rstest]
#[actix_web::test]
async fn a_sid_and_an_opaque_hint_mean_one_account_of_this_browser(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let claims = json!({"id_token": {"login_hint": null}}).to_string();
    let back = browser.sign_in_for(&console.request().with("claims", &claims), OPS).await;
    let of_ops = console.tokens(&console.code_from(&back)).await.claims();
    browser.sign_in(ALICE).await;
    let (sid, hint) = (of_ops["sid"].as_str().unwrap(), of_ops["login_hint"].as_str().unwrap());
    assert!(!hint.contains("ops") && !hint.contains(of_ops["sub"].as_str().unwrap()));
    for (name, value) in [("sid", sid), ("login_hint", hint)] {
        for prompt in ["none", ""] {
            let back = browser.open(&console.request().with(name, value).with("prompt", prompt).url()).await;
            assert_eq!(sub_after(&console, &back).await, of_ops["sub"].as_str().unwrap(), "{name} {prompt}");
        }
        // Elsewhere it names nobody.
        let elsewhere = idp.browser();
        elsewhere.sign_in(OPS).await;
        let silent = console.request().with(name, value).with("prompt", "none");
        let returned = elsewhere.get(&silent.url()).await;
        if name == "sid" {
            assert_eq!(returned.returned_error(), "login_required");
        } else {
            assert_eq!(sub_after(&console, &returned).await, of_ops["sub"].as_str().unwrap());
        }
    }
    // The `sid` of a session that ended is gone, also for a page.
    let accounts = browser.open("/accounts").await;
    browser.press(&accounts, "section[aria-labelledby=accounts] button[name=sign_out]").await;
    assert_eq!(browser.get(&console.request().with("sid", sid).url()).await.returned_error(), "login_required");
    let login = browser.open(&console.request().with("login_hint", hint).url()).await;
    assert!(login.has("#password") && login.body.contains("Acme"), "{}", login.body);
    // Nobody asked for it by name: it is not told.
    let again = console.signed_in(&browser, GLOBEX, "openid").await;
    assert!(again.claims().get("login_hint").is_none());
}

#[rstest]
#[actix_web::test]
async fn a_client_may_confirm_take_the_last_or_take_some_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let client = |id: &str, more: serde_json::Value| {
        let mut client = json!({"client_id": id, "token_endpoint_auth_method": "none", "first_party": true,
            "redirect_uris": [format!("https://{id}.test/cb")], "scope": "openid"});
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client
    };
    idp.apply(&json!({"client": [
        client("asks", json!({"always_confirm_account": true})),
        client("last", json!({"account_affinity": "last_used"})),
        client("iam", json!({"allowed_principal_types": ["iam_user"], "allowed_owner_accounts": ["acme"]})),
    ]}))
    .await;
    let browser = idp.browser();
    browser.sign_in(ALICE).await;
    let asks = idp.client("asks");
    assert!(browser.open(&asks.request().url()).await.has("button[name=account]"));
    browser.sign_in(OPS).await;
    let iam = idp.client("iam");
    assert!(browser.open(&iam.request().url()).await.returned().contains_key("code"), "one account fits");
    let last = idp.client("last");
    let silent = last.request().with("prompt", "none").url();
    assert_eq!(browser.get(&silent).await.returned_error(), "account_selection_required");
    let chooser = browser.open(&last.request().url()).await;
    pick(&browser, &chooser, "alice@acme").await;
    assert!(browser.get(&silent).await.returned().contains_key("code"), "the one that it got last");
    let focused = browser.open(&last.request().url()).await;
    assert!(focused.has("button[name=account][autofocus][data-principal-type=iam_user]"), "{}", focused.body);
}

/// A new proof, and several who may be meant: the page of every method has a tile for each.
#[rstest]
#[actix_web::test]
async fn a_new_proof_offers_everybody_on_every_login_page(#[values(Sqlite, Postgres)] backend: Backend) {
    let (idp, _vendors) = TestIdp::with_simulator(backend, &[]).await;
    let (browser, console) = (five(&idp).await, idp.client("console"));
    for anew in [("prompt", "login"), ("max_age", "0")] {
        for (method, path) in
            [("password", "/login"), ("sub_account", "/login/sub"), ("iam_user", "/login/iam"), ("sms", "/login/sms")]
        {
            let request = console.request().with(anew.0, anew.1).with("login_method_hint", method);
            let page = browser.open(&request.url()).await;
            assert_eq!(page.path(), path, "{}", page.body);
            let tiles = page.attributes("form.tiles button[name=account]", "value");
            assert_eq!(tiles.len(), 5, "{path}: {}", page.body);
            let field = |name: &str| page.attribute(&format!("form.tiles input[name={name}]"), "value").unwrap();
            let bob = page.attribute("form.tiles button[data-principal-type=iam_user]", "value").unwrap();
            let (interaction, csrf) = (field("interaction"), field("csrf"));
            let fields = [("interaction", interaction.as_str()), ("csrf", &csrf), ("account", &bob)];
            let picked = browser.post("/accounts", &fields).await;
            let proof = browser.follow(picked).await;
            assert!(proof.has("#password") && proof.body.contains("bob@acme"), "{path}: {}", proof.body);
        }
    }
    // Without a wish for a new proof nobody stands on a login page.
    let page = browser.open(&console.request().with("login_hint", "p_nobody").url()).await;
    assert!(page.has("#password") && !page.has("form.tiles"));
    // Only those whom the request leaves open.
    let request = console.request().with("prompt", "login").with("principal_type_hint", "iam_user");
    let page = browser.open(&request.url()).await;
    assert_eq!((page.path(), page.attributes("form.tiles button", "name").len()), ("/login/iam", 2));
}
