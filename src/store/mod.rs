//! Floor 3: the database, SQLite and PostgreSQL with one set of queries.
//!
//! [`Store`] runs jobs on a transaction ([`Tx`]); every aggregate is a file of
//! plain functions `verb(tx, …) -> StoreResult<…>` over [`schema`]. What differs
//! between the databases stands in [`dialect`]. Callers are the services of
//! floor 4 and the jobs; nothing outside this module names diesel.
//!
//! Rules for a job: it may run twice (so random values are drawn before it), it
//! passes on every error but [`StoreError::Conflict`], and `Err` undoes all it
//! did. A refusal that must leave a trace travels as `Ok(Refused(..))`.

pub mod access_tokens;
pub mod account_policies;
pub mod accounts;
pub mod affinities;
pub mod agreements;
pub mod audit;
pub mod bindings;
pub mod browsers;
pub mod client_sessions;
pub mod clients;
pub mod codes;
pub mod consents;
pub mod credentials;
pub mod dialect;
mod engine;
pub mod grants;
pub mod identifiers;
pub mod interactions;
pub mod leases;
mod live;
pub mod migrate;
pub mod one_time_codes;
pub mod outbox;
pub mod principals;
pub mod refresh_tokens;
pub mod resources;
pub mod revoked_jwts;
mod rows;
pub mod schema;
pub mod sign_ins;
pub mod signing_keys;
pub mod throttle;
pub mod used_assertions;
pub mod used_once;

pub use engine::{
    AnyConnection, MultiBackend, Schema, Statistics, Store, StoreError, StoreOptions, StoreResult, Trouble, Tx,
};
