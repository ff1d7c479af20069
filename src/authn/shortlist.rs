//! Several accounts for which one proof is right, waiting for a choice.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use super::codes::KeptContact;
use crate::base::Timestamp;
use crate::base::id::{InteractionId, PrincipalId};
use crate::domain::Principal;

/// How long a choice may wait.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Principals for which a proof was right. Made by `authn` alone and kept in
/// the interaction's row; a page sees only the handles, which mean nothing
/// outside this list.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Shortlist {
    method: String,
    interaction: InteractionId,
    at: Timestamp,
    /// The secrets were read as of this moment; one changed later ends the choice.
    checked_at: Timestamp,
    candidates: Vec<Candidate>,
    /// The contact that was proved; whoever loses it meanwhile is not signed in by it.
    #[serde(default)]
    contact: Option<KeptContact>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Candidate {
    handle: String,
    principal: PrincipalId,
}

impl Candidate {
    /// The value of the page's button.
    #[must_use]
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Whom it stands for.
    #[must_use]
    pub fn principal(&self) -> &PrincipalId {
        &self.principal
    }
}

impl Shortlist {
    /// Writes down that one proof is right for all of `principals`.
    pub(super) fn new(method: &str, principals: &[Principal], checked_at: Timestamp, attempt: &Attempt<'_>) -> Self {
        let candidates = principals
            .iter()
            .map(|principal| Candidate {
                handle: URL_SAFE_NO_PAD.encode(attempt.entropy.bytes::<16>()),
                principal: principal.id.clone(),
            })
            .collect();
        Self {
            method: method.to_owned(),
            interaction: attempt.interaction,
            at: attempt.now,
            checked_at,
            candidates,
            contact: None,
        }
    }

    /// The proof was of this contact.
    pub(super) fn by_contact(self, contact: KeptContact) -> Self {
        Self { contact: Some(contact), ..self }
    }

    /// The contact that was proved, if the proof was of one.
    #[must_use]
    pub const fn contact(&self) -> Option<&KeptContact> {
        self.contact.as_ref()
    }

    /// Those to choose from.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The method whose proof was right.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// As of when the secrets were read.
    #[must_use]
    pub fn checked_at(&self) -> Timestamp {
        self.checked_at
    }

    /// The principal behind `handle`, while the proof is young and in the
    /// interaction in which it was given.
    #[must_use]
    pub fn pick(&self, handle: &str, attempt: &Attempt<'_>) -> Option<&PrincipalId> {
        let good = self.interaction == attempt.interaction && attempt.now.since(self.at) <= PATIENCE;
        let candidate = self.candidates.iter().find(|candidate| candidate.handle == handle);
        candidate.filter(|_| good).map(Candidate::principal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::KnownBrowser;
    use crate::base::SeededEntropy;

    #[test]
    fn a_handle_means_nothing_elsewhere_later_or_when_made_up() {
        let (stranger, entropy) = (KnownBrowser::stranger(), SeededEntropy::new(1));
        let attempt = Attempt {
            now: Timestamp::from_seconds(1_000),
            address: "192.0.2.1".parse().unwrap(),
            request_id: "r",
            interaction: InteractionId::new(1),
            client: None,
            browser: &stranger,
            asked: None,
            language: crate::domain::Language::Chinese,
            entropy: &entropy,
        };
        let candidate = Candidate { handle: "h".into(), principal: PrincipalId::from_text("p_a") };
        let list = Shortlist {
            method: "password".into(),
            interaction: InteractionId::new(1),
            at: attempt.now,
            checked_at: attempt.now,
            candidates: vec![candidate],
            contact: None,
        };
        assert_eq!(list.pick("h", &attempt).map(PrincipalId::as_str), Some("p_a"));
        assert!(list.pick("p_a", &attempt).is_none());
        assert!(list.pick("h", &Attempt { interaction: InteractionId::new(2), ..attempt }).is_none());
        assert!(list.pick("h", &Attempt { now: attempt.now + PATIENCE * 2, ..attempt }).is_none());
    }
}
