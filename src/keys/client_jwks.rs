//! Keys of clients that name a `jwks_uri`: fetched when needed, kept a while.
//!
//! The token endpoint's client authentication asks it. An assertion is looked at
//! before anything is fetched, and one address is fetched at most twice a minute,
//! so nobody makes us knock at a client's door by sending rubbish.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use url::Url;

use super::assertion::{AssertionRules, VerifiedAssertion, verify_assertion};
use super::jose::JoseError;
use super::jwk::{ForeignKeys, JwksError};
use crate::base::Timestamp;
use crate::outbound::{Outbound, OutboundError};

/// A fetched set is used without a question for so long.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// A set that cannot be fetched anew serves for so long, so that a short outage
/// at the client stops nobody.
const STALE: Duration = Duration::from_secs(60 * 60);
/// Between two fetches of one address.
const PAUSE: Duration = Duration::from_secs(30);
/// Addresses that are remembered; the least recently fetched go first.
const MAX_SLOTS: usize = 1024;

/// Why an assertion of a client was refused.
#[derive(Debug, Error)]
pub enum AssertionError {
    /// The assertion itself.
    #[error(transparent)]
    Refused(#[from] JoseError),
    /// Its keys could not be fetched.
    #[error("keys of the client: {0}")]
    Fetch(#[from] OutboundError),
    /// What was fetched is no key set.
    #[error("keys of the client: {0}")]
    Set(#[from] JwksError),
    /// The last fetch failed a moment ago.
    #[error("keys of the client could not be fetched a moment ago")]
    Pausing,
}

/// The cache of clients' key sets.
pub struct ClientJwks {
    outbound: Outbound,
    slots: Mutex<HashMap<Url, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    state: Mutex<SlotState>,
    /// Held while fetching: whoever comes meanwhile waits for the same answer.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct SlotState {
    known: Option<Known>,
    tried_at: Option<Timestamp>,
}

#[derive(Clone)]
struct Known {
    keys: Arc<ForeignKeys>,
    fetched_at: Timestamp,
}

impl ClientJwks {
    /// An empty cache over `outbound`.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, slots: Mutex::default() }
    }

    /// Verifies an assertion with the keys behind `uri`; fetches them again when
    /// the assertion names one that is not there.
    pub async fn verify(
        &self,
        uri: &Url,
        text: &str,
        rules: &AssertionRules<'_>,
    ) -> Result<VerifiedAssertion, AssertionError> {
        if let Err(error) = verify_assertion(text, &ForeignKeys::default(), rules)
            && error != JoseError::UnknownKey
        {
            return Err(error.into());
        }
        let slot = self.slot(uri);
        let known = match slot.fresh(rules.now) {
            Some(known) => known,
            None => self.fetch(&slot, uri, rules.now).await?,
        };
        match verify_assertion(text, &known.keys, rules) {
            // A key set without `kid`s changes its keys under the same name.
            Err(error @ (JoseError::UnknownKey | JoseError::Signature)) => {
                let newer = self.fetch(&slot, uri, rules.now).await?;
                if Arc::ptr_eq(&newer.keys, &known.keys) {
                    return Err(error.into());
                }
                Ok(verify_assertion(text, &newer.keys, rules)?)
            }
            judged => Ok(judged?),
        }
    }

    /// Fetches unless somebody just did; the known set serves when that fails.
    async fn fetch(&self, slot: &Slot, uri: &Url, now: Timestamp) -> Result<Known, AssertionError> {
        let before = slot.state.lock().tried_at;
        let _turn = slot.turn.lock().await;
        let state = slot.state.lock().clone();
        let usable = state.known.filter(|known| is_within(known.fetched_at, STALE, now));
        if state.tried_at != before || state.tried_at.is_some_and(|tried| is_within(tried, PAUSE, now)) {
            return usable.ok_or(AssertionError::Pausing);
        }
        slot.state.lock().tried_at = Some(now);
        match self.fetched(uri).await {
            Ok(keys) => {
                let known = Known { keys: Arc::new(keys), fetched_at: now };
                slot.state.lock().known = Some(known.clone());
                Ok(known)
            }
            Err(error) => {
                tracing::warn!(host = uri.host_str(), %error, "keys of a client cannot be fetched");
                usable.ok_or(error)
            }
        }
    }

    async fn fetched(&self, uri: &Url) -> Result<ForeignKeys, AssertionError> {
        Ok(ForeignKeys::parse(&self.outbound.fetch(uri).await?)?)
    }

    fn slot(&self, uri: &Url) -> Arc<Slot> {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get(uri) {
            return Arc::clone(slot);
        }
        if slots.len() >= MAX_SLOTS {
            let oldest = slots.iter().min_by_key(|(_uri, slot)| slot.state.lock().tried_at).map(|(uri, _)| uri.clone());
            oldest.map(|uri| slots.remove(&uri));
        }
        Arc::clone(slots.entry(uri.clone()).or_default())
    }
}

impl Slot {
    fn fresh(&self, now: Timestamp) -> Option<Known> {
        self.state.lock().known.clone().filter(|known| is_within(known.fetched_at, FRESH, now))
    }
}

/// Whether `then` lies at most `span` back; a clock that went back says no.
fn is_within(then: Timestamp, span: Duration, now: Timestamp) -> bool {
    then <= now && now.since(then) < span
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::{SigningKey, TokenType};
    use crate::outbound::tests::{answering, ok, private};
    use crate::protocol::client_metadata::{AssertionAlg, SigningAlg};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const ISSUER: &str = "https://id.example";

    struct Bench {
        cache: ClientJwks,
        uri: Url,
        serving: tokio::task::JoinHandle<()>,
    }

    impl Bench {
        fn serving(answers: Vec<String>) -> Self {
            let (address, serving) = answering(answers);
            let uri = Url::parse(&format!("http://{address}/jwks")).unwrap();
            Self { cache: ClientJwks::new(private()), uri, serving }
        }

        /// An assertion of that second, judged in that second.
        async fn judge(&self, key: &SigningKey, second: u64) -> Result<VerifiedAssertion, AssertionError> {
            let now = NOW + Duration::from_secs(second);
            let claims =
                json!({"iss": "c", "sub": "c", "aud": ISSUER, "exp": now.seconds() + 60, "jti": second.to_string()});
            let text = key.sign(TokenType::Id, &claims).unwrap();
            self.cache.verify(&self.uri, &text, &rules(now)).await
        }
    }

    fn rules(now: Timestamp) -> AssertionRules<'static> {
        AssertionRules { client_id: "c", algorithms: &[AssertionAlg::Es256], audiences: &[ISSUER], now }
    }

    fn key() -> SigningKey {
        SigningKey::generate(SigningAlg::Es256).unwrap()
    }

    fn set(keys: &[&SigningKey]) -> String {
        let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
        ok(&json!({ "keys": keys }).to_string())
    }

    #[tokio::test]
    async fn a_set_is_fetched_once_and_again_after_five_minutes() {
        let key = key();
        let bench = Bench::serving(vec![set(&[&key]), set(&[&key])]);
        for second in [0, 1, 299] {
            bench.judge(&key, second).await.unwrap();
        }
        assert!(!bench.serving.is_finished());
        bench.judge(&key, 300).await.unwrap();
        bench.serving.await.unwrap();
    }

    #[tokio::test]
    async fn an_unknown_key_is_looked_for_but_not_more_often_than_every_half_minute() {
        let (old, new) = (key(), key());
        let bench = Bench::serving(vec![set(&[&old]), set(&[&old]), set(&[&old, &new])]);
        let unknown = |result| matches!(result, Err(AssertionError::Refused(JoseError::UnknownKey)));
        bench.judge(&old, 0).await.unwrap();
        assert!(unknown(bench.judge(&new, 10).await), "pausing");
        assert!(unknown(bench.judge(&new, 30).await), "fetched, still not there");
        assert!(unknown(bench.judge(&new, 59).await), "pausing");
        assert!(!bench.serving.is_finished());
        bench.judge(&new, 60).await.unwrap();
        bench.judge(&old, 61).await.unwrap();
        bench.serving.await.unwrap();
    }

    #[tokio::test]
    async fn an_outage_at_the_client_is_bridged_for_an_hour() {
        let key = key();
        let down = "HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
        let bench = Bench::serving(vec![set(&[&key]), down.clone(), ok("<html>"), down]);
        bench.judge(&key, 0).await.unwrap();
        bench.judge(&key, 300).await.unwrap();
        bench.judge(&key, 3599).await.unwrap();
        assert!(matches!(bench.judge(&key, 3700).await, Err(AssertionError::Fetch(_))));
        assert!(matches!(bench.judge(&key, 3701).await, Err(AssertionError::Pausing)));
        bench.serving.await.unwrap();
    }

    #[tokio::test]
    async fn rubbish_fetches_nothing() {
        let bench = Bench::serving(vec![ok("{}")]);
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.AA", "eyJhbGciOiJIUzI1NiJ9.e30.AA"] {
            let refused = bench.cache.verify(&bench.uri, text, &rules(NOW)).await;
            assert!(matches!(refused, Err(AssertionError::Refused(_))), "{text}");
        }
        tokio::task::yield_now().await;
        assert!(!bench.serving.is_finished());
    }

    #[tokio::test]
    async fn many_at_once_wait_for_one_fetch() {
        let key = key();
        let bench = Bench::serving(vec![set(&[&key])]);
        let (one, two, three) = tokio::join!(bench.judge(&key, 0), bench.judge(&key, 0), bench.judge(&key, 0));
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
    }
}
