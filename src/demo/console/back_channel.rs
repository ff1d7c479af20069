//! What the console hears behind the browser's back: that a sign-in is over
//! (OpenID Connect Back-Channel Logout 1.0).
//!
//! The logout token is checked as §2.6 says; then exactly the accounts that sit
//! here by that sign-in leave, and every other tab goes on.

use std::collections::HashSet;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use openidconnect::ProviderMetadataWithLogout;
use serde_json::{Map, Value};

use super::Console;
use super::relying_party::moment;
use super::session::Tool;
use super::trouble::Trouble;
use crate::base::Timestamp;
use crate::demo::data;
use crate::protocol::RawParams;

/// The one event that a logout token tells of (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far two clocks may be apart.
const SLACK: Duration = Duration::from_secs(60);

/// `POST /back-channel-logout`.
pub(super) async fn console(body: Bytes, console: Data<Console>) -> HttpResponse {
    hear(&body, &console, Tool::Console).await
}

/// `POST /report/back-channel-logout`.
pub(super) async fn report(body: Bytes, console: Data<Console>) -> HttpResponse {
    hear(&body, &console, Tool::Report).await
}

async fn hear(body: &[u8], console: &Console, tool: Tool) -> HttpResponse {
    let client_id = match tool {
        Tool::Console => data::CONSOLE,
        Tool::Report => data::REPORT,
    };
    match over(body, console, client_id).await {
        Ok(over) => {
            console.sessions.end(tool, |signed_in| over.is_of(&signed_in.id_claims));
            HttpResponse::Ok().finish()
        }
        // Its keys could not be had: it may well be true, and is told again.
        Err(Trouble::Provider) => HttpResponse::ServiceUnavailable().finish(),
        Err(_) => HttpResponse::BadRequest().content_type("application/json").body(r#"{"error":"invalid_request"}"#),
    }
}

/// Which sign-in is over, if the provider says so.
async fn over(body: &[u8], console: &Console, client_id: &str) -> Result<Over, Trouble> {
    let params = RawParams::parse(body).map_err(|_malformed| Trouble::Proof)?;
    let token = params.optional("logout_token").filter(|_| params.repeated().is_none()).ok_or(Trouble::Proof)?;
    let header = decode_header(token).map_err(|error| Trouble::proof("logout token", &error))?;
    let provider = &console.provider;
    let key = match key_of(&*provider.metadata().await?, &header) {
        Some(key) => key,
        // Signed by a key that is new.
        None => key_of(&*provider.fresh_metadata().await?, &header).ok_or(Trouble::Proof)?,
    };
    let rules = Rules { issuer: provider.issuer(), client_id, now: provider.now() };
    rules.check(token, &header, &key)
}

/// The provider's key that signed, if it is one for this algorithm.
fn key_of(metadata: &ProviderMetadataWithLogout, header: &Header) -> Option<Jwk> {
    let keys: JwkSet = serde_json::from_value(serde_json::to_value(metadata.jwks()).ok()?).ok()?;
    let key = keys.find(header.kid.as_deref()?)?;
    let fits = matches!(
        (header.alg, &key.algorithm),
        (Algorithm::RS256, AlgorithmParameters::RSA(_)) | (Algorithm::ES256, AlgorithmParameters::EllipticCurve(_))
    );
    fits.then(|| key.clone())
}

/// What a logout token must say.
struct Rules<'a> {
    issuer: &'a str,
    client_id: &'a str,
    now: Timestamp,
}

impl Rules<'_> {
    /// Signature, type, issuer, audience, times, the event, no nonce, and whom it
    /// is about (§2.6).
    fn check(&self, token: &str, header: &Header, key: &Jwk) -> Result<Over, Trouble> {
        let wrong = |what: &str| {
            tracing::warn!(what, "a logout token was refused");
            Trouble::Proof
        };
        if header.typ.as_deref() != Some("logout+jwt") {
            return Err(wrong("typ"));
        }
        let key = DecodingKey::from_jwk(key).map_err(|error| Trouble::proof("key of the provider", &error))?;
        let mut rules = Validation::new(header.alg);
        rules.set_issuer(&[self.issuer]);
        rules.set_audience(&[self.client_id]);
        rules.required_spec_claims = HashSet::from(["iss".to_owned(), "aud".to_owned()]);
        // By our clock, below.
        rules.validate_exp = false;
        let decoded = decode::<Map<String, Value>>(token, &key, &rules);
        let claims = decoded.map_err(|error| Trouble::proof("logout token", &error))?.claims;
        let times = moment(&claims, "iat").zip(moment(&claims, "exp"));
        if times.is_none_or(|(issued, ends)| issued > self.now + SLACK || ends + SLACK <= self.now) {
            return Err(wrong("iat or exp"));
        }
        let event = claims.get("events").and_then(|events| events.get(EVENT));
        if !event.is_some_and(Value::is_object) || !claims.get("jti").is_some_and(Value::is_string) {
            return Err(wrong("events or jti"));
        }
        if claims.contains_key("nonce") {
            return Err(wrong("nonce"));
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let over = Over { subject: text("sub"), sid: text("sid") };
        if over.subject.is_none() && over.sid.is_none() { Err(wrong("neither sub nor sid")) } else { Ok(over) }
    }
}

/// The sign-in that is over: which one, or all of somebody.
#[derive(Debug, Eq, PartialEq)]
struct Over {
    subject: Option<String>,
    sid: Option<String>,
}

impl Over {
    /// Whether somebody with these claims signed in by it.
    fn is_of(&self, claims: &Map<String, Value>) -> bool {
        let same = |name: &str, told: &Option<String>| {
            told.as_deref().is_none_or(|told| claims.get(name).and_then(Value::as_str) == Some(told))
        };
        same("sub", &self.subject) && same("sid", &self.sid)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::keys::{SigningKey, TokenType};
    use crate::protocol::client_metadata::SigningAlg;

    const NOW: i64 = 1_767_225_600;

    fn claims() -> Value {
        json!({"iss": "http://localhost:8080", "aud": "console", "sub": "p_1", "sid": "s_1", "jti": "one",
            "iat": NOW, "exp": NOW + 120, "events": {EVENT: {}}})
    }

    fn with(change: Value) -> Value {
        let (Value::Object(mut claims), Value::Object(change)) = (claims(), change) else { panic!("objects") };
        claims.extend(change);
        claims.retain(|_, value| *value != "(none)");
        Value::Object(claims)
    }

    fn checked(typ: TokenType, claims: &Value) -> Result<Over, Trouble> {
        let key = SigningKey::generate(SigningAlg::Es256).unwrap();
        let mut jwk = serde_json::to_value(key.public()).unwrap();
        jwk["kid"] = json!(key.public().kid);
        judged(&key.sign(typ, claims).unwrap(), &serde_json::from_value(jwk).unwrap())
    }

    fn judged(token: &str, key: &Jwk) -> Result<Over, Trouble> {
        let rules = Rules { issuer: "http://localhost:8080", client_id: "console", now: Timestamp::from_seconds(NOW) };
        rules.check(token, &decode_header(token).unwrap(), key)
    }

    #[test]
    fn a_right_token_names_the_sign_in_that_is_over() {
        let over = checked(TokenType::Logout, &claims()).unwrap();
        assert_eq!(over, Over { subject: Some("p_1".into()), sid: Some("s_1".into()) });
        let of = |sub: &str, sid: &str| over.is_of(json!({"sub": sub, "sid": sid}).as_object().unwrap());
        assert!(of("p_1", "s_1") && !of("p_1", "s_2") && !of("p_2", "s_1"));
        let everywhere = checked(TokenType::Logout, &with(json!({"sid": "(none)"}))).unwrap();
        assert!(everywhere.is_of(json!({"sub": "p_1", "sid": "any"}).as_object().unwrap()));
    }

    #[rstest]
    #[case::of_another_issuer(json!({"iss": "http://localhost:8081"}))]
    #[case::without_issuer(json!({"iss": "(none)"}))]
    #[case::for_another_client(json!({"aud": "report-tool"}))]
    #[case::for_nobody(json!({"aud": "(none)"}))]
    #[case::expired(json!({"exp": NOW - 60}))]
    #[case::endless(json!({"exp": "(none)"}))]
    #[case::not_issued_yet(json!({"iat": NOW + 61}))]
    #[case::no_logout(json!({"events": {"http://schemas.openid.net/event/other": {}}}))]
    #[case::no_event(json!({"events": "(none)"}))]
    #[case::event_is_no_object(json!({"events": {EVENT: true}}))]
    #[case::without_number(json!({"jti": "(none)"}))]
    #[case::with_a_nonce(json!({"nonce": "n"}))]
    #[case::with_an_empty_nonce(json!({"nonce": null}))]
    #[case::about_nobody(json!({"sub": "(none)", "sid": "(none)"}))]
    fn a_token_that_says_something_else_ends_nothing(#[case] change: Value) {
        assert_eq!(checked(TokenType::Logout, &with(change)), Err(Trouble::Proof));
    }

    #[test]
    fn an_id_token_or_a_strangers_signature_ends_nothing() {
        assert_eq!(checked(TokenType::Id, &claims()), Err(Trouble::Proof));
        let (ours, theirs) =
            (SigningKey::generate(SigningAlg::Es256).unwrap(), SigningKey::generate(SigningAlg::Es256));
        let key: Jwk = serde_json::from_value(serde_json::to_value(ours.public()).unwrap()).unwrap();
        let forged = theirs.unwrap().sign(TokenType::Logout, &claims()).unwrap();
        assert_eq!(judged(&forged, &key), Err(Trouble::Proof));
    }
}
