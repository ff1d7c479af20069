//! How people come back from vendors, and how they do not: the same for each.

use actix_web::http::StatusCode;
use rstest::rstest;

use super::scene::{ACME_PHONE, GLOBEX_PHONE, Scene, callback};
use super::ways::{ALIPAY, ALL, OIDC, TAOBAO, WECHAT, Way, assert_nobody_is_in, code_in};
use crate::support::database::Backend::{self, Postgres, Sqlite};

/// Who says no comes back without a code, and is back on the page.
#[rstest]
#[case::wechat(WECHAT, &[])]
#[case::alipay(ALIPAY, &[("app_id", "2021000000000001"), ("source", "alipay_wallet")])]
#[case::taobao(TAOBAO, &[("error", "access_denied"), ("error_description", "<script>")])]
#[case::oidc(OIDC, &[("error", "access_denied"), ("error_description", "<script>")])]
#[actix_web::test]
async fn a_no_is_no_error_and_nobody_is_asked(#[case] way: Way, #[case] params: &[(&str, &str)]) {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let state = scene.leave(&browser, way.page).await.state;
    let params: Vec<_> = params.iter().copied().chain([("state", state.as_str())]).collect();
    let back = browser.open(&callback(way.page, &params)).await;
    assert_eq!((back.status, back.error_code().as_deref()), (StatusCode::OK, Some("qr_denied")), "{}", back.body);
    assert!(back.has("#continue") && !back.body.contains("<script"), "{}", back.body);
    assert_eq!(way.asked(&scene).await, 0);
}

/// UP-03: a state is good at its own vendor's callback and no other.
#[rstest]
#[actix_web::test]
async fn up_03_no_callback_takes_what_another_vendor_brought(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::start(backend).await;
    for from in ALL {
        let browser = scene.idp.browser();
        let url = from.back(&scene, &browser).await;
        let query = url.split_once('?').unwrap().1.to_owned();
        let code = code_in(&url);
        for to in ALL.into_iter().filter(|to| to.page != from.page) {
            for more in ["", "&app_id=2021000000000001"] {
                let mixed = format!("{}/callback?{query}{more}", to.page);
                let mixed = if to.page == ALIPAY.page { format!("{mixed}&auth_code={code}") } else { mixed };
                let mixed = if from.page == ALIPAY.page { format!("{mixed}&code={code}") } else { mixed };
                let answer = browser.open(&mixed).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{from:?} {to:?}: {}", answer.body);
                assert_eq!(answer.error_code().as_deref(), Some("bad_state"), "{from:?} {to:?}");
            }
        }
        for way in ALL {
            assert_eq!(way.asked(&scene).await, 0, "{from:?} {way:?}");
        }
        assert_nobody_is_in(&browser).await;
    }
}

/// Parameters that come twice, are endless, or are meant for a header or another site.
#[rstest]
#[case::wechat(WECHAT)]
#[case::alipay(ALIPAY)]
#[case::taobao(TAOBAO)]
#[case::oidc(OIDC)]
#[actix_web::test]
async fn a_callback_is_taken_as_it_should_be_or_not_at_all(#[case] way: Way) {
    let scene = Scene::start(Sqlite).await;
    let browser = scene.idp.browser();
    let url = way.back(&scene, &browser).await;
    let code = code_in(&url);
    let state = scene.leave(&browser, way.page).await.state;
    let name = if way.page == ALIPAY.page { "auth_code" } else { "code" };
    let long = "a".repeat(10 * 1024);
    for params in [
        vec![(name, code.as_str())],
        vec![(name, &code), ("state", "")],
        vec![(name, &code), ("state", &long)],
        vec![(name, &code), ("state", &state), ("state", &state)],
        vec![(name, &code), (name, "x"), ("state", &state)],
        vec![(name, &code), ("state", "\r\nSet-Cookie: a=b")],
        vec![(name, &code), ("state", "https://evil.example/"), ("redirect_uri", "https://evil.example/")],
    ] {
        let answer = browser.open(&callback(way.page, &params)).await;
        assert_eq!((answer.status, answer.error_code().as_deref()), (StatusCode::BAD_REQUEST, Some("bad_state")));
        assert!(answer.location().is_none() && !answer.body.contains("evil.example"), "{}", answer.body);
    }
    assert_eq!(way.asked(&scene).await, 0);
}

/// Two people bind one identity at the same moment.
#[rstest]
#[case::wechat(WECHAT, "wechat_taken")]
#[case::alipay(ALIPAY, "identity_taken")]
#[case::taobao(TAOBAO, "identity_taken")]
#[case::oidc(OIDC, "identity_taken")]
#[actix_web::test]
async fn of_two_binds_at_once_one_wins(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] way: Way,
    #[case] lost: &str,
) {
    let scene = Scene::start(backend).await;
    let (one, other) = (scene.idp.browser(), scene.idp.browser());
    let (here, there) = (way.back(&scene, &one).await, way.back(&scene, &other).await);
    let (here, there) = (one.open(&here).await, other.open(&there).await);
    let (page, code) = scene.code_for(&one, &here, GLOBEX_PHONE).await;
    let choice = scene.prove(&other, &there, ACME_PHONE).await;
    let handle = choice.attribute("button[name=account]", "value").unwrap();
    let (code, account) = ([("code", code.as_str())], [("account", handle.as_str())]);
    let (first, second) = tokio::join!(one.submit(&page, &code), other.submit(&choice, &account));
    let mut told = [(first.status.as_u16(), first.error_code()), (second.status.as_u16(), second.error_code())];
    told.sort();
    assert_eq!(told, [(303, None), (422, Some(lost.to_owned()))], "{} {}", first.body, second.body);
}
