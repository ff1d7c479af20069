//! The signing keys of the running server: who signs, who is published, and the
//! verification of our own tokens.
//!
//! Loaded from `signing_keys`, swapped whole when the rows change, cloned freely
//! (a clone is the same ring). `token` and `session` sign through it, `web`
//! serves its JWK set, `jobs` reloads it.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use parking_lot::RwLock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::jose::{Audience, Compact, JoseError};
use super::jwk::PublicJwk;
use super::purpose::Purpose;
use super::signing::{SignError, SigningKey, TokenType};
use super::vault::{Aad, Vault, VaultError};
use crate::base::Timestamp;
use crate::domain::{KeyState, SigningKeyRecord};
use crate::protocol::client_metadata::SigningAlg;

/// Why stored keys cannot be used.
#[derive(Debug, Error)]
pub enum RingError {
    /// A private key does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A row that is not what was written.
    #[error("signing key {kid} cannot be read: {what}")]
    Row {
        /// Name of the key.
        kid: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// What an own token must say beyond its signature.
#[derive(Clone, Copy, Debug)]
pub struct OwnRules<'a> {
    /// What it must be.
    pub typ: TokenType,
    /// Our issuer.
    pub issuer: &'a str,
    /// Whom it must be for; `None` where the caller looks at `aud` itself.
    pub audience: Option<&'a str>,
    /// Whether its time counts.
    pub expiry: Expiry,
    /// The present.
    pub now: Timestamp,
}

/// Whether `exp` counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expiry {
    /// A token past its `exp` is refused.
    Enforced,
    /// An `id_token_hint` may be old (OpenID Connect RP-Initiated Logout §4).
    Ignored,
}

#[derive(Deserialize)]
struct OwnClaims {
    iss: String,
    aud: Option<Audience>,
    exp: Option<f64>,
}

/// All signing keys; cheap to clone.
#[derive(Clone)]
pub struct SigningKeys(Arc<RwLock<Arc<KeySet>>>);

struct KeySet {
    /// What it was built of: an unchanged table is not opened again.
    version: Vec<(String, KeyState)>,
    jwks: Arc<[u8]>,
    published: HashMap<String, Published>,
    rs256: Option<SigningKey>,
    es256: Option<SigningKey>,
}

struct Published {
    algorithm: SigningAlg,
    key: DecodingKey,
    expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct JwkSet {
    keys: Vec<PublicJwk>,
}

impl SigningKeys {
    /// Opens the active keys and publishes all that still count.
    pub fn open(records: &[SigningKeyRecord], vault: &Vault, now: Timestamp) -> Result<Self, RingError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(KeySet::build(records, vault, now)?)))))
    }

    /// Takes changed rows over; says whether anything had changed. On an error
    /// the former keys stay in use.
    pub fn replace(&self, records: &[SigningKeyRecord], vault: &Vault, now: Timestamp) -> Result<bool, RingError> {
        if self.current().version == version(records, now) {
            return Ok(false);
        }
        let fresh = Arc::new(KeySet::build(records, vault, now)?);
        *self.0.write() = fresh;
        Ok(true)
    }

    /// Signs `claims` with the active key of `algorithm`.
    pub fn sign(&self, algorithm: SigningAlg, typ: TokenType, claims: &impl Serialize) -> Result<String, SignError> {
        let keys = self.current();
        let key = match algorithm {
            SigningAlg::Rs256 => keys.rs256.as_ref(),
            SigningAlg::Es256 => keys.es256.as_ref(),
        };
        key.ok_or(SignError::NoKey(algorithm.as_str()))?.sign(typ, claims)
    }

    /// The JWK set as it goes over the wire (RFC 7517 §5): public members of
    /// every key that is next, active, or retired and not yet expired.
    #[must_use]
    pub fn jwks_json(&self) -> Arc<[u8]> {
        Arc::clone(&self.current().jwks)
    }

    /// Signs nothing of worth with each key, so that the first request does not
    /// pay for seeding the random source and for the key's tables.
    pub fn warm_up(&self) -> Result<(), SignError> {
        SigningAlg::ALL.into_iter().try_for_each(|algorithm| self.sign(algorithm, TokenType::Id, &()).map(drop))
    }

    /// Verifies a token of ours and gives its claims.
    ///
    /// Keys that are only `next` verify too: another node may have activated
    /// one a moment before this node hears of it, and relying parties already
    /// accept them from the published set.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, rules: &OwnRules<'_>) -> Result<C, JoseError> {
        let token = Compact::parse(token)?;
        if token.typ() != Some(rules.typ.typ()) {
            return Err(JoseError::Type);
        }
        let keys = self.current();
        let key = token.kid().and_then(|kid| keys.published.get(kid)).ok_or(JoseError::UnknownKey)?;
        if key.expires_at.is_some_and(|end| end <= rules.now) {
            return Err(JoseError::UnknownKey);
        }
        token.verify(&key.key, key.algorithm.into())?;
        let claims: OwnClaims = token.claims()?;
        if claims.iss != rules.issuer {
            return Err(JoseError::Issuer);
        }
        let meant = |wanted| claims.aud.as_ref().is_some_and(|audience| audience.contains(wanted));
        if !rules.audience.is_none_or(meant) {
            return Err(JoseError::Audience);
        }
        let expires = super::assertion::moment(claims.exp.ok_or(JoseError::Claims)?)?;
        if rules.expiry == Expiry::Enforced && expires <= rules.now {
            return Err(JoseError::Expired);
        }
        token.claims()
    }

    fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.read())
    }
}

impl KeySet {
    fn build(records: &[SigningKeyRecord], vault: &Vault, now: Timestamp) -> Result<Self, RingError> {
        let mut set = Self {
            version: version(records, now),
            jwks: Arc::default(),
            published: HashMap::new(),
            rs256: None,
            es256: None,
        };
        let mut keys = Vec::new();
        for record in records.iter().filter(|record| record.is_published(now)) {
            let unreadable = |what| RingError::Row { kid: record.kid.clone(), what };
            let public: PublicJwk = serde_json::from_str(&record.public_jwk)
                .map_err(|_shape| unreadable("its public part is no JWK of ours"))?;
            if public.kid != record.kid || public.alg != record.algorithm {
                return Err(unreadable("its public part is of another key"));
            }
            let key = public.decoding_key().map_err(|_shape| unreadable("its public part is no key"))?;
            let published = Published { algorithm: record.algorithm, key, expires_at: record.expires_at };
            set.published.insert(record.kid.clone(), published);
            keys.push(public);
            if record.state == KeyState::Active {
                let opened = Some(open_private(record, vault)?);
                match record.algorithm {
                    SigningAlg::Rs256 => set.rs256 = opened,
                    SigningAlg::Es256 => set.es256 = opened,
                }
            }
        }
        let json = serde_json::to_vec(&JwkSet { keys });
        set.jwks = json
            .map_err(|_unlikely| RingError::Row { kid: String::new(), what: "the JWK set does not serialise" })?
            .into();
        Ok(set)
    }
}

fn version(records: &[SigningKeyRecord], now: Timestamp) -> Vec<(String, KeyState)> {
    let published = records.iter().filter(|record| record.is_published(now));
    published.map(|record| (record.kid.clone(), record.state)).collect()
}

/// Where the private part of a key lives, for its seal.
pub(super) fn place(kid: &str) -> Aad<'_> {
    Aad { table: "signing_keys", column: "private_sealed", row: kid }
}

fn open_private(record: &SigningKeyRecord, vault: &Vault) -> Result<SigningKey, RingError> {
    let unreadable = |what| RingError::Row { kid: record.kid.clone(), what };
    let pkcs8 = vault.unseal(Purpose::SigningKeySeal, &place(&record.kid), &record.private_sealed)?;
    let key = SigningKey::from_pkcs8(record.algorithm, &pkcs8)
        .map_err(|_rejected| unreadable("its private part is no key of its algorithm"))?;
    if key.public().kid != record.kid {
        return Err(unreadable("its private part is of another key"));
    }
    Ok(key)
}
