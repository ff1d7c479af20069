//! The schema: migrations embedded in the binary, applied by whoever comes first.
//!
//! All of a run is one transaction behind a lock, so a node that dies half way
//! leaves nothing, and a second node waits for the first.

use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::dialect::{self, Location};
use super::engine::{AnyConnection, MultiBackend, Schema, StoreError, StoreOptions, StoreResult, transaction};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What stands in the database and what this program would add.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Versions {
    /// Versions that stood there before.
    pub applied: Vec<String>,
    /// Versions that were missing; [`run`] has applied them.
    pub pending: Vec<String>,
}

/// Brings the schema at `url` up to date.
///
/// # Errors
/// [`StoreError::Schema`] when the schema is newer than this program or a
/// migration fails; then nothing was changed.
pub fn run(url: &str) -> StoreResult<Versions> {
    prepare(&Location::parse(url, StoreOptions::default().busy_timeout)?, Schema::Migrate)
}

/// What [`run`] would do. Changes nothing but to make an absent SQLite file.
///
/// # Errors
/// [`StoreError::Schema`] when the schema is newer than this program.
pub fn status(url: &str) -> StoreResult<Versions> {
    inspect(&Location::parse(url, StoreOptions::default().busy_timeout)?)
}

/// Brings the schema up to date, or requires that it is.
pub(super) fn prepare(location: &Location, schema: Schema) -> StoreResult<Versions> {
    match schema {
        Schema::Migrate => apply(location),
        Schema::Require => {
            let versions = inspect(location)?;
            if versions.pending.is_empty() {
                return Ok(versions);
            }
            let missing = versions.pending.join(", ");
            Err(StoreError::Schema(format!("it lacks {missing}; run `menshen migrate`")))
        }
    }
}

fn apply(location: &Location) -> StoreResult<Versions> {
    let mut conn = dialect::begin_migration(location)?;
    let versions = compare(&mut conn, location)?;
    if !versions.pending.is_empty() {
        let ran = conn.run_pending_migrations(migrations(location)).map(drop);
        ran.map_err(|error| StoreError::Schema(format!("a migration failed: {error}")))?;
        dialect::check_references(&mut conn)?;
    }
    transaction::commit(&mut conn)?;
    Ok(versions)
}

/// Looks, and rolls back the table of versions that looking may have made.
fn inspect(location: &Location) -> StoreResult<Versions> {
    let mut conn = dialect::begin_migration(location)?;
    let versions = compare(&mut conn, location)?;
    transaction::roll_back_to(&mut conn, 0)?;
    Ok(versions)
}

fn compare(conn: &mut AnyConnection, location: &Location) -> StoreResult<Versions> {
    let unreadable = |error| StoreError::Schema(format!("the versions cannot be read: {error}"));
    let known = MigrationSource::<MultiBackend>::migrations(&migrations(location)).map_err(unreadable)?;
    let known: Vec<String> = known.iter().map(|migration| migration.name().version().to_string()).collect();
    let mut applied: Vec<String> =
        conn.applied_migrations().map_err(unreadable)?.iter().map(ToString::to_string).collect();
    applied.sort();
    if let Some(unknown) = applied.iter().find(|version| !known.contains(version)) {
        return Err(StoreError::Schema(format!(
            "it has version {unknown}, which this program does not know; run the newer program"
        )));
    }
    let pending = known.into_iter().filter(|version| !applied.contains(version)).collect();
    Ok(Versions { applied, pending })
}

fn migrations(location: &Location) -> EmbeddedMigrations {
    match location {
        Location::Sqlite(_) => SQLITE,
        Location::Postgres(_) => POSTGRES,
    }
}
