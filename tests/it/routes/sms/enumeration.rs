//! What a stranger can tell of a number: nothing.

use actix_web::http::StatusCode;
use menshen::store::Statistics;
use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::idp::TestIdp;
use crate::support::sms::{OTHER, codes, idp_with, rows};

/// What one step looked like from outside, and what it cost inside.
#[derive(Debug, Eq, PartialEq)]
struct Seen {
    status: StatusCode,
    error: Option<String>,
    length: usize,
    reads: u64,
    writes: u64,
}

fn cost(before: Statistics, after: Statistics) -> (u64, u64) {
    (after.reads - before.reads, after.committed - before.committed)
}

/// Goes through all pages with a number and types a code that is wrong.
async fn walk(idp: &TestIdp, phone: &str) -> Vec<Seen> {
    let browser = idp.browser();
    let mut page = browser.open("/login/sms").await;
    let mut seen = Vec::new();
    loop {
        let fields = if page.has("#phone") {
            vec![("phone", phone)]
        } else if page.has("#code") {
            vec![("code", "00000x")]
        } else {
            vec![("account", OTHER)]
        };
        let before = idp.store.statistics();
        let answer = browser.submit(&page, &fields).await;
        let ended = answer.status != StatusCode::SEE_OTHER;
        let shown = browser.follow(answer.clone()).await;
        let (reads, writes) = cost(before, idp.store.statistics());
        let length = shown.body.len();
        seen.push(Seen { status: answer.status, error: answer.error_code(), length, reads, writes });
        if ended {
            return seen;
        }
        page = shown;
    }
}

async fn row_count(idp: &TestIdp, phone: &str) -> usize {
    rows(&idp.browser().rows_of(phone).await).len()
}

#[rstest]
#[actix_web::test]
async fn a_number_that_nobody_has_looks_and_costs_the_same_before_the_code(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp_with(backend, &[]).await;
    for (at, known) in ["+8613800000001", "+8613800000002"].into_iter().enumerate() {
        as_good_as_nobodys(&idp, known, at).await;
    }
}

async fn as_good_as_nobodys(idp: &TestIdp, known: &str, at: usize) {
    let count = row_count(idp, known).await;
    let mut nobody = None;
    for last in 100..999 {
        let phone = format!("+8613900{at}00{last}");
        if row_count(idp, &phone).await == count {
            nobody = Some(phone);
            break;
        }
    }
    let nobody = nobody.expect("a number with as many rows");
    let walks = [walk(idp, known).await, walk(idp, &nobody).await];
    assert_eq!(walks[0], walks[1]);
    assert_eq!(codes(idp).await.len(), 1, "a code leaves for the one that somebody has");
}

#[rstest]
#[actix_web::test]
async fn a_number_that_nobody_has_looks_and_costs_the_same_after_the_code(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp_with(backend, &[("login.sms.account_choice", "after_code")]).await;
    let numbers = ["+8613800000001", "+8613800000002", "+8613900000009"];
    let mut walks = Vec::new();
    for number in numbers {
        walks.push(walk(&idp, number).await);
    }
    assert!(walks.windows(2).all(|pair| pair[0] == pair[1]), "{walks:#?}");
    assert_eq!(codes(&idp).await.len(), 2);
}

#[rstest]
#[actix_web::test]
async fn sm_08_the_rows_of_a_number_are_the_same_each_time_and_name_nobody(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let idp = idp_with(backend, &[]).await;
    for phone in ["+8613800000001", "+8613900000009"] {
        let labels = |page: &Answer| rows(page).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        let (first, second) = (idp.browser().rows_of(phone).await, idp.browser().rows_of(phone).await);
        assert_eq!(labels(&first), labels(&second));
        let handles = |page: &Answer| rows(page).into_iter().map(|(handle, _)| handle).collect::<Vec<_>>();
        for (one, other) in handles(&first).iter().zip(handles(&second)) {
            assert!(*one != other || other == OTHER, "a handle means something in two interactions");
        }
        for word in ["Acme", "个人", "ops@", "me@", "10485760"] {
            assert!(!first.body.contains(word), "{phone} shows {word}");
        }
    }
}
