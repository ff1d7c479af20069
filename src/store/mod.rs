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

pub mod dialect;
mod engine;
pub mod migrate;
pub mod schema;

pub use engine::{
    AnyConnection, MultiBackend, Schema, Statistics, Store, StoreError, StoreOptions, StoreResult, Trouble, Tx,
};
