//! A browser without scripts: a cookie jar, links and forms.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::test::TestRequest;

use super::answer::{Answer, PageForm};
use super::house::{PASSWORD, Person};
use super::idp::{ISSUER, TestIdp};
use super::relying_party::Request;

/// One browser of somebody.
pub struct Browser {
    idp: TestIdp,
    pub peer: SocketAddr,
    pub jar: RefCell<BTreeMap<String, String>>,
    pub language: &'static str,
    pub user_agent: &'static str,
}

pub const COOKIE: &str = "__Host-menshen";

impl Browser {
    pub fn new(idp: TestIdp, peer: SocketAddr) -> Self {
        Self { idp, peer, jar: RefCell::default(), language: "en", user_agent: "a browser of the tests" }
    }

    /// The same browser, as another node sees it.
    pub fn at(&self, node: &TestIdp) -> Self {
        let (language, user_agent) = (self.language, self.user_agent);
        Self { idp: node.clone(), peer: self.peer, jar: self.jar.clone(), language, user_agent }
    }

    /// A copy of everything that this browser holds, in other hands.
    pub fn stolen(&self) -> Self {
        let (language, user_agent) = (self.language, self.user_agent);
        Self { idp: self.idp.clone(), peer: self.idp.peer(), jar: self.jar.clone(), language, user_agent }
    }

    pub fn cookie(&self) -> Option<String> {
        self.jar.borrow().get(COOKIE).cloned()
    }

    /// Sends a request with this browser's cookies and keeps those that come back.
    pub async fn send(&self, request: TestRequest, url: &str) -> Answer {
        let path = url.strip_prefix(ISSUER).unwrap_or(url);
        let cookies: Vec<_> = self.jar.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .insert_header(("Host", "id.test"))
            .insert_header(("Accept-Language", self.language))
            .insert_header(("User-Agent", self.user_agent))
            .peer_addr(self.peer);
        let request = if cookies.is_empty() { request } else { request.insert_header(("Cookie", cookies.join("; "))) };
        let answer = self.idp.send(request, path).await;
        assert!(
            !answer.status.is_server_error() || answer.status == StatusCode::SERVICE_UNAVAILABLE,
            "{url}: {} {}",
            answer.status,
            answer.body
        );
        self.keep_cookies(&answer);
        answer
    }

    /// Keeps the cookies that a browser would keep.
    fn keep_cookies(&self, answer: &Answer) {
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, flags) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let flags: Vec<_> = flags.split(';').map(|flag| flag.trim().to_ascii_lowercase()).collect();
            let has = |flag: &str| flags.iter().any(|one| one == flag);
            let prefixed = has("secure") && has("path=/") && !flags.iter().any(|flag| flag.starts_with("domain"));
            assert!(prefixed || !name.starts_with("__Host-"), "a browser refuses {line}");
            assert!(line.len() < 4_096);
            if has("max-age=0") {
                self.jar.borrow_mut().remove(name);
            } else {
                self.jar.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.send(TestRequest::get(), url).await
    }

    /// Opens an address and follows where it leads, until a page or another site.
    pub async fn open(&self, url: &str) -> Answer {
        let answer = self.get(url).await;
        self.follow(answer).await
    }

    /// Follows redirects within the provider.
    pub async fn follow(&self, mut answer: Answer) -> Answer {
        for _hop in 0..20 {
            let Some(location) = answer.location().map(str::to_owned) else { return answer };
            if !location.starts_with('/') && !location.starts_with(ISSUER) {
                return answer;
            }
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "only 303 turns a POST into a GET everywhere");
            answer = self.get(&location).await;
        }
        panic!("redirected for ever: {}", answer.url);
    }

    /// Sends a form as a page of the provider does.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(ISSUER, url, fields).await
    }

    /// Sends a form as a page of `origin` does.
    pub async fn post_from(&self, origin: &str, url: &str, fields: &[(&str, &str)]) -> Answer {
        let site = if origin == ISSUER { "same-origin" } else { "cross-site" };
        let request = TestRequest::post()
            .insert_header(("Origin", origin))
            .insert_header(("Sec-Fetch-Site", site))
            .set_form(fields);
        self.send(request, url).await
    }

    pub async fn post_form(&self, form: &PageForm) -> Answer {
        let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&form.action, &fields).await
    }

    /// Fills in the page's form and sends it; does not follow.
    pub async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let mut form = page.form();
        for (name, value) in fields {
            form.fields.insert((*name).to_owned(), (*value).to_owned());
        }
        self.post_form(&form).await
    }

    /// Presses a button of the page and follows.
    pub async fn press(&self, page: &Answer, selector: &str) -> Answer {
        assert!(page.has(selector), "no {selector} at {}: {}", page.url, page.body);
        let (name, value) = (page.attribute(selector, "name"), page.attribute(selector, "value").unwrap_or_default());
        let fields: Vec<_> = name.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let answer = self.submit(page, &fields).await;
        self.follow(answer).await
    }

    /// Turns from any login page to the one that `person` needs.
    pub async fn turn_to(&self, login: &Answer, person: Person) -> Answer {
        if let Some(add) = login.attribute("#add-account", "href") {
            let other = self.open(&add).await;
            return Box::pin(self.turn_to(&other, person)).await;
        }
        if login.path() == person.page {
            return login.clone();
        }
        let selector = format!("a[href^='{}?']", person.page);
        let href = login.attribute(&selector, "href").unwrap_or_else(|| panic!("no link to {}", person.page));
        self.get(&href).await
    }

    /// Types a name and a password into a login page of any kind; what comes of
    /// it, not followed.
    pub async fn try_password(&self, login: &Answer, person: Person, password: &str) -> Answer {
        let page = self.turn_to(login, person).await;
        let page = if person.page == "/login/iam" {
            let next = self.submit(&page, &[("username", person.name)]).await;
            self.follow(next).await
        } else {
            page
        };
        let page = if page.has("#password") { page } else { panic!("no password field: {}", page.body) };
        let fields = [("username", person.name), ("password", password), ("agree", "1")];
        self.submit(&page, if person.page == "/login/iam" { &fields[1..] } else { &fields }).await
    }

    /// Signs in on a login page and follows to what comes next.
    pub async fn sign_in_at(&self, login: &Answer, person: Person) -> Answer {
        let password = if person.name == "me@acme.example" { "open-the-blue-gate-2" } else { PASSWORD };
        let answer = self.try_password(login, person, password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{person:?} is not let in: {}", answer.body);
        self.follow(answer).await
    }

    /// Signs in without any client.
    pub async fn sign_in(&self, person: Person) -> Answer {
        let login = self.open(person.page).await;
        self.sign_in_at(&login, person).await
    }

    /// Goes where a client sends people, and signs in there.
    pub async fn sign_in_for(&self, request: &Request, person: Person) -> Answer {
        let login = self.open(&request.url()).await;
        self.sign_in_at(&login, person).await
    }
}
