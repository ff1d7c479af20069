//! What is done before the transaction of an `apply`: looking who is there,
//! drawing random values, sealing contacts and hashing passwords.
//!
//! Only passwords that are new, or that the stored hash does not open to, are
//! hashed; the transaction checks that what was seen still stands.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use super::declaration::{Declaration, PersonEntry, Role};
use super::passwords::DeclaredPassword;
use super::{ApplyError, Step, Undone, match_up};
use crate::authn::PASSWORD_CREDENTIAL;
use crate::authn::hashing::{Arena, Hasher, NormalPassword, StoredPassword, Verdict};
use crate::base::id::{AccountId, PrincipalId};
use crate::identity::credentials::IMPORTED;
use crate::identity::refusal::all_or_nothing;
use crate::identity::{Identity, NewPassword, SealedContact};
use crate::keys::ContactKeys;
use crate::store::{StoreError, StoreResult, Tx, credentials};

/// What was there for one entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Seen {
    pub(super) principal: Option<(PrincipalId, AccountId)>,
    pub(super) password: Option<String>,
    pub(super) imported: Option<String>,
}

/// What one entry needs in the transaction.
pub(super) struct Prepared {
    pub(super) seen: Seen,
    /// The principal that is there, or a fresh one.
    pub(super) id: PrincipalId,
    /// Its account likewise.
    pub(super) account: AccountId,
    pub(super) contacts: Vec<SealedContact>,
    /// `None`: the stored one stays.
    pub(super) password: Option<NewPassword>,
}

impl Identity {
    /// Looks who of those declared is there.
    pub(super) async fn look(&self, declaration: &Arc<Declaration>) -> Result<Vec<Seen>, ApplyError> {
        let (declaration, keys) = (Arc::clone(declaration), self.0.makings.contacts.clone());
        let seen = self.0.store.read(move |tx| all_or_nothing(tx, |tx| look(tx, &keys, &declaration)));
        seen.await?.map_err(|undone| match undone {
            Undone::Wrong(wrong) => wrong.into(),
            Undone::Stale => ApplyError::Contended,
        })
    }

    /// Draws, seals and hashes.
    pub(super) async fn prepare(
        &self,
        declaration: &Arc<Declaration>,
        seen: Vec<Seen>,
    ) -> Result<Vec<Prepared>, ApplyError> {
        let passwords = self.passwords(declaration, &seen).await?;
        let entries = declaration.people.iter().zip(seen).zip(passwords);
        entries.map(|((entry, seen), password)| self.prepare_one(entry, seen, password)).collect()
    }

    fn prepare_one(
        &self,
        entry: &PersonEntry,
        seen: Seen,
        password: Option<NewPassword>,
    ) -> Result<Prepared, ApplyError> {
        let entropy = &*self.0.entropy;
        let (id, account) = seen.principal.clone().unwrap_or_else(|| {
            let account = entry.id.clone().unwrap_or_else(|| AccountId::random(entropy));
            (PrincipalId::random(entropy), account)
        });
        let contacts = entry.contacts.iter().map(|contact| {
            let named = (contact.kind, contact.canonical.as_str());
            SealedContact::seal(&self.0.makings.contacts, &id, named, contact.verified, entropy)
        });
        let contacts = contacts.collect::<Result<_, _>>()?;
        Ok(Prepared { seen, id, account, contacts, password })
    }

    /// The passwords that must be stored, one place for each entry. Hashing
    /// takes its time, so it runs on threads of its own.
    async fn passwords(
        &self,
        declaration: &Arc<Declaration>,
        seen: &[Seen],
    ) -> Result<Vec<Option<NewPassword>>, ApplyError> {
        let salts = seen.iter().map(|_one| self.0.entropy.bytes()).collect::<Vec<[u8; 16]>>();
        let (declaration, hasher, seen) = (Arc::clone(declaration), Arc::clone(&self.0.hasher), seen.to_vec());
        let task = tokio::task::spawn_blocking(move || {
            let jobs: Vec<_> = declaration.people.iter().zip(&seen).zip(&salts).collect();
            in_parallel(&jobs, |((entry, seen), salt), arena| needed(&hasher, (entry, seen), salt, arena))
        });
        // The task fails only by a panic, which is a fault of ours.
        let passwords = task.await.map_err(|_panicked| StoreError::Panicked)?;
        Ok(passwords)
    }
}

fn look(tx: &mut Tx<'_>, keys: &ContactKeys, declaration: &Declaration) -> Step<Vec<Seen>> {
    let mut all: Vec<Seen> = Vec::with_capacity(declaration.people.len());
    for entry in &declaration.people {
        let owner = match entry.role {
            Role::Main => None,
            Role::Sub { owner } | Role::Iam { owner, .. } => {
                all.get(owner).and_then(|owner| owner.principal.as_ref()).map(|(_id, account)| account.clone())
            }
        };
        all.push(look_at(tx, keys, entry, owner.as_ref())?);
    }
    Ok(all)
}

/// What is there for one entry now; the transaction asks the same again.
pub(super) fn look_at(
    tx: &mut Tx<'_>,
    keys: &ContactKeys,
    entry: &PersonEntry,
    owner: Option<&AccountId>,
) -> Step<Seen> {
    let Some(principal) = match_up::find(tx, keys, entry, owner)? else { return Ok(Seen::default()) };
    Ok(Seen {
        password: data_of(tx, &principal.id, PASSWORD_CREDENTIAL)?,
        imported: data_of(tx, &principal.id, IMPORTED)?,
        principal: Some((principal.id, principal.account.id)),
    })
}

fn data_of(tx: &mut Tx<'_>, principal: &PrincipalId, method: &str) -> StoreResult<Option<String>> {
    Ok(credentials::find(tx, principal, method)?.map(|credential| credential.data))
}

/// The password to store for one entry, if another than the stored one.
fn needed(
    hasher: &Hasher,
    (entry, seen): (&PersonEntry, &Seen),
    salt: &[u8; 16],
    arena: &mut Arena,
) -> Option<NewPassword> {
    let stored = seen.password.as_deref().and_then(|data| StoredPassword::from_data(data).ok());
    match entry.password.as_ref()? {
        DeclaredPassword::Hash { stored: declared, digest } => {
            let same = seen.imported.as_ref() == Some(digest) || stored.as_ref() == Some(declared);
            (!same).then(|| NewPassword::imported(declared.clone(), digest.clone(), entry.must_change))
        }
        DeclaredPassword::Clear(password) => {
            let password = NormalPassword::new(password.expose())?;
            let right = |stored| hasher.compare(Some(&password), Some(stored), arena) == Verdict::Right;
            if stored.as_ref().is_some_and(right) {
                return None;
            }
            // Its length was checked when it was read, and the cost when the hasher was made.
            let fresh = hasher.hash(&password, salt, arena).ok()?;
            Some(NewPassword::hashed(fresh, entry.must_change))
        }
    }
}

/// Runs `work` over all items on as many threads as there are cores.
fn in_parallel<I: Sync, O: Send>(items: &[I], work: impl Fn(&I, &mut Arena) -> O + Sync) -> Vec<O> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = items.len().div_ceil(cores).max(1);
    let work = &work;
    thread::scope(|scope| {
        let begin = |chunk| {
            let run = move || {
                let mut arena = Arena::default();
                let one = |item: &I| work(item, &mut arena);
                <[I]>::iter(chunk).map(one).collect::<Vec<O>>()
            };
            scope.spawn(run)
        };
        let threads: Vec<_> = items.chunks(share).map(begin).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
