//! How the demo's services call the provider: as any other client of it does,
//! over HTTP, with nothing but what discovery tells them.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Certificate, Client, ClientBuilder, redirect};
use serde_json::Value;
use url::Url;

/// Bytes of an answer that are read.
const MAX_BODY: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client for calls to one provider; cheap to clone.
///
/// It follows no redirect: an answer of the provider is what the provider
/// says, never what some other server says.
#[derive(Clone)]
pub struct HttpClient(Client);

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No client could be built.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// The request could not be sent or the answer not be read.
    #[error("the provider does not answer: {0}")]
    Failed(String),
    /// The answer is longer than anything we expect.
    #[error("the answer is too long")]
    TooLong,
    /// The answer is not the JSON that was expected.
    #[error("the answer, status {0}, is not the expected JSON")]
    Unexpected(u16),
}

impl HttpClient {
    /// A client for `issuer`. Over plain http no certificate is looked at, so
    /// that the demo runs on machines without any; over https `ca_file` holds
    /// roots beside the machine's own.
    ///
    /// # Errors
    /// A file that holds no certificates.
    pub fn new(issuer: &str, ca_file: Option<&Path>) -> Result<Self, HttpError> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .user_agent(concat!("menshen-demo/", env!("CARGO_PKG_VERSION")));
        with_roots(builder, issuer, ca_file)?.build().map(Self).map_err(|error| HttpError::Client(text(error)))
    }

    /// Fetches a JSON document.
    ///
    /// # Errors
    /// Anything but JSON with status 200.
    pub async fn fetch_json(&self, url: &str) -> Result<Value, HttpError> {
        let request = self.0.get(url).header("accept", "application/json").build();
        self.json(request.map_err(failed)?).await
    }

    /// Posts a form as a client that proves itself by its secret
    /// (RFC 6749 §2.3.1) and reads JSON.
    ///
    /// # Errors
    /// Anything but JSON with status 200.
    pub async fn post_form(
        &self,
        url: &Url,
        (client_id, secret): (&str, &str),
        form: &[(&str, &str)],
    ) -> Result<Value, HttpError> {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .0
            .post(url.clone())
            .basic_auth(encode(client_id), Some(encode(secret)))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body)
            .build();
        self.json(request.map_err(failed)?).await
    }

    /// Calls an API with an access token; gives the status and what was said.
    ///
    /// # Errors
    /// No answer, or an endless one.
    pub async fn call_api(&self, url: &str, access_token: &str) -> Result<(u16, String), HttpError> {
        let request = self.0.get(url).bearer_auth(access_token).header("accept", "application/json").build();
        let response = self.send(request.map_err(failed)?).await?;
        Ok((response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned()))
    }

    async fn json(&self, request: reqwest::Request) -> Result<Value, HttpError> {
        let response = self.send(request).await?;
        let unexpected = HttpError::Unexpected(response.status().as_u16());
        if response.status() != reqwest::StatusCode::OK {
            return Err(unexpected);
        }
        serde_json::from_slice(response.body()).map_err(|_not_json| unexpected)
    }

    async fn send(&self, request: reqwest::Request) -> Result<HttpResponse, HttpError> {
        let mut response = self.0.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

/// What the `openidconnect` crate sends, sent by this client.
impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { self.send(request.try_into().map_err(failed)?).await })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

fn with_roots(builder: ClientBuilder, issuer: &str, ca_file: Option<&Path>) -> Result<ClientBuilder, HttpError> {
    if issuer.starts_with("http://") {
        return Ok(builder.tls_certs_only([]));
    }
    let Some(path) = ca_file else { return Ok(builder) };
    let wrong = |reason: &dyn fmt::Display| HttpError::Client(format!("{}: {reason}", path.display()));
    let pem = std::fs::read(path).map_err(|error| wrong(&error.kind()))?;
    Ok(builder.tls_certs_merge(Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&error))?))
}

fn failed(error: reqwest::Error) -> HttpError {
    HttpError::Failed(text(error))
}

/// The address may hold a token, so it does not go into the text.
fn text(error: reqwest::Error) -> String {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
