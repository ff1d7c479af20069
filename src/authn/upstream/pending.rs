//! An upstream identity that nobody here has yet, waiting for an account.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Upstream;
use crate::authn::provider::Provider;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::base::id::{InteractionId, PrincipalId};
use crate::base::{Entropy, Timestamp, TokenHash};
use crate::connectors::UpstreamIdentity;
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::keys::Purpose;
use crate::keys::vault::Aad;
use crate::store::bindings::{self, BindingKey, NewBinding};
use crate::store::dialect::savepoint;
use crate::store::{StoreError, StoreResult, Tx, audit};

/// How long it waits.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// An identity that a vendor vouched for in one interaction. Made by `authn`
/// alone and kept in the interaction's row; its keys are hashes already.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PendingBinding {
    pub(super) interaction: InteractionId,
    pub(super) connector: String,
    pub(super) keys: Vec<PendingKey>,
    /// Sealed to the interaction.
    pub(super) name: Option<String>,
    pub(super) at: Timestamp,
}

/// One of its keys.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct PendingKey {
    hash: String,
    kind: String,
}

impl PendingKey {
    pub(super) fn of(key: &BindingKey) -> Self {
        Self { hash: URL_SAFE_NO_PAD.encode(key.hash.as_bytes()), kind: key.kind.clone() }
    }

    fn to_key(&self) -> Option<BindingKey> {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(&self.hash).ok()?.try_into().ok()?;
        Some(BindingKey { hash: TokenHash::new(bytes), kind: self.kind.clone() })
    }
}

impl PendingBinding {
    /// The method that brought it.
    #[must_use]
    pub fn connector(&self) -> &str {
        &self.connector
    }

    /// A name of this very identity in this very interaction, for what is bound
    /// to it (a code that was sent).
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let first = self.keys.first().map(|key| key.hash.as_str()).unwrap_or_default();
        format!("{}:{first}:{}", self.connector, self.at.micros())
    }

    /// Whether it still waits, in its own interaction.
    #[must_use]
    pub fn is_good(&self, interaction: InteractionId, now: Timestamp) -> bool {
        self.interaction == interaction && now.since(self.at) <= PATIENCE
    }

    pub(super) fn binding_keys(&self) -> Vec<BindingKey> {
        self.keys.iter().filter_map(PendingKey::to_key).collect()
    }
}

/// A binding with everything sealed to whom it will belong, to be stored in the
/// transaction that decides so.
#[derive(Clone)]
pub struct ReadyBinding {
    pub(super) principal: PrincipalId,
    pub(super) connector: String,
    pub(super) name: Option<Vec<u8>>,
    pub(super) keys: Vec<BindingKey>,
}

impl Upstream {
    /// A binding of what waits to this principal, to be stored in the transaction
    /// that makes or finds the principal.
    ///
    /// # Errors
    /// A seal that does not open or close.
    pub fn ready(
        &self,
        pending: &PendingBinding,
        principal: &PrincipalId,
        entropy: &dyn Entropy,
    ) -> Result<ReadyBinding, AuthnError> {
        Ok(ReadyBinding {
            principal: principal.clone(),
            connector: pending.connector.clone(),
            name: self.name_of(pending)?.map(|name| self.sealed_name(principal, &name, entropy)).transpose()?,
            keys: pending.binding_keys(),
        })
    }

    /// A binding of an identity that whoever declares people vouches for.
    ///
    /// # Errors
    /// A seal that does not close.
    pub fn vouched(
        &self,
        connector: &str,
        identity: &UpstreamIdentity,
        principal: &PrincipalId,
        entropy: &dyn Entropy,
    ) -> Result<ReadyBinding, AuthnError> {
        let name = identity.display_name().map(|name| self.sealed_name(principal, name, entropy));
        Ok(ReadyBinding {
            principal: principal.clone(),
            connector: connector.to_owned(),
            name: name.transpose()?,
            keys: self.keys_of(identity),
        })
    }

    /// What the holder of a binding is called at the vendor.
    ///
    /// # Errors
    /// A seal that does not open.
    pub fn name_of_held(&self, principal: &PrincipalId, sealed: &[u8]) -> Result<String, AuthnError> {
        let place = Aad { table: "bindings", column: "name", row: principal.as_str() };
        let opened = self.0.vault.unseal(Purpose::BindingSeal, &place, sealed)?;
        Ok(String::from_utf8_lossy(opened.expose()).into_owned())
    }

    fn sealed_name(&self, principal: &PrincipalId, name: &str, entropy: &dyn Entropy) -> Result<Vec<u8>, AuthnError> {
        let place = Aad { table: "bindings", column: "name", row: principal.as_str() };
        Ok(self.0.vault.seal(Purpose::BindingSeal, &place, name.as_bytes(), entropy)?)
    }
}

/// Why a binding was not stored. Nothing is ever replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BindConflict {
    /// Somebody has this identity.
    Taken,
    /// The principal has another one of this connector.
    HasAnother,
}

impl BindConflict {
    /// In the words of a page.
    #[must_use]
    pub const fn rejection(self, provider: Provider) -> Rejection {
        match self {
            Self::Taken => Rejection::IdentityTaken { provider },
            Self::HasAnother => Rejection::AccountHasIdentity { provider },
        }
    }
}

impl ReadyBinding {
    /// Stores the binding and writes it down. Of two at once one wins: the
    /// database's unique keys decide, and the other is told which it was.
    pub fn store(&self, tx: &mut Tx<'_>, origin: &Origin) -> StoreResult<Result<(), BindConflict>> {
        let new = NewBinding {
            principal: &self.principal,
            connector: &self.connector,
            name: self.name.as_deref(),
            keys: &self.keys,
        };
        let stored = savepoint(tx, |tx| bindings::insert(tx, &new));
        let conflict = match stored {
            Ok(_row) => None,
            Err(StoreError::Conflict(_)) => {
                let taken = !bindings::find(tx, &self.keys)?.is_empty();
                Some(if taken { BindConflict::Taken } else { BindConflict::HasAnother })
            }
            Err(error) => return Err(error),
        };
        let (outcome, because) = match conflict {
            None => (Outcome::Success, ""),
            Some(BindConflict::Taken) => (Outcome::Refused, ": somebody has the identity"),
            Some(BindConflict::HasAnother) => (Outcome::Refused, ": the principal has another"),
        };
        let event = AuditEvent::new(AuditKind::BindingAdded, outcome).of_principal(&self.principal);
        audit::record(tx, &event.because(format!("{}{because}", self.connector)), origin)?;
        Ok(conflict.map_or(Ok(()), Err))
    }
}
