//! LG-01, the timing rule: how long a refusal takes tells nobody who exists.
//!
//! Wall time on a shared machine says little, and the hash would hide the rest:
//! what is compared is the processor time of the thread that answers, sample by
//! sample in turns, beside the number of hashes and of transactions, which have
//! to be the same exactly.

use std::time::Duration;

use rstest::rstest;
use rustix::time::{ClockId, clock_gettime};

use crate::support::browser::Browser;
use crate::support::database::Backend::Sqlite;
use crate::support::house::PASSWORD;
use crate::support::idp::TestIdp;

/// Of each class.
const SAMPLES: usize = 1_000;
/// By how much the middles may differ: two in a hundred of a login, which costs a
/// hash of 20 ms with the defaults. In a release all of this is a tenth.
const ALLOWED: Duration = Duration::from_micros(400);
/// A run may be disturbed; one of three has to hold.
const RUNS: usize = 3;

pub fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

/// What one class cost.
#[derive(Default)]
struct Class {
    times: Vec<Duration>,
    hashes: u64,
    commits: u64,
}

impl Class {
    fn median(&self) -> Duration {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        sorted[sorted.len() / 2]
    }
}

/// One refused login.
async fn refuse(idp: &TestIdp, browser: &Browser, page: &str, fields: &[(&str, &str)], class: &mut Class) {
    let (hashes, commits) = (idp.passwords.hashes(), idp.store.statistics().committed);
    let before = spent();
    let answer = browser.post(page, fields).await;
    class.times.push(spent().saturating_sub(before));
    class.hashes += idp.passwords.hashes() - hashes;
    class.commits += idp.store.statistics().committed - commits;
    assert_eq!(answer.error_code().as_deref(), Some("bad_credentials"), "{}", answer.body);
}

/// The two classes, sample by sample in turns, the first of each pair by turns too.
async fn run(page: &str, names: [&str; 2], samples: usize) -> [Class; 2] {
    let idp = TestIdp::configured(Sqlite, &[("throttle.enabled", "false")]).await;
    let browser = idp.browser();
    let form = browser.open(page).await.form();
    let mut classes = [Class::default(), Class::default()];
    for sample in 0..samples + 20 {
        if sample == 20 {
            // Caches are warm now.
            classes = [Class::default(), Class::default()];
        }
        for turn in 0..2 {
            let which = (sample + turn) % 2;
            let fields = [
                ("csrf", form.fields["csrf"].as_str()),
                ("interaction", &form.fields["interaction"]),
                ("username", names[which]),
                ("password", "not-the-word-of-anybody"),
                ("agree", "1"),
            ];
            refuse(&idp, &browser, page, &fields, &mut classes[which]).await;
        }
    }
    classes
}

#[rstest]
#[case::an_email("/login", ["ops@acme.example", "opx@acme.example"])]
#[case::a_sub_account("/login/sub", ["dev@acme.example", "dex@acme.example"])]
#[case::an_iam_user("/login/iam", ["alice@acme", "alicx@acme"])]
#[case::an_alias("/login/iam", ["alice@acme", "alice@acmx"])]
#[case::a_phone("/login", ["+8613800000002", "+8613899999999"])]
#[actix_web::test]
async fn lg_01_a_refusal_takes_as_long_whoever_exists(#[case] page: &str, #[case] names: [&str; 2]) {
    assert_ne!(PASSWORD, "not-the-word-of-anybody");
    // A login by phone costs five hashes: fewer of them tell as much.
    let samples = if names[0].starts_with('+') { SAMPLES / 5 } else { SAMPLES };
    let mut seen = Vec::new();
    for _run in 0..RUNS {
        let classes = run(page, names, samples).await;
        let [known, unknown] = &classes;
        assert_eq!(
            (known.hashes, known.commits),
            (unknown.hashes, unknown.commits),
            "{names:?}: work that can be counted"
        );
        let (known, unknown) = (known.median(), unknown.median());
        seen.push((known, unknown));
        if known.abs_diff(unknown) <= ALLOWED {
            println!("{page} {names:?}: {known:?} and {unknown:?}");
            return;
        }
    }
    panic!("{page}, {names:?}: {seen:?}");
}
