//! How the app calls the provider: over HTTP with cookies of its own, one step
//! at a time; it follows no redirect by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method, redirect};
use url::form_urlencoded;

use super::Trouble;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const MAX_BODY: usize = 512 * 1024;

/// An answer of the provider.
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

/// The app's way out. Plain http to loopback is all that a demo needs.
pub(super) struct Agent {
    client: Client,
}

impl Agent {
    pub(super) fn new() -> Result<Self, Trouble> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // main installs it first of all; a test may not.
            let _already_there = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let client =
            Client::builder().redirect(redirect::Policy::none()).no_proxy().tls_certs_only([]).timeout(TIMEOUT);
        Ok(Self { client: client.user_agent("menshen-simulated-app/1").build().map_err(failed)? })
    }

    /// One request; cookies that come back are kept.
    pub(super) async fn ask(
        &self,
        cookies: &mut BTreeMap<String, String>,
        url: &str,
        accept: &str,
        form: Option<&[(String, String)]>,
    ) -> Result<Heard, Trouble> {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = self.client.request(method, url).header("accept", accept);
        if !cookies.is_empty() {
            let sent: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", sent.join("; "));
        }
        if let Some(form) = form {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let mut answer = request.send().await.map_err(failed)?;
        for value in answer.headers().get_all("set-cookie") {
            keep(cookies, value.to_str().unwrap_or_default());
        }
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len().saturating_add(chunk.len()) > MAX_BODY {
                return Err(Trouble("the provider's answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Heard { status, location, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// A cookie is set, or taken away by an age of nothing.
fn keep(cookies: &mut BTreeMap<String, String>, header: &str) {
    let mut parts = header.split(';').map(str::trim);
    let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
    if parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
        cookies.remove(name);
    } else {
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

/// The address may hold a code, so it does not go into the text.
#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn failed(error: reqwest::Error) -> Trouble {
    let kind = if error.is_connect() { "it cannot be reached" } else { "it gave no answer" };
    Trouble(format!("the provider: {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_come_and_go() {
        let mut cookies = BTreeMap::new();
        keep(&mut cookies, "menshen=abc; Path=/; HttpOnly");
        assert_eq!(cookies.get("menshen").map(String::as_str), Some("abc"));
        keep(&mut cookies, "menshen=; Max-Age=0");
        assert!(cookies.is_empty());
    }
}
