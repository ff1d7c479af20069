//! A document of the provider, fetched when needed and kept a while.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::super::error::{Class, VendorError};
use super::VENDOR;
use crate::base::Timestamp;

/// A document is used without a question for so long.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// One that cannot be fetched anew serves for so long.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two fetches. A provider that is down costs one person in this time
/// the wait for it, and a token under an unknown key makes us ask no oftener.
const PAUSE: Duration = Duration::from_secs(30);

/// One document.
pub(super) struct Kept<T> {
    state: Mutex<State<T>>,
    /// Held while fetching: whoever comes meanwhile waits for the same answer.
    turn: tokio::sync::Mutex<()>,
}

struct State<T> {
    known: Option<(Arc<T>, Timestamp)>,
    tried_at: Option<Timestamp>,
}

impl<T> Kept<T> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { known: None, tried_at: None }), turn: tokio::sync::Mutex::new(()) }
    }

    /// The document, fetched by `fetch` when there is none that is fresh.
    pub(super) async fn current<F>(&self, now: Timestamp, fetch: F) -> Result<Arc<T>, VendorError>
    where
        F: Future<Output = Result<T, VendorError>>,
    {
        match self.known(now, FRESH) {
            Some(known) => Ok(known),
            None => self.renewed(now, fetch).await,
        }
    }

    /// The document fetched anew, unless somebody just did; what is known serves
    /// when that fails.
    pub(super) async fn renewed<F>(&self, now: Timestamp, fetch: F) -> Result<Arc<T>, VendorError>
    where
        F: Future<Output = Result<T, VendorError>>,
    {
        let before = self.state.lock().tried_at;
        let _turn = self.turn.lock().await;
        let tried_at = self.state.lock().tried_at;
        if tried_at != before || tried_at.is_some_and(|tried| is_within(tried, PAUSE, now)) {
            let pausing = || VendorError::new(VENDOR, Class::Unavailable, "the provider did not answer a moment ago");
            return self.known(now, STALE).ok_or_else(pausing);
        }
        self.state.lock().tried_at = Some(now);
        match fetch.await {
            Ok(fetched) => {
                let fetched = Arc::new(fetched);
                self.state.lock().known = Some((Arc::clone(&fetched), now));
                Ok(fetched)
            }
            Err(error) => self.known(now, STALE).ok_or(error),
        }
    }

    /// Takes a document that was read by other means.
    #[cfg(test)]
    pub(super) fn put(&self, document: T, now: Timestamp) {
        self.state.lock().known = Some((Arc::new(document), now));
    }

    fn known(&self, now: Timestamp, within: Duration) -> Option<Arc<T>> {
        let state = self.state.lock();
        state.known.as_ref().filter(|(_, at)| is_within(*at, within, now)).map(|(known, _)| Arc::clone(known))
    }
}

/// A clock that was set back makes nothing young again.
fn is_within(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    since <= now && now < since + span
}
