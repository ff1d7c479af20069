//! Why a sign-in did not come to its end.

use std::error::Error;

/// What went wrong, as the page for it needs to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// An answer to a question that this browser did not ask, or asked long ago.
    NotAsked,
    /// The answer does not come from our provider (RFC 9207 §2.4).
    OtherIssuer,
    /// The provider says no (RFC 6749 §4.1.2.1).
    Refused {
        /// The error code.
        error: String,
        /// Its words, if any.
        description: Option<String>,
    },
    /// The refresh token is not good any more: the person signs in again.
    Ended,
    /// The provider cannot be reached or breaks its protocol.
    Provider,
    /// A token does not prove what it should.
    Proof,
}

impl Trouble {
    /// The provider failed at `step`; the details go to the log.
    pub(super) fn provider(step: &str, error: &(dyn Error + 'static)) -> Self {
        tracing::warn!(step, error = chain(error), "the provider gave no good answer");
        Self::Provider
    }

    /// A token failed its check at `step`; the details go to the log.
    pub(super) fn proof(step: &str, error: &(dyn Error + 'static)) -> Self {
        tracing::warn!(step, error = chain(error), "a token was refused");
        Self::Proof
    }
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
