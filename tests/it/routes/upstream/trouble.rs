//! Every vendor in every kind of trouble (connectors.md, failure modes): the page
//! answers in time and says what there is to say, nobody is let in, nothing is
//! asked for twice, and everybody else signs in as ever.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::scene::Scene;
use super::ways::{ALIPAY, OIDC, TAOBAO, WECHAT, Way, assert_nobody_is_in, code_in};
use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::GLOBEX;

/// A page may take so long, whatever a vendor does.
const LIMIT: Duration = Duration::from_secs(5);

/// Refused, and the way to another method is open.
fn assert_told(answer: &Answer, status: StatusCode, code: &str, what: &str) {
    assert_eq!((answer.status, answer.error_code().as_deref()), (status, Some(code)), "{what}: {}", answer.body);
    assert_eq!(answer.header("retry-after").is_some(), status == StatusCode::SERVICE_UNAVAILABLE, "{what}");
    assert!(answer.has("a[href^='/login?']"), "{what}: no way to another method");
}

/// WX-10, F24: down, slow, broken off, garbage. The attempt is spent, the exchange is never made twice.
#[rstest]
#[case::wechat(WECHAT)]
#[case::alipay(ALIPAY)]
#[case::taobao(TAOBAO)]
#[case::oidc(OIDC)]
#[actix_web::test]
async fn wx_10_a_vendor_in_trouble_is_told_in_time_and_asked_once(#[case] way: Way) {
    let scene = Scene::start(Sqlite).await;
    for (mode, args) in [
        ("refuse", json!({})),
        ("reset", json!({})),
        ("http", json!({"status": 500})),
        ("http", json!({"status": 502})),
        ("http", json!({"status": 503})),
        ("http", json!({"status": 429})),
        ("garbage", json!({})),
        ("truncated", json!({})),
        ("html", json!({})),
        ("huge", json!({})),
        ("empty", json!({})),
        ("wrong_charset", json!({})),
        ("timeout_after_effect", json!({})),
        ("slow", json!({"delay_ms": 8_000})),
    ] {
        let what = format!("{way:?} {mode} {args}");
        let browser = scene.idp.browser();
        let url = way.back(&scene, &browser).await;
        let before = way.asked(&scene).await;
        way.meets(&scene, mode, args).await;
        let begun = Instant::now();
        let answer = browser.open(&url).await;
        let took = begun.elapsed();
        assert!(took < LIMIT, "{what}: {took:?}");
        assert_told(&answer, StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable", &what);
        // The journal has a call that is still held when it has been answered.
        if mode != "slow" {
            assert_eq!(way.asked(&scene).await - before, 1, "{what}: asked once");
        }
        assert_nobody_is_in(&browser).await;
        // The same once more: the attempt is spent, and the vendor hears of it no more.
        scene.vendors.control(Method::DELETE, "/faults", Value::Null).await;
        let asked = way.asked(&scene).await;
        let again = browser.open(&url).await;
        assert_eq!(
            (again.status, again.error_code().as_deref()),
            (StatusCode::BAD_REQUEST, Some("bad_state")),
            "{what}"
        );
        assert!(mode == "slow" || way.asked(&scene).await == asked, "{what}");
        let code = code_in(&url);
        assert!(!answer.body.contains(&code), "{what}");
        assert!(!scene.idp.audit().await.iter().any(|event| event.detail.contains(&code)), "{what}");
    }
    // Slow, but not too slow, is not down.
    let browser = scene.idp.browser();
    let url = way.back(&scene, &browser).await;
    way.meets(&scene, "slow", json!({"delay_ms": 1_500})).await;
    assert!(browser.open(&url).await.has("#phone"), "{way:?}: slow is not down");
}

/// WX-07: an answer that names nobody, in every way in which that can be said.
#[rstest]
#[case::wechat(WECHAT, &["openid", "unionid"])]
#[case::alipay(ALIPAY, &["user_id", "open_id"])]
#[case::taobao(TAOBAO, &["taobao_open_uid", "taobao_user_id"])]
#[actix_web::test]
async fn wx_07_an_answer_that_names_nobody_lets_nobody_in(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] way: Way,
    #[case] ids: &[&str],
) {
    let scene = Scene::start(backend).await;
    for nothing in [Value::Null, json!(""), json!(0), json!("null"), json!(false), json!([]), json!("remove")] {
        let browser = scene.idp.browser();
        let url = way.back(&scene, &browser).await;
        let args = if nothing == "remove" {
            json!({"remove": ids})
        } else {
            json!({"set": ids.iter().map(|id| ((*id).to_owned(), nothing.clone())).collect::<serde_json::Map<_, _>>()})
        };
        way.meets(&scene, "set", args).await;
        let answer = browser.open(&url).await;
        let what = format!("{way:?} {nothing}");
        assert_told(&answer, StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable", &what);
        assert!(!answer.has("#phone"), "{what}: something waits to be bound");
        assert_nobody_is_in(&browser).await;
    }
}

/// What a vendor's own errors come to: the code is no good, or the vendor is.
#[rstest]
#[case::wechat(WECHAT, &["40029", "40163", "42003"], &["-1", "40013", "40125", "40243", "45009", "48001"])]
#[case::alipay(ALIPAY, &["isv.code-invalid"], &["isv.invalid-signature", "isv.invalid-app-id", "isp.unknow-error", "isv.app-call-limited"])]
#[case::taobao(TAOBAO, &["invalid_grant"], &["invalid_client", "server_error", "temporarily_unavailable"])]
#[case::oidc(OIDC, &["invalid_grant"], &["invalid_client", "unauthorized_client", "server_error"])]
#[actix_web::test]
async fn each_error_of_a_vendor_has_its_reaction(#[case] way: Way, #[case] codes: &[&str], #[case] vendors: &[&str]) {
    let scene = Scene::start(Sqlite).await;
    let spent = codes.iter().map(|code| (code, StatusCode::UNAUTHORIZED, "qr_expired"));
    let down = vendors.iter().map(|code| (code, StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable"));
    for (code, status, told) in spent.chain(down) {
        let browser = scene.idp.browser();
        let url = way.back(&scene, &browser).await;
        let before = way.asked(&scene).await;
        way.meets(&scene, "errcode", json!({"code": code})).await;
        let answer = browser.open(&url).await;
        assert_told(&answer, status, told, &format!("{way:?} {code}"));
        assert_eq!(way.asked(&scene).await - before, 1, "{code}");
        assert_nobody_is_in(&browser).await;
    }
}

/// A code that was spent before, at the vendor itself.
#[rstest]
#[case::wechat(WECHAT)]
#[case::alipay(ALIPAY)]
#[case::taobao(TAOBAO)]
#[case::oidc(OIDC)]
#[actix_web::test]
async fn a_code_that_was_traded_before_lets_nobody_in(#[case] way: Way) {
    let scene = Scene::start(Sqlite).await;
    let (first, second) = (scene.idp.browser(), scene.idp.browser());
    let used = way.back(&scene, &first).await;
    assert!(first.open(&used).await.has("#phone"));
    // The same code under a good state of somebody else.
    let other = way.back(&scene, &second).await;
    let replayed = other.replace(&code_in(&other), &code_in(&used));
    assert_ne!(replayed, other);
    let answer = second.open(&replayed).await;
    assert_told(&answer, StatusCode::UNAUTHORIZED, "qr_expired", &format!("{way:?}"));
    assert_nobody_is_in(&second).await;
}

/// While a vendor is silent, whoever takes another way waits for nobody.
#[rstest]
#[case::wechat(WECHAT)]
#[case::alipay(ALIPAY)]
#[case::taobao(TAOBAO)]
#[case::oidc(OIDC)]
#[actix_web::test]
async fn a_silent_vendor_holds_up_nobody_else(#[values(Sqlite, Postgres)] backend: Backend, #[case] way: Way) {
    let scene = Scene::start(backend).await;
    let mut waiting = Vec::new();
    for _person in 0..20 {
        let browser = scene.idp.browser();
        let url = way.back(&scene, &browser).await;
        waiting.push((browser, url));
    }
    way.meets(&scene, "timeout_after_effect", json!({})).await;
    let waiting: Vec<_> = waiting
        .into_iter()
        .map(|(browser, url)| {
            actix_web::rt::spawn(async move {
                let begun = Instant::now();
                (browser.open(&url).await, begun.elapsed())
            })
        })
        .collect();
    // They have all reached the vendor: a page that writes nothing is theirs no more.
    while way.asked(&scene).await < 20 {
        actix_web::rt::task::yield_now().await;
    }
    let others = Instant::now();
    for _login in 0..3 {
        let browser = scene.idp.browser();
        let page = browser.open(&scene.idp.client("console").request().url()).await;
        assert!(browser.sign_in_at(&page, GLOBEX).await.returned().contains_key("code"));
    }
    println!("{way:?}: three logins beside twenty that wait took {:?}", others.elapsed());
    assert!(waiting.iter().all(|one| !one.is_finished()), "they came in before anybody had waited long enough");
    for one in waiting {
        let (answer, took) = one.await.unwrap();
        assert_told(&answer, StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable", &format!("{way:?}"));
        assert!(took < LIMIT, "{took:?}");
    }
}
