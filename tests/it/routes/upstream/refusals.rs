//! WX-05: an account keeps what is bound to it, and both sides hear of a binding that
//! was refused.

use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::domain::{AuditKind, Outcome};
use menshen::notify::{Content, Occasion};
use menshen::simulator::fixture::{XIAOHONG, XIAOMING};
use rstest::rstest;
use serde_json::json;

use super::scene::{ACME_PHONE, GLOBEX_PHONE, Scene};
use super::wechat::bound;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{GLOBEX, ME, OPS};

#[rstest]
#[actix_web::test]
async fn wx_05_an_account_keeps_the_wechat_that_it_has(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &[("mail.host", "mail.test"), ("mail.from", "no-reply@id.test")]).await;
    bound(&scene).await;
    let tried = async || {
        scene.idp.clock().advance(Duration::from_secs(61));
        let browser = scene.idp.browser();
        let bind = scene.scan(&browser, XIAOMING).await;
        let refused = scene.prove(&browser, &bind, GLOBEX_PHONE).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.error_code().as_deref(), Some("account_has_wechat"));
        assert!(refused.has("#other-number") && !refused.has("button[name=account]"));
        // What to do next is there, and the way to it.
        assert_eq!(refused.attribute("#manage-bindings", "href").as_deref(), Some("/me/bindings"));
        told_of_refusals(&scene).await
    };
    // Both sides hear of it: whoever tries by the page, whoever has the account by letter, once an hour.
    assert_eq!(tried().await, [GLOBEX.name]);
    assert_eq!(tried().await, [""; 0]);
    let refused = async || {
        let trail = scene.idp.audit().await;
        let refused = trail.into_iter().filter(|event| event.outcome == Outcome::Refused);
        refused.filter(|event| event.kind == AuditKind::BindingAdded && event.principal.is_some()).count()
    };
    assert_eq!(refused().await, 2, "each of them is written down");
    scene.idp.clock().advance(Duration::from_secs(3_600));
    assert_eq!(tried().await, [GLOBEX.name]);
    // 小红 still opens it, and 小明 is still nobody's.
    assert!(scene.scan(&scene.idp.browser(), XIAOHONG).await.returned().contains_key("code"));
    assert!(scene.scan(&scene.idp.browser(), XIAOMING).await.has("#phone"));
}

/// Who was told of a binding that was refused, since we looked last.
async fn told_of_refusals(scene: &Scene) -> Vec<String> {
    let occasion = Occasion::BindingRefused { connector: "wechat".into() };
    let is_it = |content: &Content| matches!(content, Content::Notice(notice) if notice.occasion == occasion);
    let letters = scene.idp.letters().await.into_iter();
    letters.filter(|(_, letter)| is_it(&letter.content)).map(|(_, letter)| letter.to).collect()
}

/// WX-05, where several accounts have the number and none of them is free.
#[rstest]
#[actix_web::test]
async fn wx_05_of_several_accounts_that_have_one_each_is_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &[("mail.host", "mail.test"), ("mail.from", "no-reply@id.test")]).await;
    for (alone, user) in [(0, XIAOMING), (1, XIAOHONG)] {
        scene.idp.clock().advance(Duration::from_secs(61));
        let browser = scene.idp.browser();
        let bind = scene.scan(&browser, user).await;
        let choice = scene.prove(&browser, &bind, ACME_PHONE).await;
        assert_eq!(choice.attributes("button[name=account]", "value").len(), 2 - alone, "{}", choice.body);
        let back = browser.press(&choice, "button[name=account]").await;
        assert!(scene.past_terms(&browser, back).await.returned().contains_key("code"));
    }
    scene.idp.letters().await;
    scene.idp.clock().advance(Duration::from_secs(61));
    let browser = scene.idp.browser();
    scene.vendors.tell("/users", json!({"vendor": "wechat", "id": "third", "unionid": "uSimThird"})).await;
    let bind = scene.scan(&browser, "third").await;
    let refused = scene.prove(&browser, &bind, ACME_PHONE).await;
    assert_eq!(refused.error_code().as_deref(), Some("account_has_wechat"), "{}", refused.body);
    let mut told = told_of_refusals(&scene).await;
    told.sort();
    assert_eq!(told, [ME.name, OPS.name]);
}
