//! `/me/bindings`: what is bound to an account, and taking it away.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::base::TokenHash;
use menshen::base::id::PrincipalId;
use menshen::domain::{AuditKind, Outcome};
use menshen::flow::FRESH_PROOF;
use menshen::identity::{OperatorError, by_operator};
use menshen::notify::{Content, Notice, Occasion};
use menshen::simulator::fixture::{XIAOHONG, XIAOMING};
use menshen::store::Tx;
use menshen::store::bindings::{self, BindingKey, NewBinding};
use rstest::rstest;
use serde_json::json;

use super::scene::{GLOBEX_PHONE, Leaving, Scene, callback};
use super::wechat::bound;
use crate::routes::logout_channels::{listening, waiting};
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, GLOBEX, OPS, PASSWORD, Person};

pub const MAIL: [(&str, &str); 2] = [("mail.host", "mail.test"), ("mail.from", "no-reply@id.test")];
pub const BUTTON: &str = "button[name=unbind]";

/// The notices that went out since we looked last, with whom they went to.
pub async fn notices(scene: &Scene) -> Vec<(String, Notice)> {
    let letters = scene.idp.letters().await.into_iter();
    letters
        .filter_map(|(_, letter)| match letter.content {
            Content::Notice(notice) => Some((letter.to, notice)),
            Content::Code { .. } | Content::Nothing => None,
        })
        .collect()
}

fn removal(method: &str) -> Occasion {
    Occasion::BindingRemoved { connector: method.to_owned() }
}

/// Who was told that `method` was taken away.
pub async fn told(scene: &Scene, method: &str) -> Vec<String> {
    let all = notices(scene).await.into_iter();
    all.filter(|(_, notice)| notice.occasion == removal(method)).map(|(to, _)| to).collect()
}

pub async fn removed(scene: &Scene, outcome: Outcome) -> usize {
    let trail = scene.idp.audit().await;
    trail.iter().filter(|event| event.kind == AuditKind::BindingRemoved && event.outcome == outcome).count()
}

pub async fn is_bound(scene: &Scene) -> bool {
    !scene.scan(&scene.idp.browser(), XIAOHONG).await.has("#phone")
}

async fn state_of(browser: &Browser) -> Vec<String> {
    browser.open("/accounts").await.attributes("button[data-principal-type=root]", "data-state")
}

#[rstest]
#[actix_web::test]
async fn an_identity_that_is_unbound_opens_nothing_and_what_it_had_opened_ends(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::configured(backend, &MAIL).await;
    listening(&scene.idp, "https://console.test/back-channel").await;
    let here = bound(&scene).await;
    let (there, by_password) = (scene.idp.browser(), scene.idp.browser());
    let console = scene.idp.client("console");
    let back = scene.scan(&there, XIAOHONG).await;
    let of_there = console.tokens(&console.code_from(&back)).await;
    let of_password = console.signed_in(&by_password, GLOBEX, "openid").await;
    notices(&scene).await;
    let page = here.open("/me/bindings").await;
    assert_eq!(page.attributes("li[data-method]", "data-method"), ["wechat"], "{}", page.body);
    assert!(page.body.contains("小红") && page.body.contains("Used just now") && !page.has("#proof-first"));
    let after = here.press(&page, BUTTON).await;
    assert_eq!((after.status, after.path()), (StatusCode::OK, "/me/bindings"));
    assert!(after.has("#no-bindings") && !after.has(BUTTON), "{}", after.body);
    // Nobody comes in by it, and who had come in by it is out; whoever asked stays, and who had a password.
    assert!(scene.scan(&scene.idp.browser(), XIAOHONG).await.has("#phone"));
    assert_eq!(state_of(&there).await, ["signed_out"]);
    assert!(!scene.idp.api().is_active(&of_there.access).await);
    assert_eq!(waiting(&scene.idp).await, 1, "the client of that sign-in hears of it");
    assert_eq!((state_of(&here).await, state_of(&by_password).await), (vec!["active".into()], vec!["active".into()]));
    assert!(scene.idp.api().is_active(&of_password.access).await);
    assert_eq!(told(&scene, "wechat").await, [GLOBEX.name], "once");
    assert_eq!(removed(&scene, Outcome::Success).await, 1);
    // The account is free for another identity, and the identity for another account.
    scene.idp.clock().advance(Duration::from_secs(61));
    let other = scene.idp.browser();
    let bind = scene.scan(&other, XIAOMING).await;
    assert!(scene.prove(&other, &bind, GLOBEX_PHONE).await.returned().contains_key("code"));
}

/// RG-05: how somebody signs in is changed by a fresh proof alone.
#[rstest]
#[actix_web::test]
async fn rg_05_an_old_proof_is_given_again_before_anything_is_unbound(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let here = bound(&scene).await;
    scene.idp.clock().advance(FRESH_PROOF + Duration::from_secs(1));
    let page = here.open("/me/bindings").await;
    assert!(page.has(BUTTON) && page.has("#proof-first"), "{}", page.body);
    let login = here.press(&page, BUTTON).await;
    assert_eq!(login.path(), "/login/wechat", "the way that this account came: {}", login.body);
    assert!(is_bound(&scene).await);
    assert_eq!(removed(&scene, Outcome::Success).await, 0);
    // Back from the proof nothing was done yet: the button is pressed again.
    let (state, code) = (Leaving::of(login).state, scene.wechat_code(XIAOHONG).await);
    let page = here.open(&callback("/login/wechat", &[("code", &code), ("state", &state)])).await;
    assert_eq!((page.path(), page.has("#proof-first")), ("/me/bindings", false), "{}", page.body);
    assert!(here.press(&page, BUTTON).await.has("#no-bindings"));
    assert!(!is_bound(&scene).await);
}

#[rstest]
#[actix_web::test]
async fn rg_05_the_proof_of_another_account_is_none_of_this_one(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    bound(&scene).await;
    let here = scene.idp.browser();
    here.sign_in(GLOBEX).await;
    scene.idp.clock().advance(FRESH_PROOF + Duration::from_secs(1));
    let page = here.open("/me/bindings").await;
    let login = here.press(&page, BUTTON).await;
    assert!(login.path() == "/login" && login.has("#password"), "{}", login.body);
    let other = here.sign_in_at(&login, OPS).await;
    assert_eq!(other.path(), "/accounts", "told that it is another account: {}", other.body);
    // The page of the account is as it was, and asks as before.
    let page = here.open(&page.form().action).await;
    assert!(page.has("#proof-first"), "{}", page.body);
    assert!(here.press(&page, BUTTON).await.has("#password"));
    assert!(is_bound(&scene).await);
}

#[rstest]
#[case::and_nothing_is_bound_instead(false)]
#[case::and_another_is_bound_instead(true)]
#[actix_web::test]
async fn a_proof_that_waits_for_room_is_void_when_its_identity_is_taken_away(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] another: bool,
) {
    let scene = Scene::configured(backend, &[("throttle.enabled", "false")]).await;
    bound(&scene).await;
    let names: Vec<String> = (0..20).map(|at| format!("u{at:02}")).collect();
    let users: Vec<_> = names.iter().map(|name| json!({"username": name, "password": PASSWORD})).collect();
    scene.idp.apply(&json!({"account": [{"id": "104857600000", "alias": "acme", "iam_user": users}]})).await;
    let full = scene.idp.browser();
    for name in names {
        let name: &'static str = format!("{name}@acme").leak();
        full.sign_in(Person { page: "/login/iam", name }).await;
    }
    let (state, code) = (Leaving::of(full.open("/login/wechat").await).state, scene.wechat_code(XIAOHONG).await);
    let asked = full.open(&callback("/login/wechat", &[("code", &code), ("state", &state)])).await;
    assert_eq!(asked.attributes("button[name=remove]", "name").len(), 20, "{}", asked.body);
    let identity = scene.idp.identity();
    let held = identity.list_bindings(GLOBEX.name).await.unwrap();
    identity.unbind(GLOBEX.name, held[0].id, &by_operator()).await.unwrap();
    if another {
        scene.idp.clock().advance(Duration::from_secs(30));
        let root = PrincipalId::from_text(scene.idp.sub_of(GLOBEX).await);
        let keys = [BindingKey { hash: TokenHash::new([7; 32]), kind: "unionid".to_owned() }];
        let own = move |tx: &mut Tx<'_>| {
            bindings::insert(tx, &NewBinding { principal: &root, connector: "wechat", name: None, keys: &keys })
        };
        scene.idp.write(own).await;
    }
    let after = full.press(&asked, "button[name=remove]").await;
    assert_eq!(after.path(), "/login/wechat", "{}", after.body);
    assert!(!full.open("/accounts").await.has("button[data-principal-type=root]"));
}

#[rstest]
#[actix_web::test]
async fn the_page_is_of_the_account_that_its_address_names(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let here = bound(&scene).await;
    scene.idp.clock().advance(Duration::from_secs(1));
    here.sign_in(ALICE).await;
    let own = here.open("/me/bindings").await;
    assert!(own.has("#no-bindings"), "nobody binds anything to an IAM user: {}", own.body);
    let sessions = here.open("/me/sessions").await;
    assert!(sessions.attribute("a[href^='/me/bindings?account=']", "href").is_some());
    let accounts = here.open("/accounts").await;
    assert!(accounts.has("a[href='/me/bindings']"), "{}", accounts.body);
    let row = accounts.attribute("button[name=account][data-principal-type=root]", "value").expect("Globex");
    let page = here.open(&format!("/me/bindings?account={row}")).await;
    let after = here.press(&page, BUTTON).await;
    assert!(after.url.ends_with(&format!("?account={row}")) && after.has("#no-bindings"), "{}", after.url);
}

#[rstest]
#[actix_web::test]
async fn an_operator_lists_and_unbinds(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &MAIL).await;
    let here = bound(&scene).await;
    notices(&scene).await;
    let identity = scene.idp.identity();
    let held = identity.list_bindings(GLOBEX.name).await.unwrap();
    assert_eq!(held.iter().map(|one| one.connector.as_str()).collect::<Vec<_>>(), ["wechat"]);
    assert!(held[0].last_used_at.is_some());
    let foreign = identity.unbind(OPS.name, held[0].id, &by_operator()).await;
    assert!(matches!(foreign, Err(OperatorError::NotBound)), "{foreign:?}");
    assert!(matches!(identity.list_bindings("nobody@acme.example").await, Err(OperatorError::Unknown)));
    assert!(is_bound(&scene).await);
    notices(&scene).await;
    assert_eq!(identity.unbind(GLOBEX.name, held[0].id, &by_operator()).await.unwrap(), "wechat");
    assert!(matches!(identity.unbind(GLOBEX.name, held[0].id, &by_operator()).await, Err(OperatorError::NotBound)));
    assert!(!is_bound(&scene).await);
    assert_eq!(state_of(&here).await, ["signed_out"], "nobody asked from there");
    assert_eq!(
        (removed(&scene, Outcome::Success).await, told(&scene, "wechat").await),
        (1, vec![GLOBEX.name.to_owned()])
    );
}
