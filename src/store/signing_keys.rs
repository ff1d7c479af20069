//! Signing keys: their rows and the moves between their states.
//!
//! `keys::keeper` alone writes here; the command line lists. Each move is a
//! conditional update, and an index lets one key per algorithm be active, so two
//! nodes that rotate at once cannot both succeed.

use diesel::prelude::*;

use super::rows::named;
use super::schema::signing_keys;
use super::{StoreError, StoreResult, Tx};
use crate::base::Timestamp;
use crate::domain::{KeyState, SigningKeyRecord};
use crate::protocol::client_metadata::SigningAlg;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
struct Row {
    kid: String,
    alg: String,
    state: String,
    public_jwk: String,
    private_sealed: Vec<u8>,
    created_at: i64,
    activated_at: Option<i64>,
    retired_at: Option<i64>,
    expires_at: Option<i64>,
}

impl Row {
    fn read(self) -> StoreResult<SigningKeyRecord> {
        let algorithm = SigningAlg::ALL.into_iter().find(|algorithm| algorithm.as_str() == self.alg);
        Ok(SigningKeyRecord {
            algorithm: algorithm
                .ok_or_else(|| StoreError::inconsistent("signing_keys", &self.kid, "unknown algorithm"))?,
            state: named(&self.state, "signing_keys.state", &self.kid)?,
            kid: self.kid,
            public_jwk: self.public_jwk,
            private_sealed: self.private_sealed,
            created_at: Timestamp::from_micros(self.created_at),
            activated_at: self.activated_at.map(Timestamp::from_micros),
            retired_at: self.retired_at.map(Timestamp::from_micros),
            expires_at: self.expires_at.map(Timestamp::from_micros),
        })
    }
}

/// Every key, oldest first.
pub fn list(tx: &mut Tx<'_>) -> StoreResult<Vec<SigningKeyRecord>> {
    let rows = signing_keys::table.order((signing_keys::created_at, signing_keys::kid));
    rows.select(Row::as_select()).load(tx.conn())?.into_iter().map(Row::read).collect()
}

/// Stores a new key; [`StoreError::Conflict`] when its place is taken.
pub fn insert(tx: &mut Tx<'_>, key: &SigningKeyRecord) -> StoreResult<()> {
    let row = Row {
        kid: key.kid.clone(),
        alg: key.algorithm.as_str().to_owned(),
        state: key.state.as_str().to_owned(),
        public_jwk: key.public_jwk.clone(),
        private_sealed: key.private_sealed.clone(),
        created_at: key.created_at.micros(),
        activated_at: key.activated_at.map(Timestamp::micros),
        retired_at: key.retired_at.map(Timestamp::micros),
        expires_at: key.expires_at.map(Timestamp::micros),
    };
    diesel::insert_into(signing_keys::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// next → active; false when it was not `next` any more.
/// [`StoreError::Conflict`] while another key of its algorithm is active.
pub fn activate(tx: &mut Tx<'_>, kid: &str) -> StoreResult<bool> {
    let now = tx.now().micros();
    let own = signing_keys::table.find(kid).filter(signing_keys::state.eq(KeyState::Next.as_str()));
    let moved = (signing_keys::state.eq(KeyState::Active.as_str()), signing_keys::activated_at.eq(now));
    Ok(diesel::update(own).set(moved).execute(tx.conn())? == 1)
}

/// active → retired, published until `expires_at`; false when it was not active.
pub fn retire(tx: &mut Tx<'_>, kid: &str, expires_at: Timestamp) -> StoreResult<bool> {
    let now = tx.now().micros();
    let own = signing_keys::table.find(kid).filter(signing_keys::state.eq(KeyState::Active.as_str()));
    let moved = (
        signing_keys::state.eq(KeyState::Retired.as_str()),
        signing_keys::retired_at.eq(now),
        signing_keys::expires_at.eq(expires_at.micros()),
    );
    Ok(diesel::update(own).set(moved).execute(tx.conn())? == 1)
}

/// Forgets a retired key; false when another node already did.
pub fn remove(tx: &mut Tx<'_>, kid: &str) -> StoreResult<bool> {
    let own = signing_keys::table.find(kid).filter(signing_keys::state.eq(KeyState::Retired.as_str()));
    Ok(diesel::delete(own).execute(tx.conn())? == 1)
}
