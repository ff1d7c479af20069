//! A provider that listens on a loopback port, and a person who signs in there
//! with nothing but HTTP, cookies and forms.

use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::rt::System;
use menshen::app::App;
use menshen::base::{SystemClock, SystemEntropy};
use menshen::config::Config;
use menshen::identity::apply::Format;
use menshen::identity::{Identity, by_operator};
use menshen::web::provider::Provider;
use menshen::web::server::Listening;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use parking_lot::Mutex;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use scraper::{Html, Selector};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use tokio::sync::oneshot;
use url::Url;

use crate::support::database::{Backend, TestDatabase};

/// A provider on a port of its own, stopped when the test ends.
pub struct Served {
    pub issuer: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Goes last: nothing may hold a connection to it any more.
    _database: TestDatabase,
}

impl Served {
    pub fn start(backend: Backend, declared: &Value) -> Self {
        Self::configured(backend, declared, &[])
    }

    /// The same, with settings by the end of their variables' names.
    pub fn configured(backend: Backend, declared: &Value, settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new(backend);
        let config = |issuer: &str| configuration(database.url(), issuer, settings);
        let open = config("http://localhost:1");
        let listening = Listening::open(&open.server, &open.metrics).expect("a port");
        let issuer = format!("http://localhost:{}", listening.address().expect("an address").port());
        let (config, declared) = (config(&issuer), declared.to_string());
        let (stop, stopped) = oneshot::channel();
        let (tell, ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let app = App::build(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await.expect("an app");
                apply(&app, &declared).await;
                let store = app.store.clone();
                let _told = tell.send(());
                let stop = async move {
                    let _stopped = stopped.await;
                };
                Provider::new(app).serve(listening, stop).await.expect("serving");
                store.close();
            });
        });
        ready.recv().expect("a provider");
        Self { issuer, stop: Some(stop), thread: Some(thread), _database: database }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the provider did not end well");
        }
    }
}

async fn apply(app: &App, declared: &str) {
    let identity =
        Identity::new(&app.config, &app.vault, app.store.clone(), Arc::clone(&app.entropy)).expect("hashing");
    let declaration = identity.read_declaration(declared, Format::Json).expect("a right declaration");
    identity.apply(Arc::new(declaration), &by_operator()).await.expect("applying");
}

fn configuration(database: &str, issuer: &str, settings: &[(&str, &str)]) -> Config {
    let set = [
        ("SERVER__LISTEN", "127.0.0.1:0"),
        ("SERVER__ISSUER", issuer),
        ("SERVER__WORKERS", "1"),
        ("SERVER__STOP_DELAY", "0s"),
        ("METRICS__ENABLED", "false"),
        ("DATABASE__URL", database),
        ("DATABASE__CONNECTIONS", "2"),
        ("KEYS__KEK", "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU="),
        ("HASHING__MEMORY_KIB", "8192"),
        ("HASHING__ITERATIONS", "1"),
        ("HASHING__PATIENCE", "60s"),
    ];
    let kept = set.iter().filter(|(name, _)| settings.iter().all(|(other, _)| other != name)).chain(settings);
    let variables = kept.map(|(name, value)| (format!("MENSHEN__{name}"), (*value).to_owned()));
    Config::from_parts("", variables).expect("a configuration")
}

/// The HTTP of a relying party, without redirects and without a proxy.
#[derive(Clone)]
pub struct Http(reqwest::Client);

impl Http {
    pub fn new() -> Self {
        let _perhaps_there = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self(builder.tls_certs_only([]).build().expect("a client"))
    }

    pub async fn json(&self, url: &str) -> Value {
        let body = self.0.get(url).send().await.expect("an answer").bytes().await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// A form of a client that proves itself by its secret; it must be taken.
    pub async fn post_form(&self, url: &str, (client, secret): (&str, &str), form: &[(&str, &str)]) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let post = self.0.post(url).basic_auth(client, Some(secret)).body(body);
        let post = post.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(post.send().await.expect("an answer").status(), 200, "{url}");
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}

/// Somebody with a browser that knows no script.
pub struct Person {
    http: Http,
    cookie: Mutex<Option<String>>,
}

impl Person {
    pub fn new(http: &Http) -> Self {
        Self { http: http.clone(), cookie: Mutex::new(None) }
    }

    /// Follows `url` to a page, signs in there, and gives the address where the
    /// browser left the provider.
    pub async fn sign_in(&self, url: &Url, username: &str, password: &str) -> Url {
        let page = self.follow(self.http.0.get(url.clone())).await.expect_err("a page to sign in on");
        let mut fields = hidden_fields(&page.1);
        fields.extend(
            [("username", username), ("password", password), ("agree", "1")].map(|(n, v)| (n.into(), v.into())),
        );
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let post = self.http.0.post(page.0.clone()).header(ORIGIN, page.0.origin().ascii_serialization());
        let post = post.header("content-type", "application/x-www-form-urlencoded").body(body);
        match self.follow(post).await {
            Ok(left) => left,
            Err((at, page)) => panic!("still at {}: {page}", at.path()),
        }
    }

    /// Opens a page with a form of a login: where it stands, and its hidden fields.
    pub async fn form_at(&self, url: &str) -> (Url, Vec<(String, String)>) {
        let page = self.follow(self.http.0.get(url)).await.expect_err("a page to sign in on");
        (page.0, hidden_fields(&page.1))
    }

    /// Sends such a form, as often as one likes; what is answered, not followed.
    pub async fn send_form(&self, form: &(Url, Vec<(String, String)>), typed: &[(&str, &str)]) -> reqwest::Response {
        let body = {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(&form.1).extend_pairs(typed).finish()
        };
        let post = self.http.0.post(form.0.clone()).header(ORIGIN, form.0.origin().ascii_serialization());
        let cookie = self.cookie.lock().clone().unwrap_or_default();
        let post = post.header("content-type", "application/x-www-form-urlencoded").header(COOKIE, cookie);
        post.body(body).send().await.expect("an answer")
    }

    /// `Ok`: the address outside that a redirect led to; `Err`: a page.
    async fn follow(&self, mut request: reqwest::RequestBuilder) -> Result<Url, (Url, String)> {
        for _step in 0..10 {
            let cookie = self.cookie.lock().clone();
            if let Some(cookie) = cookie {
                request = request.header(COOKIE, cookie);
            }
            let response = request.send().await.expect("an answer");
            let at = response.url().clone();
            if let Some(set) = response.headers().get(SET_COOKIE) {
                let pair = set.to_str().expect("a cookie").split(';').next().map(str::to_owned);
                *self.cookie.lock() = pair;
            }
            let Some(location) = response.headers().get(LOCATION).cloned() else {
                return Err((at, response.text().await.expect("a page")));
            };
            let to = at.join(location.to_str().expect("an address")).expect("an address");
            if to.origin() != at.origin() {
                return Ok(to);
            }
            request = self.http.0.get(to);
        }
        panic!("redirects without end")
    }
}

fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let document = Html::parse_document(page);
    let selector = Selector::parse("form:has(#login-submit) input[type=hidden]").expect("a selector");
    let value = |input: scraper::ElementRef<'_>, name| input.attr(name).unwrap_or_default().to_owned();
    let fields: Vec<_> =
        document.select(&selector).map(|input| (value(input, "name"), value(input, "value"))).collect();
    assert!(!fields.is_empty(), "no form to sign in with: {page}");
    fields
}
