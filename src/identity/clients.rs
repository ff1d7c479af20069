//! Clients and resources as an operator makes and changes them.
//!
//! The server makes secrets (256 bits, `mcs_…`), shows them once and keeps a
//! keyed hash. Running servers read clients anew every half second, so a change
//! here is obeyed within one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::Identity;
use super::refusal::{Stop, all_or_nothing};
use crate::base::id::ClientId;
use crate::base::{Entropy, Secret};
use crate::domain::audit::Origin;
use crate::domain::client::{Client, ClientStatus};
use crate::domain::contact::account_key;
use crate::domain::resource::Resource;
use crate::domain::{Account, AuditEvent, AuditKind, Outcome};
use crate::protocol::client_metadata::ClientAuthMethod;
use crate::protocol::{ClientMetadata, MetadataError};
use crate::store::{self, StoreError, StoreResult, Tx};

/// Fewest characters of a secret that somebody else made.
pub const MIN_SECRET: usize = 32;
const MAX_SECRET: usize = 512;
/// By which people and secret scanners know a secret of ours.
const SECRET_PREFIX: &str = "mcs_";

/// Why a client could not be made or changed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Its registration is wrong.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// There is one of this name.
    #[error("the client_id is taken")]
    Taken,
    /// Not a name that a client can have.
    #[error("a client_id has 1 to 255 visible ASCII characters")]
    NoName,
    /// There is none of this name.
    #[error("no client of this client_id")]
    Unknown,
    /// It proves itself in another way.
    #[error("its token_endpoint_auth_method has no secret")]
    NoSecret,
    /// It names an API that is not registered.
    #[error("resources names one that is not registered")]
    NoResource,
    /// It names an account that does not exist.
    #[error("owner_account names no account")]
    NoOwner,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a declared secret is refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SecretRefused {
    /// Too short to resist guessing.
    #[error("is shorter than {MIN_SECRET} characters")]
    Short,
    /// Longer than any header wants to carry.
    #[error("is longer than {MAX_SECRET} characters")]
    Long,
    /// RFC 6749 appendix A.2.
    #[error("holds something else than printable ASCII")]
    Characters,
    /// The client proves itself without one.
    #[error("is of no use: token_endpoint_auth_method has no secret")]
    Useless,
}

/// A client with the secret that is shown this once.
pub struct WithSecret {
    /// The client.
    pub client: Client,
    /// Its secret, if it has one.
    pub secret: Option<Secret<String>>,
}

/// Whether this can be a `client_id`.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a client of this registration has a secret.
#[must_use]
pub fn has_secret(metadata: &ClientMetadata) -> bool {
    match metadata.token_endpoint_auth_method {
        ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost => true,
        ClientAuthMethod::None | ClientAuthMethod::PrivateKeyJwt => false,
    }
}

/// Checks a secret that somebody else made.
///
/// # Errors
/// Why it is refused.
pub fn check_secret(metadata: &ClientMetadata, secret: &str) -> Result<(), SecretRefused> {
    if !has_secret(metadata) {
        return Err(SecretRefused::Useless);
    }
    if secret.chars().count() < MIN_SECRET {
        return Err(SecretRefused::Short);
    }
    if secret.len() > MAX_SECRET {
        return Err(SecretRefused::Long);
    }
    let printable = secret.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if printable { Ok(()) } else { Err(SecretRefused::Characters) }
}

/// The account that a registration names as its owner, by alias or id.
pub(super) fn find_owner(tx: &mut Tx<'_>, name: &str) -> StoreResult<Option<Account>> {
    let Some(key) = account_key(name) else { return Ok(None) };
    match store::accounts::find_by_alias(tx, &key)? {
        Some(account) => Ok(Some(account)),
        None => store::accounts::find(tx, &crate::base::id::AccountId::from_text(key)),
    }
}

/// Stores a client with its audit row.
pub(super) fn store_client(tx: &mut Tx<'_>, client: &Client, what: &str, origin: &Origin) -> StoreResult<()> {
    store::clients::put(tx, client)?;
    let event = AuditEvent::new(AuditKind::ClientChanged, Outcome::Success).of_client(&client.id).because(what);
    store::audit::record(tx, &event, origin)
}

/// Stores a resource with its audit row.
pub(super) fn store_resource(tx: &mut Tx<'_>, resource: &Resource, what: &str, origin: &Origin) -> StoreResult<()> {
    store::resources::put(tx, resource)?;
    let event =
        AuditEvent::new(AuditKind::ResourceChanged, Outcome::Success).because(format!("{} {what}", resource.id));
    store::audit::record(tx, &event, origin)
}

impl Identity {
    /// Registers a client and makes its secret. Without a name it gets one.
    ///
    /// # Errors
    /// The registration is wrong, or the name is taken; nothing was stored.
    pub async fn create_client(
        &self,
        id: Option<ClientId>,
        metadata: ClientMetadata,
        origin: &Origin,
    ) -> Result<WithSecret, ClientError> {
        let metadata = metadata.validate()?.into_metadata();
        let id = id.unwrap_or_else(|| fresh_client_id(&*self.0.entropy));
        if !is_client_id(id.as_str()) {
            return Err(ClientError::NoName);
        }
        let secret = has_secret(&metadata).then(|| fresh_secret(&*self.0.entropy));
        let secret_hash =
            secret.as_ref().map(|secret| self.0.makings.secrets.hash(&id, secret.expose()).as_bytes().to_vec());
        let client = Client {
            id,
            status: ClientStatus::Active,
            secret_hash,
            previous_secret_hash: None,
            metadata,
            owner_account: None,
        };
        let origin = origin.clone();
        let stored = self.0.store.write(move |tx| all_or_nothing(tx, |tx| insert(tx, client.clone(), &origin))).await?;
        Ok(WithSecret { client: stored?, secret })
    }

    /// Every client, at most `limit`, from behind the name `after`.
    ///
    /// # Errors
    /// The store's own.
    pub async fn list_clients(&self, after: String, limit: i64) -> StoreResult<Vec<Client>> {
        self.0.store.read(move |tx| store::clients::list(tx, &after, limit)).await
    }

    /// One client.
    ///
    /// # Errors
    /// There is none of this name; the store's own.
    pub async fn load_client(&self, id: ClientId) -> Result<Client, ClientError> {
        self.0.store.read(move |tx| store::clients::find(tx, &id)).await?.ok_or(ClientError::Unknown)
    }

    /// Switches a client on or off; true when that changed something.
    ///
    /// # Errors
    /// There is none of this name; the store's own.
    pub async fn set_client_status(
        &self,
        id: ClientId,
        status: ClientStatus,
        origin: &Origin,
    ) -> Result<bool, ClientError> {
        let origin = origin.clone();
        let changed = self.0.store.write(move |tx| {
            let Some(before) = store::clients::find(tx, &id)? else { return Ok(None) };
            if before.status == status {
                return Ok(Some(false));
            }
            store_client(tx, &Client { status, ..before }, status.as_str(), &origin)?;
            Ok(Some(true))
        });
        changed.await?.ok_or(ClientError::Unknown)
    }

    /// Makes another secret; the one before it works for `overlap` more.
    ///
    /// # Errors
    /// There is none of this name, or it has no secret; the store's own.
    pub async fn rotate_client_secret(
        &self,
        id: ClientId,
        overlap: Duration,
        origin: &Origin,
    ) -> Result<WithSecret, ClientError> {
        let secret = fresh_secret(&*self.0.entropy);
        let hash = self.0.makings.secrets.hash(&id, secret.expose()).as_bytes().to_vec();
        let origin = origin.clone();
        let outcome = self.0.store.write(move |tx| {
            let Some(before) = store::clients::find(tx, &id)? else { return Ok(Err(ClientError::Unknown)) };
            let Some(old) = before.secret_hash.clone().filter(|_hash| has_secret(&before.metadata)) else {
                return Ok(Err(ClientError::NoSecret));
            };
            let previous_secret_hash = (!overlap.is_zero()).then(|| (old, tx.now() + overlap));
            let after = Client { secret_hash: Some(hash.clone()), previous_secret_hash, ..before };
            store_client(tx, &after, "client_secret", &origin)?;
            Ok(Ok(after))
        });
        Ok(WithSecret { client: outcome.await??, secret: Some(secret) })
    }
}

fn insert(tx: &mut Tx<'_>, client: Client, origin: &Origin) -> Result<Client, Stop<ClientError>> {
    let refuse = |why| Err(Stop::Refused(why));
    if store::clients::find(tx, &client.id)?.is_some() {
        return refuse(ClientError::Taken);
    }
    let wanted = &client.metadata.resources;
    if !wanted.is_empty() {
        let known = store::resources::find_all(tx, wanted)?;
        if wanted.iter().any(|id| !known.iter().any(|one| one.id == *id)) {
            return refuse(ClientError::NoResource);
        }
    }
    let owner_account = match &client.metadata.owner_account {
        None => None,
        Some(name) => match find_owner(tx, name)? {
            Some(account) => Some(account.id),
            None => return refuse(ClientError::NoOwner),
        },
    };
    let client = Client { owner_account, ..client };
    store_client(tx, &client, "created", origin)?;
    Ok(client)
}

fn fresh_secret(entropy: &dyn Entropy) -> Secret<String> {
    Secret::new(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<32>())))
}

fn fresh_client_id(entropy: &dyn Entropy) -> ClientId {
    ClientId::from_text(format!("c_{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<16>())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_secret_is_long_printable_and_of_use() {
        let basic = ClientMetadata::default();
        assert_eq!(check_secret(&basic, &"x".repeat(32)), Ok(()));
        assert_eq!(check_secret(&basic, &"x".repeat(31)), Err(SecretRefused::Short));
        assert_eq!(check_secret(&basic, &"x".repeat(513)), Err(SecretRefused::Long));
        assert_eq!(check_secret(&basic, &"é".repeat(32)), Err(SecretRefused::Characters));
        let public = ClientMetadata { token_endpoint_auth_method: ClientAuthMethod::None, ..basic };
        assert_eq!(check_secret(&public, &"x".repeat(32)), Err(SecretRefused::Useless));
    }

    #[test]
    fn a_fresh_secret_has_256_bits_behind_its_prefix() {
        let secret = fresh_secret(&crate::base::SeededEntropy::new(1));
        assert_eq!(secret.expose().len(), SECRET_PREFIX.len() + 43);
        assert!(secret.expose().starts_with(SECRET_PREFIX));
    }
}
