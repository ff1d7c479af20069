//! What the app does: begins, posts what an SDK gave it, answers the provider's
//! pages, and ends with tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::super::sign::sha256;
use super::agent::{Agent, Heard};
use super::{NativeApp, Outcome, Page, PhoneState, Started, html};

const MAX_STEPS: usize = 12;
const HTML: &str = "text/html,application/xhtml+xml;q=0.9";
const JSON: &str = "application/json";

/// Why the app cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);

/// The app with what it has in hand.
pub struct App<'a> {
    native: &'a NativeApp,
    agent: Agent,
    /// What it has in hand.
    pub state: PhoneState,
}

impl<'a> App<'a> {
    /// The app where it stopped.
    ///
    /// # Errors
    /// No HTTP client.
    pub fn new(native: &'a NativeApp, state: PhoneState) -> Result<Self, Trouble> {
        Ok(Self { native, agent: Agent::new()?, state })
    }

    /// Asks for a sign-in. `random` is chance for verifier, state and attempt.
    ///
    /// # Errors
    /// What the provider did not do.
    pub async fn begin(&mut self, random: impl Fn(usize) -> String) -> Result<(), Trouble> {
        (self.state.started, self.state.page, self.state.outcome) = (None, None, None);
        self.state.steps.clear();
        let document = self.json(&format!("{}/.well-known/openid-configuration", self.native.issuer)).await?;
        let endpoint = |name: &str| {
            let found = document.get(name).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| Trouble(format!("discovery names no {name}")))
        };
        let (authorize, token_endpoint) = (endpoint("authorization_endpoint")?, endpoint("token_endpoint")?);
        let (verifier, state, attempt) = (random(64), random(24), random(24));
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.native.client_id)
            .append_pair("redirect_uri", &self.native.redirect_uri)
            .append_pair("scope", &self.native.scope)
            .append_pair("state", &state)
            .append_pair("nonce", &random(24))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let url = format!("{authorize}?{query}");
        let heard = self.ask(&url, JSON, None).await?;
        let started = |interaction, csrf, methods, attempt| Started {
            interaction,
            csrf,
            methods,
            attempt,
            verifier: verifier.clone(),
            state: state.clone(),
            token_endpoint: token_endpoint.clone(),
        };
        let told: Value = serde_json::from_str(&heard.body).unwrap_or_default();
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let attempt = Some(text("attempt")).filter(|told| !told.is_empty()).unwrap_or(attempt);
        let methods = told.get("methods").cloned().unwrap_or_default();
        self.state.started = Some(started(text("interaction"), text("csrf"), methods, attempt));
        if heard.location.is_some() {
            // Somebody is signed in already.
            return self.follow(&url, heard).await;
        }
        if text("interaction").is_empty() || text("csrf").is_empty() {
            return Err(Trouble(format!("/authorize answered {} without interaction and csrf", heard.status)));
        }
        Ok(())
    }

    /// Posts what an SDK gave the app to a path of the provider.
    ///
    /// # Errors
    /// What the provider did not do.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<(), Trouble> {
        let started = self.state.started.clone().ok_or_else(|| Trouble("the app has not begun".to_owned()))?;
        let own = [("interaction", started.interaction.as_str()), ("csrf", &started.csrf)];
        let last = [("attempt", started.attempt.as_str())];
        let form: Vec<_> = own
            .iter()
            .chain(fields)
            .chain(&last)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let url = format!("{}{path}", self.native.issuer);
        let heard = self.ask(&url, HTML, Some(&form)).await?;
        self.follow(&url, heard).await
    }

    /// Sends a form of the page that the provider shows.
    ///
    /// # Errors
    /// What the provider did not do.
    pub async fn answer(&mut self, form: usize, filled: &[(String, String)]) -> Result<(), Trouble> {
        let page = self.state.page.clone().ok_or_else(|| Trouble("there is no page".to_owned()))?;
        let form = page.forms.get(form).cloned().ok_or_else(|| Trouble("there is no such form".to_owned()))?;
        let url = absolute(&page.url, if form.action.is_empty() { &page.url } else { &form.action })?;
        let fields: Vec<_> = form.hidden.into_iter().chain(filled.iter().cloned()).collect();
        let heard = self.ask(&url, HTML, Some(&fields)).await?;
        self.follow(&url, heard).await
    }

    /// Follows the provider until it shows a page or sends the app home.
    async fn follow(&mut self, url: &str, heard: Heard) -> Result<(), Trouble> {
        let (mut url, mut heard) = (url.to_owned(), heard);
        self.state.page = None;
        for _ in 0..MAX_STEPS {
            let Some(location) = heard.location.take() else {
                self.state.page = Some(Page {
                    title: html::title(&heard.body),
                    error: html::error_code(&heard.body),
                    forms: html::forms(&heard.body),
                    url,
                });
                return Ok(());
            };
            url = absolute(&url, &location)?;
            if url.starts_with(&self.native.redirect_uri) {
                return self.finish(&url).await;
            }
            if !url.starts_with(&self.native.issuer) {
                return Err(Trouble("the provider sends the app elsewhere".to_owned()));
            }
            heard = self.ask(&url, HTML, None).await?;
        }
        Err(Trouble("the provider sends the app in a circle".to_owned()))
    }

    /// Trades the code for tokens.
    async fn finish(&mut self, url: &str) -> Result<(), Trouble> {
        let started = self.state.started.clone().ok_or_else(|| Trouble("the app has not begun".to_owned()))?;
        let home = Url::parse(url).map_err(|error| Trouble(error.to_string()))?;
        let param = |name: &str| home.query_pairs().find(|(is, _)| is == name).map(|(_, value)| value.into_owned());
        if param("state").as_deref() != Some(started.state.as_str()) {
            return Err(Trouble("the answer belongs to another request".to_owned()));
        }
        let Some(code) = param("code") else {
            self.state.outcome = Some(Outcome::Failed(param("error").unwrap_or_else(|| "no code".to_owned())));
            return Ok(());
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.native.redirect_uri),
            ("client_id", &self.native.client_id),
            ("code_verifier", &started.verifier),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let heard = self.ask(&started.token_endpoint, JSON, Some(&form)).await?;
        let told: Value = serde_json::from_str(&heard.body).unwrap_or_default();
        let claims = told.get("id_token").and_then(Value::as_str).and_then(claims);
        let error = told.get("error").and_then(Value::as_str).unwrap_or("no ID token");
        let failed = || Outcome::Failed(error.to_owned());
        self.state.outcome = Some(claims.map_or_else(failed, Outcome::SignedIn));
        Ok(())
    }

    async fn json(&mut self, url: &str) -> Result<Value, Trouble> {
        let heard = self.ask(url, JSON, None).await?;
        serde_json::from_str(&heard.body).map_err(|_not_json| Trouble(format!("no JSON but a {}", heard.status)))
    }

    /// One request, written down without its query.
    async fn ask(&mut self, url: &str, accept: &str, form: Option<&[(String, String)]>) -> Result<Heard, Trouble> {
        let heard = self.agent.ask(&mut self.state.cookies, url, accept, form).await?;
        let (path, method) = (url.split('?').next().unwrap_or(url), if form.is_some() { "POST" } else { "GET" });
        self.state.steps.push(format!("{method} {path} → {}", heard.status));
        Ok(heard)
    }
}

fn absolute(base: &str, target: &str) -> Result<String, Trouble> {
    let url = Url::parse(base).and_then(|base| base.join(target));
    url.map(String::from).map_err(|error| Trouble(error.to_string()))
}

/// The claims of an ID token. It came from the token endpoint itself, so the
/// app may take them as they are (OpenID Connect Core §3.1.3.7, item 6).
fn claims(id_token: &str) -> Option<Value> {
    let payload = id_token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
