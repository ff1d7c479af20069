//! The timing rule beyond passwords (CA-01, IR-03, AZ-13, LG-03, SM-08): what an
//! answer costs the thread that gives it is the same for all of a kind.
//!
//! As `timing`: processor time of this thread, the classes by turns, the middles
//! compared. A build without optimisation has to keep a rule of finished ones.

use std::time::Duration;

use menshen::base::id::ClientId;
use menshen::domain::ClientStatus;
use menshen::store::clients;
use rstest::rstest;

use super::sign_up::GATEWAY;
use super::timing::spent;
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::Sqlite;
use crate::support::house::{ACME_PHONE, OPS, SECRET};
use crate::support::idp::TestIdp;
use crate::support::relying_party::basic;
use crate::support::sms::{OTHER, idp_with, rows};
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;

/// Of each class.
const SAMPLES: usize = 400;
/// By how much the middles may differ.
const ALLOWED: Duration = Duration::from_millis(1);
/// A run may be disturbed; one of three has to hold.
const RUNS: usize = 3;

/// Asks `once` for a sample of every class by turns, and compares the middles.
async fn alike(what: &str, classes: usize, once: impl AsyncFn(usize) -> Duration) {
    let mut seen = Vec::new();
    for _run in 0..RUNS {
        let mut times = vec![Vec::new(); classes];
        for sample in 0..SAMPLES + 20 {
            for turn in 0..classes {
                let class = (sample + turn) % classes;
                let time = once(class).await;
                if sample >= 20 {
                    times[class].push(time);
                }
            }
        }
        let middles: Vec<_> = times.into_iter().map(middle).collect();
        let apart = middles.iter().max().unwrap().abs_diff(*middles.iter().min().unwrap());
        println!("{what}: {middles:?}");
        if apart <= ALLOWED {
            return;
        }
        seen.push(middles);
    }
    panic!("{what}: {seen:?}");
}

fn middle(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// What one answer cost.
async fn cost(answer: impl Future<Output = Answer>) -> (Duration, Answer) {
    let before = spent();
    let answer = answer.await;
    (spent().saturating_sub(before), answer)
}

const LIFTED: (&str, &str) = ("throttle.enabled", "false");

#[actix_web::test]
async fn ca_01_a_client_that_fails_takes_as_long_however_it_fails() {
    let idp = TestIdp::configured(Sqlite, &[LIFTED]).await;
    let (first, last) = (format!("b{}", &SECRET[1..]), format!("{}z", &SECRET[..SECRET.len() - 1]));
    let classes = [("machine", "x"), ("machine", &first), ("machine", &last), ("nobody", SECRET)];
    let peer = idp.peer();
    alike("client authentication", classes.len(), async |class| {
        let (client, secret) = classes[class];
        let request = TestRequest::post()
            .insert_header(("Host", "id.test"))
            .insert_header(("Authorization", basic(client, secret)))
            .peer_addr(peer)
            .set_form([("grant_type", "client_credentials")]);
        let (took, answer) = cost(idp.send(request, "/token")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
        took
    })
    .await;
}

#[actix_web::test]
async fn ir_03_a_dead_token_takes_as_long_however_it_died() {
    let idp = TestIdp::configured(Sqlite, &[LIFTED]).await;
    let console = idp.client("console");
    let expired = console.signed_in(&idp.browser(), OPS, "openid").await.access;
    idp.clock().advance(Duration::from_secs(601));
    let revoked = console.signed_in(&idp.browser(), OPS, "openid").await.access;
    console.post("/revoke", &[("token", &revoked)]).await;
    // Right in form, and of a row that there never was.
    let mut made_up = expired.clone();
    made_up.replace_range(5..9, if &expired[5..9] == "AAAA" { "BBBB" } else { "AAAA" });
    let classes = [expired, revoked, made_up];
    alike("introspection", classes.len(), async |class| {
        let (took, answer) = cost(console.post("/introspect", &[("token", &classes[class])])).await;
        assert_eq!(answer.body, r#"{"active":false}"#);
        took
    })
    .await;
}

#[actix_web::test]
async fn az_13_a_request_that_cannot_be_answered_takes_as_long_whatever_is_wrong() {
    let idp = TestIdp::configured(Sqlite, &[LIFTED]).await;
    idp.write(|tx| clients::set_status(tx, &ClientId::from_text("legacy"), ClientStatus::Disabled)).await;
    idp.tokens.clients().forget();
    let browser = idp.browser();
    let request = idp.client("console").request();
    let urls = [
        request.clone().with("client_id", "nobody").url(),
        request.with("redirect_uri", "https://evil.test/cb").url(),
        idp.client("legacy").request().url(),
    ];
    alike("authorize", urls.len(), async |class| {
        let (took, answer) = cost(browser.get(&urls[class])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        took
    })
    .await;
}

/// The same form again and again: what is asked for by `name`.
async fn asked(browser: &Browser, page: &Answer, field: &str, name: &str) -> Duration {
    let form = page.form();
    let fields = [("interaction", form.fields["interaction"].as_str()), ("csrf", &form.fields["csrf"]), (field, name)];
    let (took, answer) = cost(browser.post(&form.action, &fields)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}: {}", answer.body);
    took
}

#[rstest]
#[case::reset_by_email("/reset", "username", ["ops@acme.example", "opx@acme.example"])]
#[case::reset_by_phone("/reset", "username", ["+8613800000002", "+8613899999999"])]
#[case::reset_of_a_sub_account("/reset", "username", ["dev@acme.example", "dex@acme.example"])]
#[case::reset_of_an_iam_user("/reset", "username", ["alice@acme", "alicx@acme"])]
#[case::sign_up("/signup", "phone", ["+8613800000002", "+8613899999999"])]
#[actix_web::test]
async fn lg_03_asking_for_a_code_takes_as_long_whoever_exists(
    #[case] path: &str,
    #[case] field: &str,
    #[case] names: [&str; 2],
) {
    let idp = TestIdp::configured(Sqlite, &[GATEWAY, &[LIFTED]].concat()).await;
    let browser = idp.browser();
    let page = browser.open(path).await;
    alike(path, names.len(), async |class| asked(&browser, &page, field, names[class]).await).await;
}

#[rstest]
#[case::before("before_code")]
#[case::after("after_code")]
#[actix_web::test]
async fn sm_08_a_number_takes_as_long_whoever_has_it(#[case] choice: &str) {
    let idp = idp_with(Sqlite, &[LIFTED, ("login.sms.account_choice", choice)]).await;
    let browser = idp.browser();
    // With as many rows as Acme's number shows.
    let mut nobodys = "+8613900000009".to_owned();
    if choice == "before_code" {
        let wanted = rows(&idp.browser().rows_of(ACME_PHONE).await).len();
        for last in 10..999 {
            nobodys = format!("+861390000{last:04}");
            if rows(&idp.browser().rows_of(&nobodys).await).len() == wanted {
                break;
            }
        }
    }
    let numbers = [ACME_PHONE, nobodys.as_str()];
    let page = browser.open("/login/sms").await;
    alike(&format!("{choice}, number"), 2, async |class| asked(&browser, &page, "phone", numbers[class]).await).await;
    if choice == "before_code" {
        // Then the code: each number in a browser of its own.
        let browsers = [idp.browser(), idp.browser()];
        let pages = [browsers[0].rows_of(numbers[0]).await, browsers[1].rows_of(numbers[1]).await];
        alike("before_code, code", 2, async |class| asked(&browsers[class], &pages[class], "account", OTHER).await)
            .await;
    }
}
