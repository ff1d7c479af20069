//! A browser without JavaScript: follows redirects, keeps cookies (of every
//! port of localhost in one jar, as browsers do), fills in forms.

use std::collections::BTreeMap;

use menshen::demo::data::PASSWORD;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, Response, redirect};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// Somebody at a browser.
pub struct Visitor {
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// A page as it was received.
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub html: String,
}

impl Visitor {
    pub fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().tls_certs_only([]);
        Self { client: client.build().unwrap(), cookies: BTreeMap::new() }
    }

    /// Opens an address, following redirects.
    pub async fn open(&mut self, url: &str) -> Page {
        self.follow(Method::GET, url.parse().unwrap(), None).await
    }

    /// Where a first answer sends the browser, without going there.
    pub async fn redirected(&mut self, url: &str) -> Url {
        let answer = self.send(Method::GET, &url.parse().unwrap(), None).await;
        answer.headers().get(LOCATION).unwrap().to_str().unwrap().parse().unwrap()
    }

    /// Presses the button `#id` of a page, with these fields filled in.
    pub async fn press(&mut self, page: &Page, id: &str, fields: &[(&str, &str)]) -> Page {
        let (action, body) = page.form(id, fields);
        self.follow(Method::POST, action, Some((page.url.origin().ascii_serialization(), body))).await
    }

    /// Posts a form as a server does: without cookies, from no page. The status.
    pub async fn post_bare(&self, url: &str, body: &str) -> u16 {
        let request = self.client.post(url).header("content-type", "application/x-www-form-urlencoded");
        request.body(body.to_owned()).send().await.unwrap().status().as_u16()
    }

    /// Signs in on the provider's page, whichever of the three it takes.
    pub async fn sign_in(&mut self, page: Page, login: &str) -> Page {
        if !login.contains('.') {
            let second = self.press(&page, "next", &[("username", login)]).await;
            return self.press(&second, "login-submit", &[("password", PASSWORD)]).await;
        }
        self.press(&page, "login-submit", &[("username", login), ("password", PASSWORD), ("agree", "1")]).await
    }

    async fn follow(&mut self, method: Method, url: Url, form: Option<(String, String)>) -> Page {
        let (mut url, mut answer) = (url.clone(), self.send(method, &url, form).await);
        for _ in 0..20 {
            let Some(location) = answer.headers().get(LOCATION) else { break };
            assert_eq!(answer.status(), 303, "only 303 turns a POST into a GET");
            url = url.join(location.to_str().unwrap()).unwrap();
            answer = self.send(Method::GET, &url, None).await;
        }
        Page { status: answer.status().as_u16(), html: answer.text().await.unwrap(), url }
    }

    async fn send(&mut self, method: Method, url: &Url, form: Option<(String, String)>) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method, url.clone()).header("accept-language", "en");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some((origin, body)) = form {
            let kind = "application/x-www-form-urlencoded";
            request = request.header(ORIGIN, origin).header("content-type", kind).body(body);
        }
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }
}

impl Page {
    /// Text of the first element that a selector finds.
    pub fn text(&self, selector: &str) -> Option<String> {
        let document = Html::parse_document(&self.html);
        let found = document.select(&Selector::parse(selector).unwrap()).next()?;
        Some(found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A claim of the ID token or of userinfo, as the console shows it.
    pub fn claim(&self, section: &str, name: &str) -> Option<String> {
        self.text(&format!("#{section} tr[data-claim=\"{name}\"] bdi"))
    }

    /// What stands in a field.
    pub fn value(&self, selector: &str) -> String {
        let document = Html::parse_document(&self.html);
        let found = document.select(&Selector::parse(selector).unwrap()).next();
        found.expect(selector).attr("value").unwrap().to_owned()
    }

    /// Where a link leads.
    pub fn link(&self, selector: &str) -> String {
        let document = Html::parse_document(&self.html);
        let found = document.select(&Selector::parse(selector).unwrap()).next();
        self.url.join(found.expect(selector).attr("href").unwrap()).unwrap().into()
    }

    /// Where the form around `#id` goes, and what it sends.
    fn form(&self, id: &str, fields: &[(&str, &str)]) -> (Url, String) {
        let document = Html::parse_document(&self.html);
        let button = document.select(&Selector::parse(&format!("#{id}")).unwrap()).next();
        let Some(button) = button else { panic!("no #{id} on {} ({}):\n{}", self.url, self.status, self.html) };
        let form = button.ancestors().filter_map(ElementRef::wrap).find(|element| element.value().name() == "form");
        let form = form.expect("a form");
        let inputs = Selector::parse("input[name]:not([type=checkbox]):not([type=radio])").unwrap();
        let inputs = form.select(&inputs).map(|input| (input.attr("name").unwrap(), input.attr("value").unwrap_or("")));
        let untouched = inputs.filter(|(name, _)| fields.iter().all(|(filled, _)| filled != name));
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let named = button.attr("name").map(|name| (name, button.attr("value").unwrap_or("")));
        body.extend_pairs(untouched).extend_pairs(fields).extend_pairs(named);
        (self.url.join(form.attr("action").unwrap_or("")).unwrap(), body.finish())
    }
}
