//! What all upstream methods share: states, the keys of identities, and how an
//! identity becomes a proof or waits for a binding.
//!
//! An identity is found by keyed hashes of its names, never by a phone number or
//! an e-mail address that a vendor claims. What a vendor's server said is
//! believed; what a browser or an app brought is at most a code to ask for it.

mod arrivals;
mod journey;
mod pending;
mod state;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use arrivals::Arriving;
pub use journey::{Arrival, Departure, Panel, Place, Route, Wanted};
pub use pending::{BindConflict, PendingBinding, ReadyBinding};
pub use state::{Bound, Presented, Returned};

use super::attempt::Attempt;
use super::authenticator::{Method, Progress};
use super::codes::ProvedBy;
use super::judge::{Judged, judge};
use super::proof::Proof;
use super::provider::Provider;
use super::rejection::{AuthnError, Rejection};
use crate::base::id::BrowserId;
use crate::base::{Entropy, OpaqueTokens, Secret, Timestamp};
use crate::connectors::UpstreamIdentity;
use crate::domain::{AuditEvent, AuditKind, Outcome, Standing};
use crate::keys::{InteractionSeals, MacKey, Purpose, Vault};
use crate::store::bindings::{self, Binding, BindingKey};
use crate::store::dialect::savepoint;
use crate::store::{Store, StoreError, StoreResult, Tx, audit, principals, used_once};
use arrivals::Arrivals;
use pending::PendingKey;
use state::States;

/// Longer than any vendor's code lives, and the slowest clock's.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// When whoever was turned away may come again: a page waits no longer for a vendor.
const CROWDED: Duration = Duration::from_secs(5);

/// What upstream methods work with. Cheap to clone.
#[derive(Clone)]
pub struct Upstream(Arc<Inner>);

struct Inner {
    store: Store,
    states: States,
    arrivals: Arrivals,
    used: MacKey,
    identities: MacKey,
    seals: InteractionSeals,
    vault: Arc<Vault>,
}

impl Upstream {
    /// Over this store and key tree.
    #[must_use]
    pub fn new(store: Store, vault: &Arc<Vault>, opaque: Arc<OpaqueTokens>) -> Self {
        Self(Arc::new(Inner {
            store,
            states: States::new(vault.mac_key(Purpose::UpstreamState), opaque),
            arrivals: Arrivals::default(),
            used: vault.mac_key(Purpose::UsedOnce),
            identities: vault.mac_key(Purpose::BindingKey),
            seals: InteractionSeals::new(Arc::clone(vault)),
            vault: Arc::clone(vault),
        }))
    }

    /// Lets somebody in who comes back from a vendor; held until they are looked at.
    ///
    /// # Errors
    /// [`AuthnError::Busy`] when a crowd of this method, or from this address, is being
    /// looked at already.
    pub fn admit(&self, method: &str, address: IpAddr) -> Result<Arriving, AuthnError> {
        self.0.arrivals.admit(method, address).ok_or(AuthnError::Busy { retry_after: CROWDED })
    }

    /// A state for somebody who leaves.
    #[must_use]
    pub fn state(&self, bound: Bound<'_>, now: Timestamp, entropy: &dyn Entropy) -> String {
        self.0.states.make(bound, now, entropy)
    }

    /// Reads the state of somebody who returns. Changes nothing.
    #[must_use]
    pub fn read_state(&self, text: &str, browser: BrowserId, method: &str, now: Timestamp) -> Presented {
        self.0.states.read(text, browser, method, now)
    }

    /// Uses a state; false when it was used before, in this process or another.
    pub fn use_state(&self, tx: &mut Tx<'_>, returned: &Returned) -> StoreResult<bool> {
        let hash = self.0.used.mac(&[b"state", returned.text().as_bytes()]);
        used_once::mark(tx, &hash, returned.expires_at + REMEMBERED)
    }

    /// What an ID token and the exchange must show beside a state.
    #[must_use]
    pub fn secrets_of(&self, state: &str) -> (String, Secret<String>) {
        (self.0.states.nonce(state), self.0.states.verifier(state))
    }

    /// The same, for a state that came back.
    #[must_use]
    pub fn secrets_of_returned(&self, returned: &Returned) -> (String, Secret<String>) {
        self.secrets_of(returned.text())
    }

    /// Uses a code or token that an app brought; false when it was used before.
    ///
    /// # Errors
    /// The store could not answer.
    pub(super) async fn use_once(&self, method: &str, token: &str, now: Timestamp) -> Result<bool, AuthnError> {
        let hash = self.0.used.mac(&[b"app", method.as_bytes(), token.as_bytes()]);
        Ok(self.0.store.write(move |tx| used_once::mark(tx, &hash, now + REMEMBERED)).await?)
    }

    /// Writes down why a vendor's answer let nobody in.
    ///
    /// # Errors
    /// The store could not answer.
    pub(super) async fn note(&self, attempt: &Attempt<'_>, event: AuditEvent) -> Result<(), AuthnError> {
        let origin = attempt.origin();
        Ok(self.0.store.write(move |tx| audit::record(tx, &event, &origin)).await?)
    }

    /// Whose identity is it? Nobody's waits for a binding.
    ///
    /// # Errors
    /// Store or vault in trouble.
    pub(super) async fn recognise(
        &self,
        attempt: &Attempt<'_>,
        method: Method,
        identity: &UpstreamIdentity,
    ) -> Result<Progress, AuthnError> {
        let keys = self.keys_of(identity);
        let mut event = AuditEvent::new(AuditKind::Login, Outcome::Success);
        event.client = attempt.client.cloned();
        let (origin, looked_for) = (attempt.origin(), keys.clone());
        let found = self
            .0
            .store
            .write(move |tx| {
                let found = bindings::find(tx, &looked_for)?;
                let [binding] = found.as_slice() else {
                    if !found.is_empty() {
                        let because = format!("{}: the identity's names are bound to different people", method.name);
                        let refused = AuditEvent { outcome: Outcome::Refused, ..event.clone() }.because(because);
                        audit::record(tx, &refused, &origin)?;
                    }
                    return Ok(Found::of(&found));
                };
                // Held from here on; it may have been taken away a moment ago.
                if !bindings::hold(tx, binding.id)? {
                    return Ok(Found::Nobody);
                }
                add_missing(tx, binding, &looked_for)?;
                match principals::find(tx, &binding.principal)? {
                    Some(principal) => {
                        judge(tx, principal, &event, &origin, (method.name, "known identity")).map(Found::One)
                    }
                    None => Ok(Found::Nobody),
                }
            })
            .await?;
        Ok(match found {
            Found::Nobody => Progress::Unbound(self.pending(attempt, method, identity, &keys)?),
            Found::Several => Rejection::IdentityConflict { provider: Provider::of(method.name) }.into(),
            Found::One(Judged::Good(principal)) => Progress::Verified(Proof::mint(*principal, method, attempt)),
            Found::One(Judged::Refused(rejection)) => rejection.into(),
        })
    }

    fn pending(
        &self,
        attempt: &Attempt<'_>,
        method: Method,
        identity: &UpstreamIdentity,
        keys: &[BindingKey],
    ) -> Result<PendingBinding, AuthnError> {
        let seal = |name| self.0.seals.seal(attempt.interaction, "upstream name", name, attempt.entropy);
        Ok(PendingBinding {
            interaction: attempt.interaction,
            connector: method.name.to_owned(),
            keys: keys.iter().map(PendingKey::of).collect(),
            name: identity.display_name().map(seal).transpose()?,
            at: attempt.now,
        })
    }

    /// What the person is called at the vendor, for the page that binds.
    ///
    /// # Errors
    /// A seal that does not open.
    pub fn name_of(&self, pending: &PendingBinding) -> Result<Option<String>, AuthnError> {
        let open = |sealed: &String| self.0.seals.open(pending.interaction, "upstream name", sealed);
        Ok(pending.name.as_ref().map(open).transpose()?.map(|name| name.expose().clone()))
    }

    /// Binds what waits to a principal whose number was proved in this interaction,
    /// and proves them by both: found good and bound in the caller's transaction.
    pub fn bind(
        &self,
        tx: &mut Tx<'_>,
        attempt: &Attempt<'_>,
        (method, by): (Method, ProvedBy),
        ready: &ReadyBinding,
    ) -> StoreResult<Result<Proof, Rejection>> {
        let mut event = AuditEvent::new(AuditKind::Login, Outcome::Success);
        event.client = attempt.client.cloned();
        let origin = attempt.origin();
        let Some(principal) = principals::find(tx, &ready.principal)? else {
            return Ok(Err(Rejection::SelectRequired));
        };
        if principal.standing() == Standing::Good
            && let Err(conflict) = ready.store(tx, &origin)?
        {
            return Ok(Err(conflict.rejection(Provider::of(method.name))));
        }
        Ok(match judge(tx, principal, &event, &origin, (method.name, "bound"))? {
            Judged::Good(principal) => Ok(Proof::mint(*principal, method, attempt).with(by.method().amr)),
            Judged::Refused(rejection) => Err(rejection),
        })
    }

    fn keys_of(&self, identity: &UpstreamIdentity) -> Vec<BindingKey> {
        let hashed = |key: &crate::connectors::IdentityKey| {
            let app = key.app.as_deref().unwrap_or_default();
            let parts = [&key.provider, app, &key.kind, &key.value].map(str::as_bytes);
            BindingKey { hash: self.0.identities.mac(&parts), kind: key.kind.clone() }
        };
        identity.keys().iter().map(hashed).collect()
    }
}

/// To whom an identity's keys lead.
enum Found {
    Nobody,
    One(Judged),
    Several,
}

impl Found {
    fn of(bindings: &[Binding]) -> Self {
        if bindings.is_empty() { Self::Nobody } else { Self::Several }
    }
}

/// Names under which a bound identity appears for the first time are added. One
/// that another request added meanwhile is there already; one that is somebody
/// else's stays theirs, and the next login finds both and refuses.
fn add_missing(tx: &mut Tx<'_>, binding: &Binding, keys: &[BindingKey]) -> StoreResult<()> {
    for key in keys {
        if !bindings::find(tx, std::slice::from_ref(key))?.is_empty() {
            continue;
        }
        match savepoint(tx, |tx| bindings::add_key(tx, binding.id, key)) {
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
