//! RX-01: more password logins at once than the machine can hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::{median, served, timed};
use crate::clients::over_tcp::{Http, Person};
use crate::support::house::OPS;

const LOGINS: usize = 500;
/// The default of `hashing.queue`, and the one thread before it.
const ROOM: usize = 256 + 1;

#[tokio::test]
async fn rx_01_a_flood_of_logins_is_refused_at_once_where_it_is_too_much() {
    // One thread and a dear hash, so that the flood is wider than what is hashed meanwhile.
    let settings = [("HASHING__THREADS", "1"), ("HASHING__ITERATIONS", "6"), ("HASHING__QUEUE", "256")];
    let served = served(&settings);
    let (http, stranger) = (Http::new(), Person::new(&Http::new()));
    let login = format!("{}/login", served.issuer);
    let form = Arc::new(stranger.form_at(&login).await);
    let over = Arc::new(AtomicBool::new(false));
    let watch = {
        let (over, jwks) = (Arc::clone(&over), format!("{}/jwks", served.issuer));
        tokio::spawn(async move {
            let mut took = Vec::new();
            while !over.load(Ordering::Acquire) {
                let (keys, time) = timed(http.json(&jwks)).await;
                assert!(keys["keys"].is_array());
                took.push(time);
            }
            took
        })
    };
    let mut logins = JoinSet::new();
    let stranger = Arc::new(stranger);
    for _login in 0..LOGINS {
        let (stranger, form) = (Arc::clone(&stranger), Arc::clone(&form));
        logins.spawn(async move {
            let fields = [("username", OPS.name), ("password", "not-the-word-of-anybody"), ("agree", "1")];
            timed(stranger.send_form(&form, &fields)).await
        });
    }
    let (mut refused, mut evaluated) = (Vec::new(), Vec::new());
    while let Some(login) = logins.join_next().await {
        let (answer, took) = login.expect("a login's task");
        match answer.status().as_u16() {
            401 => evaluated.push(took),
            503 => {
                let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
                assert!(wait.is_some_and(|seconds| (1..=60).contains(&seconds)), "{wait:?}");
                refused.push(took);
            }
            other => panic!("{other}"),
        }
    }
    over.store(true, Ordering::Release);
    let jwks = watch.await.expect("the keys during the flood");
    let (evaluations, refusals) = (evaluated.len(), refused.len());
    assert!(refusals > 0 && evaluations > 0, "{evaluations} were looked at and {refusals} refused");
    assert_eq!(evaluations + refusals, LOGINS);
    // Of those refused nobody waited for a hash: as a rule they were told before the rest had their turn.
    let (refused, evaluated, keys) = (median(refused), median(evaluated), median(jwks));
    assert!(refused < evaluated, "refused after {refused:?}, looked at after {evaluated:?}");
    assert!(keys < Duration::from_secs(1), "the keys took {keys:?}");
    println!("{refusals} refused in {refused:?}, {evaluations} evaluated in {evaluated:?}, /jwks in {keys:?}");
    const { assert!(LOGINS > ROOM, "or nothing would be refused") };
}
