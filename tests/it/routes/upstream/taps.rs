//! What a tap costs is counted before it is spent.

use std::net::SocketAddr;

use actix_web::http::StatusCode;
use menshen::domain::Outcome;
use rstest::rstest;
use serde_json::json;

use super::one_tap::{Phone, asked, token};
use super::scene::Scene;
use crate::support::database::Backend::{self, Postgres, Sqlite};

const NUMBER: &str = "+8613800000002";

/// A token that the aggregator does not know: it is asked all the same, and paid.
async fn wasted(phone: &Phone, at: usize) -> StatusCode {
    phone.tap(&format!("no-token-of-anybody-{at}"), &[]).await.status
}

#[rstest]
#[actix_web::test]
async fn one_browser_asks_an_aggregator_so_often_and_no_more(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &[("throttle.codes_per_browser", "3")]).await;
    let (phone, other) = (Phone::of(&scene).await, Phone::of(&scene).await);
    for at in 0..3 {
        assert_eq!(wasted(&phone, at).await, StatusCode::UNAUTHORIZED);
    }
    let good = token(&scene, NUMBER).await;
    let refused = phone.tap(&good, &[]).await;
    assert_eq!((refused.status, refused.json()), (StatusCode::TOO_MANY_REQUESTS, json!({"error": "code_quota"})));
    assert!(refused.header("retry-after").is_some_and(|wait| wait.parse::<u64>().unwrap() > 0));
    assert_eq!(asked(&scene).await, 3, "nobody was asked");
    let trail = scene.idp.audit().await;
    assert_eq!((trail[0].detail.as_str(), trail[0].outcome), ("one_tap: too many", Outcome::Refused));
    // The token was not used up by it, and another browser does not feel it.
    assert_eq!(other.tap(&good, &[]).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[actix_web::test]
async fn one_address_asks_an_aggregator_so_often_and_no_more(#[values(Sqlite, Postgres)] backend: Backend) {
    let scene = Scene::configured(backend, &[("throttle.codes_per_browser", "1000")]).await;
    let mut phones = vec![Phone::of(&scene).await, Phone::of(&scene).await];
    let peer = phones[0].browser.peer;
    for phone in &mut phones {
        phone.browser.peer = SocketAddr::new(peer.ip(), 40_001);
    }
    for at in 0..100 {
        assert_eq!(wasted(&phones[at % 2], at).await, StatusCode::UNAUTHORIZED, "{at}");
    }
    let good = token(&scene, NUMBER).await;
    assert_eq!(phones[0].tap(&good, &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(asked(&scene).await, 100);
    assert_eq!(Phone::of(&scene).await.tap(&good, &[]).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn without_limits_nothing_is_counted() {
    let scene = Scene::configured(Sqlite, &[("throttle.enabled", "false"), ("throttle.codes_per_browser", "1")]).await;
    let phone = Phone::of(&scene).await;
    for at in 0..3 {
        assert_eq!(wasted(&phone, at).await, StatusCode::UNAUTHORIZED);
    }
}
