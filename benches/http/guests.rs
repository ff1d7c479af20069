//! People who are signed in, and the codes and tokens that they hold: what each
//! operation needs is there before it is measured.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::fill::Sample;
use crate::house::{PASSWORD, authorize_path, basic, exchange_form, login_name};
use crate::wire::{Connection, Requests};

/// Browsers with a live sign-in.
const BROWSERS: usize = 64;
/// Browsers of each kind in which an account is named.
const CROWDED: usize = 4;
/// Accounts of a full browser.
const SIGN_INS: usize = 20;

/// Everything that is held, and everything that is sent more than once.
pub struct Guests {
    pub requests: Requests,
    pub authorize: String,
    /// Headers with the cookie of each browser.
    pub cookies: Vec<String>,
    /// Requests that name the account, each with the cookie of a browser in which
    /// it is signed in: alone, and as one of twenty.
    pub named: [Vec<(String, String)>; 2],
    /// Opaque access tokens of people.
    pub access: Vec<String>,
    /// The same as `at+jwt`.
    pub jwts: Vec<String>,
    /// Codes that nobody has traded.
    pub codes: RefCell<Vec<String>>,
    /// Refresh tokens that are unspent; the one used longest ago comes first.
    pub refresh: RefCell<VecDeque<String>>,
}

impl Guests {
    /// Signs people in and gets their first tokens.
    pub async fn arrive(requests: Requests, connection: &mut Connection) -> Self {
        let mut guests = Self {
            requests,
            authorize: authorize_path("console"),
            cookies: Vec::new(),
            named: [Vec::new(), Vec::new()],
            access: Vec::new(),
            jwts: Vec::new(),
            codes: RefCell::default(),
            refresh: RefCell::default(),
        };
        for browser in 0..BROWSERS {
            let (resume, cookie) = guests.log_in(connection, browser).await.expect("a login");
            let cookie = format!("Cookie: {cookie}\r\n");
            let code = guests.follow(connection, &resume, &cookie).await;
            let (access, refresh) = guests.exchange(connection, "console", &code).await;
            let code = guests.follow(connection, &authorize_path("console-jwt"), &cookie).await;
            guests.jwts.push(guests.exchange(connection, "console-jwt", &code).await.0);
            guests.access.push(access);
            guests.refresh.get_mut().push_back(refresh);
            guests.cookies.push(cookie);
        }
        for browser in 0..CROWDED {
            for (place, accounts) in [1, SIGN_INS].into_iter().enumerate() {
                let named = guests.crowd(connection, browser, accounts).await;
                guests.named.get_mut(place).expect("two kinds").push(named);
            }
        }
        guests
    }

    /// A browser in which so many accounts sign in, and a request that names one of them.
    async fn crowd(&self, connection: &mut Connection, browser: usize, accounts: usize) -> (String, String) {
        let first = browser * SIGN_INS;
        let (_resume, cookie) = self.log_in(connection, first).await.expect("a login");
        let mut cookie = format!("Cookie: {cookie}\r\n");
        for person in first + 1..first + accounts {
            cookie = self.join_in(connection, person, cookie).await;
        }
        (format!("{}&login_hint={}", self.authorize, login_name(first)), cookie)
    }

    /// Signs one more account in in the browser of this cookie; its cookie then.
    async fn join_in(&self, connection: &mut Connection, person: usize, cookie: String) -> String {
        let origin = self.requests.origin.as_str();
        let answer = connection.send(&self.requests.get("/login", &cookie)).await;
        answer.must_be(303);
        let page = answer.location(origin).clone();
        let answer = connection.send(&self.requests.get(&page, &cookie)).await;
        answer.must_be(200);
        let (csrf, interaction) =
            (answer.quoted("name=\"csrf\" value=\""), answer.quoted("name=\"interaction\" value=\""));
        let name = login_name(person);
        let form = [
            ("csrf", csrf.as_str()),
            ("interaction", &interaction),
            ("username", &name),
            ("password", PASSWORD),
            ("agree", "1"),
        ];
        let headers = format!("{cookie}Origin: {origin}\r\n");
        let answer = connection.send(&self.requests.post("/login", &headers, &form)).await;
        answer.must_be(303);
        // The cookie is replaced every thirty seconds at most.
        set_cookie(answer.header("set-cookie")).map_or(cookie, |cookie| format!("Cookie: {cookie}\r\n"))
    }

    /// Takes tokens from all over a large database in place of these few.
    pub fn take_over(&mut self, sample: Sample) {
        self.access = sample.access;
        *self.refresh.get_mut() = sample.refresh.into();
    }

    /// From the client's request to the redirect after the right password: where it
    /// leads, and the browser's cookie. `None` when the server was too busy.
    pub async fn log_in(&self, connection: &mut Connection, person: usize) -> Option<(String, String)> {
        let origin = self.requests.origin.as_str();
        let answer = connection.send(&self.requests.get(&self.authorize, "")).await;
        answer.must_be(303);
        let (page, cookie) = (answer.location(origin), set_cookie(answer.header("set-cookie")));
        let cookie = format!("Cookie: {}\r\n", cookie.expect("a cookie"));
        let answer = connection.send(&self.requests.get(&page, &cookie)).await;
        answer.must_be(200);
        let csrf = answer.quoted("name=\"csrf\" value=\"");
        let interaction = answer.quoted("name=\"interaction\" value=\"");
        let name = login_name(person);
        let form = [
            ("csrf", csrf.as_str()),
            ("interaction", &interaction),
            ("username", &name),
            ("password", PASSWORD),
            ("agree", "1"),
        ];
        let headers = format!("{cookie}Origin: {origin}\r\n");
        let answer = connection.send(&self.requests.post("/login", &headers, &form)).await;
        if answer.status == 503 {
            return None;
        }
        answer.must_be(303);
        let cookie = set_cookie(answer.header("set-cookie")).expect("a new cookie after a login");
        Some((answer.location(origin), cookie))
    }

    /// The code that a signed-in browser is sent back with.
    pub async fn follow(&self, connection: &mut Connection, path: &str, cookie: &str) -> String {
        let answer = connection.send(&self.requests.get(path, cookie)).await;
        answer.must_be(303);
        let location = answer.location(&self.requests.origin);
        let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
        code.unwrap_or_else(|| panic!("no code: {location}")).to_owned()
    }

    /// Trades a code for an access token and a refresh token.
    pub async fn exchange(&self, connection: &mut Connection, client: &str, code: &str) -> (String, String) {
        let request = self.requests.post("/token", &basic(client), &exchange_form(code));
        let answer = connection.send(&request).await;
        answer.must_be(200);
        (answer.quoted("\"access_token\":\""), answer.quoted("\"refresh_token\":\""))
    }
}

/// One of many, by turns.
pub fn turn(all: &[String], at: usize) -> &str {
    all.get(at % all.len().max(1)).expect("there are some")
}

fn set_cookie(header: Option<&str>) -> Option<String> {
    header.and_then(|value| value.split(';').next()).map(str::to_owned)
}
