//! `/login/alipay`, `/login/taobao` and `/login/oidc/{name}`, end to end.

use actix_web::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use super::scene::{GLOBEX_PHONE, Scene};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::GLOBEX;

const ALIPAY: (&str, &str) = ("alipay", "/login/alipay");
const TAOBAO: (&str, &str) = ("taobao", "/login/taobao");
const CORP: (&str, &str) = ("oidc", "/login/oidc/corp");

#[rstest]
#[case::alipay(ALIPAY, "ali-ming", "alipay")]
#[case::taobao(TAOBAO, "tb-ming", "taobao")]
#[case::oidc(CORP, "00u1liming", "fed")]
#[actix_web::test]
async fn up_01_an_identity_is_bound_by_our_own_proof_and_then_signs_in(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] vendor: (&str, &str),
    #[case] user: &str,
    #[case] amr: &str,
) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    // The provider's claims name Acme's number and address: that finds nobody.
    let bind = scene.consent(&browser, vendor, user, "allow").await;
    assert!(bind.has("#phone"), "{} {}", bind.status, bind.body);
    let back = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
    assert!(back.returned().contains_key("code"), "{}", back.body);
    let again = scene.consent(&scene.idp.browser(), vendor, user, "allow").await;
    let console = scene.idp.client("console");
    let claims = console.tokens(&console.code_from(&again)).await.claims();
    assert_eq!(claims["amr"], json!([amr]));
    assert_eq!(claims["sub"], json!(scene.idp.sub_of(GLOBEX).await));
}

/// Where somebody is signed in at the provider, a sign-out here would be undone by a click, and `prompt=login`
/// would prove nothing: the provider is told what to ask.
#[rstest]
#[actix_web::test]
async fn a_provider_is_told_when_it_must_ask(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let (first, second, console) = (scene.idp.browser(), scene.idp.browser(), scene.idp.client("console"));
    let asks = async |name: &str, value: &str| {
        let request = console.request().with("login_method_hint", "oidc.corp").with(name, value);
        let page = second.open(&request.url()).await;
        let link = Url::parse(&page.attribute("#continue", "href").unwrap()).unwrap();
        link.query_pairs().find(|(name, _)| name == "prompt").map(|(_, prompt)| prompt.into_owned())
    };
    assert_eq!(asks("prompt", "").await, None);
    assert_eq!(asks("prompt", "select_account").await.as_deref(), Some("select_account"));
    for anew in [("prompt", "login"), ("max_age", "0")] {
        assert_eq!(asks(anew.0, anew.1).await.as_deref(), Some("login"));
    }
    let bind = scene.consent(&first, CORP, "00u1liming", "allow").await;
    scene.prove(&first, &bind, GLOBEX_PHONE).await;
    scene.consent(&second, CORP, "00u1liming", "allow").await;
    let accounts = second.open("/accounts").await;
    second.press(&accounts, "button[name=sign_out]").await;
    assert_eq!(asks("login_hint", "p_nobody").await.as_deref(), Some("login"), "who signed out proves it again");
}

/// A new proof, and several who may be meant: a vendor's page has a tile for each, as the house's own have.
#[rstest]
#[actix_web::test]
async fn a_new_proof_at_a_vendor_offers_everybody_too(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = crate::routes::chooser::five(&scene.idp).await;
    for (method, path) in [("wechat", "/login/wechat"), ("alipay", "/login/alipay"), ("oidc.corp", "/login/oidc/corp")]
    {
        let request = scene.idp.client("console").request().with("prompt", "login").with("login_method_hint", method);
        let page = browser.open(&request.url()).await;
        assert_eq!(page.path(), path);
        assert_eq!(page.attributes("form.tiles button[name=account]", "name").len(), 5, "{}", page.body);
        let field = |name: &str| page.attribute(&format!("form.tiles input[name={name}]"), "value").unwrap();
        let bob = page.attribute("form.tiles button[data-principal-type=iam_user]", "value").unwrap();
        let (interaction, csrf) = (field("interaction"), field("csrf"));
        let fields = [("interaction", interaction.as_str()), ("csrf", &csrf), ("account", &bob)];
        let picked = browser.post("/accounts", &fields).await;
        let proof = browser.follow(picked).await;
        assert!(proof.has("#password") && proof.body.contains("bob@acme"), "{path}: {}", proof.body);
    }
}

#[rstest]
#[case::taobao(TAOBAO, "tb-ming")]
#[case::oidc(CORP, "00u1liming")]
#[actix_web::test]
async fn who_says_no_is_back_on_the_page(#[case] vendor: (&str, &str), #[case] user: &str) {
    let scene = Scene::start(Sqlite).await;
    let back = scene.consent(&scene.idp.browser(), vendor, user, "deny").await;
    assert_eq!((back.status, back.error_code().as_deref()), (StatusCode::OK, Some("qr_denied")), "{}", back.body);
    assert!(back.has("#continue"));
}

#[rstest]
#[case::nonce("bad_nonce")]
#[case::audience("bad_aud")]
#[case::issuer("bad_iss")]
#[case::expired("expired")]
#[case::unsigned("alg_none")]
#[case::another_key("bad_signature")]
#[actix_web::test]
async fn up_02_an_id_token_that_is_wrong_in_one_thing_lets_nobody_in(#[case] mode: &str) {
    let scene = Scene::start(Sqlite).await;
    scene.fault("oidc", "/token", mode, Value::Null).await;
    let browser = scene.idp.browser();
    let back = scene.consent(&browser, CORP, "00u1liming", "allow").await;
    assert_eq!(back.status, StatusCode::SERVICE_UNAVAILABLE, "{}", back.body);
    assert_eq!(back.error_code().as_deref(), Some("upstream_unavailable"));
    assert!(!browser.open("/accounts").await.has("[data-state=active]"));
}

#[rstest]
#[case::altered("altered")]
#[case::unsigned("missing")]
#[case::another_key("other_key")]
#[actix_web::test]
async fn an_answer_of_alipay_is_believed_under_its_signature_alone(#[case] how: &str) {
    let scene = Scene::start(Sqlite).await;
    scene.fault("alipay", "/gateway.do", "bad_signature", json!({"how": how})).await;
    let back = scene.consent(&scene.idp.browser(), ALIPAY, "ali-ming", "allow").await;
    assert_eq!(back.error_code().as_deref(), Some("upstream_unavailable"), "{}", back.body);
}

#[actix_web::test]
async fn a_provider_that_cannot_be_discovered_has_a_page_that_says_so() {
    let scene = Scene::start(Sqlite).await;
    scene.fault("oidc", "/.well-known/openid-configuration", "http", json!({"status": 500})).await;
    let page = scene.idp.browser().open("/login/oidc/corp").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
    assert_eq!(page.error_code().as_deref(), Some("upstream_unavailable"));
    assert!(page.has("#again") && page.has("a[href^='/login?']"));
    assert_eq!(scene.idp.browser().open("/login/oidc/nowhere").await.status, StatusCode::NOT_FOUND);
}
