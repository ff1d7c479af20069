//! States that are wrong, foreign, late, used, doubled or long: 400, and nobody
//! is asked anything.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::StatusCode;
use menshen::simulator::fixture::XIAOMING;
use rstest::rstest;

use super::scene::{Scene, callback};
use super::wechat::bound;
use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};

fn assert_no_state(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}: {}", answer.url, answer.body);
    assert_eq!(answer.error_code().as_deref(), Some("bad_state"), "{}", answer.url);
}

#[rstest]
#[actix_web::test]
async fn wx_01_a_callback_without_a_good_state_asks_nobody(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let (browser, other) = (scene.idp.browser(), scene.idp.browser());
    let own = scene.leave(&browser, "/login/wechat").await.state;
    let foreign = scene.leave(&other, "/login/wechat").await.state;
    let code = scene.wechat_code(XIAOMING).await;
    let path = |params: &[(&str, &str)]| callback("/login/wechat", params);
    let long = "a".repeat(10 * 1024);
    let upper = own.to_uppercase();
    for params in [
        vec![("code", code.as_str())],
        vec![("code", &code), ("state", "")],
        vec![("code", &code), ("state", &foreign)],
        vec![("code", &code), ("state", &long)],
        vec![("code", &code), ("state", &upper)],
        vec![("code", &code), ("state", &own), ("state", &own)],
        vec![("code", &code), ("code", "x"), ("state", &own)],
        vec![("code", &code), ("state", "\r\nSet-Cookie: a=b")],
        vec![("code", &code), ("state", "https://evil.example/")],
    ] {
        assert_no_state(&browser.open(&path(&params)).await);
    }
    // A browser that is none of ours has no state at all.
    assert_no_state(&scene.idp.browser().open(&path(&[("code", &code), ("state", &own)])).await);
    assert_eq!(scene.exchanges().await, 0);
    // All of that has not used it up.
    let good = browser.open(&path(&[("code", &code), ("state", &own)])).await;
    assert!(good.has("#phone"), "{}", good.body);
    assert_eq!(scene.exchanges().await, 1);
}

#[rstest]
#[actix_web::test]
async fn wx_01_a_state_is_good_once_even_when_the_exchange_failed(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let state = scene.leave(&browser, "/login/wechat").await.state;
    let failed = browser.open(&callback("/login/wechat", &[("code", "never-made"), ("state", &state)])).await;
    assert_eq!(failed.error_code().as_deref(), Some("qr_expired"));
    let code = scene.wechat_code(XIAOMING).await;
    let again = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &state)])).await;
    assert_no_state(&again);
    assert!(again.attribute("#restart", "href").is_some_and(|href| href.starts_with("/login/wechat?")));
    assert_eq!(scene.exchanges().await, 1);
}

#[rstest]
#[actix_web::test]
async fn wx_01_of_many_callbacks_at_once_one_asks(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let state = scene.leave(&browser, "/login/wechat").await.state;
    let code = scene.wechat_code(XIAOMING).await;
    let url = callback("/login/wechat", &[("code", &code), ("state", &state)]);
    let answers = futures_of(8, || browser.get(&url)).await;
    let won = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    let lost = answers.iter().filter(|answer| answer.status == StatusCode::BAD_REQUEST).count();
    assert_eq!((won, lost), (1, 7));
    assert_eq!(scene.exchanges().await, 1);
}

/// Awaits `count` futures side by side.
async fn futures_of<F: Future<Output = Answer>>(count: usize, make: impl Fn() -> F) -> Vec<Answer> {
    let mut waiting: Vec<_> = (0..count).map(|_| (Box::pin(make()), None)).collect();
    std::future::poll_fn(|context| {
        for (future, answer) in &mut waiting {
            if answer.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        if waiting.iter().all(|(_, answer)| answer.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, answer)| answer).collect()
}

#[actix_web::test]
async fn wx_01_a_late_state_says_where_to_begin_again() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let state = scene.leave(&browser, "/login/wechat").await.state;
    scene.idp.clock().advance(Duration::from_secs(10 * 60 + 1));
    let code = scene.wechat_code(XIAOMING).await;
    let late = browser.open(&callback("/login/wechat", &[("code", &code), ("state", &state)])).await;
    assert_no_state(&late);
    let restart = late.attribute("#restart", "href").expect("a link");
    assert!(browser.open(&restart).await.has("#continue"), "the interaction itself still waits");
    assert_eq!(scene.exchanges().await, 0);
}

#[actix_web::test]
async fn wx_02_somebody_elses_code_cannot_be_slipped_to_who_is_signed_in() {
    let scene = Scene::start(Sqlite).await;
    let victim = bound(&scene).await;
    let attacker = scene.idp.browser();
    let state = scene.leave(&attacker, "/login/wechat").await.state;
    let code = scene.wechat_code(XIAOMING).await;
    let before = scene.exchanges().await;
    assert_no_state(&victim.open(&callback("/login/wechat", &[("code", &code), ("state", &state)])).await);
    assert_eq!(scene.exchanges().await, before);
}

#[actix_web::test]
async fn wx_03_what_completes_a_login_is_in_the_browser_that_began_it() {
    let scene = Scene::start(Sqlite).await;
    let (at_the_desk, elsewhere) = (scene.idp.browser(), scene.idp.browser());
    let state = scene.leave(&at_the_desk, "/login/wechat").await.state;
    scene.leave(&elsewhere, "/login/wechat").await;
    let code = scene.wechat_code(XIAOMING).await;
    assert_no_state(&elsewhere.open(&callback("/login/wechat", &[("code", &code), ("state", &state)])).await);
}

#[actix_web::test]
async fn up_03_a_state_of_one_vendor_is_none_at_anothers_callback() {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let state = scene.leave(&browser, "/login/wechat").await.state;
    let code = scene.wechat_code(XIAOMING).await;
    for page in ["/login/alipay", "/login/taobao"] {
        let params = [("code", code.as_str()), ("auth_code", &code), ("app_id", "2021000000000001"), ("state", &state)];
        assert_no_state(&browser.open(&callback(page, &params)).await);
    }
    for (vendor, route) in [("alipay", "/gateway.do"), ("taobao", "/token"), ("wechat", "/access_token")] {
        assert_eq!(scene.calls(vendor, route).await, 0, "{vendor}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_page_with_a_code_to_scan_writes_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    let browser = scene.idp.browser();
    let page = scene.leave(&browser, "/login/wechat").await.page;
    let before = scene.idp.store.statistics().commits;
    for _ in 0..10 {
        browser.get(&page.url).await;
    }
    assert_eq!(scene.idp.store.statistics().commits, before);
}

fn from_number(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    IpAddr::from([198, 51, high, low])
}

#[rstest]
#[actix_web::test]
async fn who_comes_back_in_a_crowd_is_turned_away_with_the_state_unused_and_other_methods_do_not_notice(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scene = Scene::start(backend).await;
    let (browser, other) = (scene.idp.browser(), scene.idp.browser());
    let state = scene.leave(&browser, "/login/wechat").await.state;
    let elsewhere = scene.leave(&other, "/login/alipay").await.state;
    let code = scene.wechat_code(XIAOMING).await;
    let (mut crowd, admit) = (Vec::new(), |from: IpAddr| scene.idp.flow.upstream.admit("wechat", from));
    // A stranger's alone is in nobody's way.
    while let Ok(one) = admit(IpAddr::from([203, 0, 113, 9])) {
        crowd.push(one);
    }
    let denied = browser.open(&callback("/login/wechat", &[("state", &state)])).await;
    assert_eq!(denied.error_code().as_deref(), Some("qr_denied"), "{}", denied.body);
    let state = scene.leave(&browser, "/login/wechat").await.state;
    let url = callback("/login/wechat", &[("code", &code), ("state", &state)]);
    crowd.extend((0..=u16::MAX).map_while(|number| admit(from_number(number)).ok()));
    let away = browser.open(&url).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "{}", away.body);
    assert!(away.header("retry-after").is_some());
    let cancelled = other.open(&callback("/login/alipay", &[("state", &elsewhere)])).await;
    assert_eq!(cancelled.error_code().as_deref(), Some("qr_denied"), "{}", cancelled.body);
    assert_eq!(scene.exchanges().await, 0);
    drop(crowd);
    let good = browser.open(&url).await;
    assert!(good.has("#phone"), "{}", good.body);
    assert_eq!(scene.exchanges().await, 1);
}
