//! A client of the provider.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use menshen::protocol::pkce::CodeVerifier;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::answer::Answer;
use super::browser::Browser;
use super::house::{Person, SECRET};
use super::idp::{ISSUER, TestIdp};

pub const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters";
pub const STATE: &str = "the state, of the client & its own";

pub struct RelyingParty {
    idp: TestIdp,
    pub id: String,
    pub redirect_uri: String,
}

/// What came of an exchange.
#[derive(Clone, Debug)]
pub struct TokenSet {
    pub access: String,
    pub refresh: Option<String>,
    pub id_token: Option<String>,
    pub scope: String,
}

impl TokenSet {
    /// The claims of the ID token.
    pub fn claims(&self) -> Value {
        claims_of(self.id_token.as_deref().expect("an ID token"))
    }
}

/// What a JWT says; its signature is another test's.
pub fn claims_of(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

/// An authorization request that can be bent.
#[derive(Clone, Debug)]
pub struct Request {
    pub params: Vec<(String, String)>,
}

impl Request {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.params.retain(|(one, _)| one != name);
        self.also(name, value)
    }

    /// Once more, beside what is there.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(one, _)| one != name);
        self
    }

    pub fn query(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.params).finish()
    }

    pub fn url(&self) -> String {
        format!("/authorize?{}", self.query())
    }
}

impl RelyingParty {
    pub fn new(idp: TestIdp, id: &str) -> Self {
        let redirect_uri = match id {
            "native" => "http://127.0.0.1:51004/cb".to_owned(),
            "report-tool" => "https://report.test/cb".to_owned(),
            _ => format!("https://{id}.test/cb"),
        };
        Self { idp, id: id.to_owned(), redirect_uri }
    }

    /// A right request of this client.
    pub fn request(&self) -> Request {
        let challenge = CodeVerifier::parse(VERIFIER).expect("a verifier").challenge();
        let params = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", "n-1"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        Request { params: params.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec() }
    }

    /// The code that came back, if it is an answer to a request of this client.
    pub fn code_from(&self, answer: &Answer) -> String {
        let returned = answer.returned();
        if let Some(location) = answer.location() {
            assert!(location.starts_with(&format!("{}?", self.redirect_uri)), "{location}");
        }
        assert_eq!(returned.get("iss").map(String::as_str), Some(ISSUER));
        assert_eq!(returned.get("state").map(String::as_str), Some(STATE));
        answer.code()
    }

    /// A request to the token endpoint, with whatever proof this client uses.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/token", fields).await
    }

    /// A request to a client's endpoint.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = TestRequest::post().insert_header(("Host", "id.test")).peer_addr(self.idp.peer());
        let mut fields = fields.to_vec();
        let request = match self.id.as_str() {
            "spa" | "native" => {
                fields.push(("client_id", &self.id));
                request
            }
            "legacy" => {
                fields.extend([("client_id", self.id.as_str()), ("client_secret", SECRET)]);
                request
            }
            _ => request.insert_header(("Authorization", basic(&self.id, SECRET))),
        };
        self.idp.send(request.set_form(fields), path).await
    }

    pub async fn exchange(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// The tokens that a code buys.
    pub async fn tokens(&self, code: &str) -> TokenSet {
        token_set(&self.exchange(code).await)
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Lets somebody sign in with this scope and takes the tokens.
    pub async fn signed_in(&self, browser: &Browser, person: Person, scope: &str) -> TokenSet {
        let back = browser.sign_in_for(&self.request().with("scope", scope), person).await;
        self.tokens(&self.code_from(&back)).await
    }

    /// Goes through once more in a browser that needs no question.
    pub async fn silently(&self, browser: &Browser, scope: &str) -> TokenSet {
        let back = browser.open(&self.request().with("scope", scope).url()).await;
        self.tokens(&self.code_from(&back)).await
    }
}

pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| Serializer::new(String::new()).append_key_only(text).finish();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

pub fn token_set(answer: &Answer) -> TokenSet {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let body = answer.json();
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    TokenSet {
        access: text("access_token").expect("an access token"),
        refresh: text("refresh_token"),
        id_token: text("id_token"),
        scope: text("scope").unwrap_or_default(),
    }
}
