//! The route table, walked: every route is tried with nothing and with rubbish,
//! and refuses, or shows nothing of anybody. A route that joins is tried too.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use menshen::domain::Outcome;
use menshen::web::routes::{Guard, Row, TABLE};
use rstest::rstest;

use crate::support::answer::Answer;
use crate::support::browser::{Browser, COOKIE};
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, OPS};
use crate::support::idp::TestIdp;

const RUBBISH: &str = "interaction=mix_AAAA&csrf=x&account=mah_AAAA&username=ops%40acme.example&password=x&agree=1\
    &client_id=console&token=mat_AAAA&sign_out_all=1&revoke=x&decision=allow&new_password=x&new_password_again=x";

fn path(row: &Row) -> String {
    row.path.replace("{account}", "acme").replace("{name}", "corp").replace("{file}", "nothing.css")
}

/// A word that begins with the prefix and goes on as our ids and tokens do: 22 characters
/// or more. A key of the JWK set may hold the prefix by chance, never a word of that shape
/// that ends where an id ends.
fn shows_an_id(body: &str, prefix: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let long = |rest: &str| (22..100).contains(&rest.chars().take_while(|c| word(*c)).count());
    let begins = |at: usize| !body[..at].ends_with(word);
    body.match_indices(prefix).any(|(at, _)| begins(at) && long(&body[at + prefix.len()..]))
}

fn assert_shows_nobody(answer: &Answer, what: &str) {
    // The link to the other language repeats what was asked.
    let own = |line: &&str| !line.contains("class=\"language\"");
    let body: String = answer.body.lines().filter(own).collect();
    for secret in ["ops@acme", "Acme", "Alice", "10485760", "8613800000001"] {
        let echoed = secret == "ops@acme" && answer.has("#username");
        assert!(echoed || !body.contains(secret), "{what} shows {secret}: {body}");
    }
    for prefix in ["p_", "mac_", "mat_", "mrt_"] {
        assert!(!shows_an_id(&body, prefix), "{what} shows a {prefix}: {body}");
    }
    assert!(!answer.has("[data-state]") && !answer.has("button[name=account]"), "{what}");
}

fn assert_refused(row: &Row, method: &str, answer: &Answer) {
    let what = format!("{method} {}: {}", row.path, answer.status);
    let status = answer.status.as_u16();
    match (row.guard, method) {
        (Guard::Client, _) => {
            assert!(matches!(status, 400 | 401 | 415) && answer.json()["error"].is_string(), "{what}");
        }
        (Guard::Bearer, _) => {
            assert!(matches!(status, 400 | 401) && answer.header("www-authenticate").is_some(), "{what}");
        }
        (Guard::Interaction | Guard::Browser, "POST") => assert!((400..500).contains(&status), "{what}"),
        // A page that is opened by itself begins an interaction of its own, or shows an empty one.
        (Guard::Interaction, _) => {
            let begins = answer.location().is_some_and(|location| location.starts_with(&format!("{}?", path(row))));
            assert!(begins || (400..500).contains(&status), "{what}");
        }
        // Without the vendor's credentials there is no such method.
        (Guard::Callback, _) => assert!(matches!(status, 400 | 404), "{what}"),
        (Guard::Browser, _) => {
            let elsewhere = answer.location().is_some_and(|location| location.starts_with("/login?interaction="));
            assert!(elsewhere || status == 200 || (400..500).contains(&status), "{what}");
        }
        (Guard::Public, _) => {
            assert!(
                status < 500 && answer.location().is_none_or(|location| location.starts_with("/assets/")),
                "{what}"
            );
        }
    }
    assert_shows_nobody(answer, &what);
}

/// A stranger, one with a made-up cookie, one whose browser nobody signed in in.
async fn nobodies(idp: &TestIdp) -> Vec<Browser> {
    let (stranger, forger, visitor) = (idp.browser(), idp.browser(), idp.browser());
    forger.jar.borrow_mut().insert(COOKIE.to_owned(), "mbr_AAAAAAAAAAAAAAAA".to_owned());
    visitor.open("/login").await;
    vec![stranger, forger, visitor]
}

#[rstest]
#[actix_web::test]
async fn every_route_refuses_whoever_brings_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let somebody = idp.browser();
    somebody.sign_in(OPS).await;
    somebody.sign_in(ALICE).await;
    let done = async || idp.audit().await.iter().filter(|event| event.outcome == Outcome::Success).count();
    let before = done().await;
    for row in TABLE {
        for method in row.methods {
            for browser in nobodies(&idp).await {
                let verb = Method::from_bytes(method.as_bytes()).unwrap();
                assert_refused(
                    row,
                    method,
                    &browser.send(TestRequest::default().method(verb.clone()), &path(row)).await,
                );
                let (request, url) = match *method {
                    "POST" => {
                        let form = ("Content-Type", "application/x-www-form-urlencoded");
                        (TestRequest::post().insert_header(form).set_payload(RUBBISH), path(row))
                    }
                    _ => (TestRequest::default().method(verb), format!("{}?{RUBBISH}", path(row))),
                };
                let answer = browser.send(request, &url).await;
                let what = format!("{method} {} with rubbish", row.path);
                assert!(answer.status.as_u16() < 500, "{what}: {}", answer.status);
                // A page of ours, or the same request once more by GET.
                let ours = |to: &str| ["/login", "/authorize?", "/assets/"].iter().any(|start| to.starts_with(start));
                assert!(answer.location().is_none_or(ours), "{what}: {:?}", answer.location());
                assert_shows_nobody(&answer, &what);
            }
        }
    }
    assert_eq!(done().await, before, "nothing was done");
    assert_eq!(somebody.open("/accounts").await.attributes("[data-state=active]", "data-state").len(), 2);
}

#[rstest]
#[actix_web::test]
async fn a_route_takes_the_methods_of_its_row_and_no_other(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    for row in TABLE {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "MENSHEN"] {
            if row.methods.contains(&method) {
                continue;
            }
            let verb = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = browser.send(TestRequest::default().method(verb), &path(row)).await;
            assert_eq!(answer.status.as_u16(), 405, "{method} {}", row.path);
            let allowed = answer.header("allow").unwrap_or_else(|| panic!("{method} {}", row.path));
            assert!(row.methods.iter().all(|one| allowed.contains(one)), "{allowed}");
        }
    }
    for path in ["/", "/admin", "/register", "/par", "/token/", "/login/", "//login", "/.env", "/assets/../Cargo.toml"]
    {
        assert_eq!(browser.get(path).await.status.as_u16(), 404, "{path}");
    }
}
