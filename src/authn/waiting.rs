//! A proof that waits: the browser is full, and the person is asked which
//! account to remove first.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::proof::Proof;
use super::registry::Registry;
use crate::base::Timestamp;
use crate::base::id::{InteractionId, PrincipalId};
use crate::domain::{Assurance, Standing};
use crate::store::{StoreResult, Tx, credentials, principals};

/// How long it may wait.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What is kept of a proof in the interaction's row. It becomes a [`Proof`]
/// again there alone, soon, and only while it would be given again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct WaitingProof {
    principal: PrincipalId,
    method: String,
    assurance: Assurance,
    interaction: InteractionId,
    at: Timestamp,
}

impl WaitingProof {
    pub(super) fn new(
        principal: PrincipalId,
        method: &str,
        assurance: Assurance,
        given: (InteractionId, Timestamp),
    ) -> Self {
        let (interaction, at) = given;
        Self { principal, method: method.to_owned(), assurance, interaction, at }
    }

    /// Who waits.
    #[must_use]
    pub const fn principal(&self) -> &PrincipalId {
        &self.principal
    }

    /// By which method they proved themselves.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The proof again, when it is young, its principal in good standing, and
    /// none of its credentials was changed meanwhile.
    pub fn redeem(
        &self,
        tx: &mut Tx<'_>,
        registry: &Registry,
        interaction: InteractionId,
        now: Timestamp,
    ) -> StoreResult<Option<Proof>> {
        if self.interaction != interaction || now.since(self.at) > PATIENCE {
            return Ok(None);
        }
        let Some(method) = registry.find(&self.method).map(super::authenticator::Authenticator::method) else {
            return Ok(None);
        };
        let principal = principals::find(tx, &self.principal)?;
        let Some(principal) = principal.filter(|principal| principal.standing() == Standing::Good) else {
            return Ok(None);
        };
        if credentials::changed_since(tx, &self.principal, self.at)? {
            return Ok(None);
        }
        Ok(Some(Proof::after_waiting(principal, method, self.assurance.clone(), (self.interaction, self.at))))
    }
}
