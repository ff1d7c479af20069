//! Floor 3: in which country an address is, by a file that the operator has.
//!
//! `app` reads the file at the start and a job reads it again when it has changed;
//! `/me/sessions` shows what it says and `doctor` looks at it. Nobody outside is
//! asked. People tell by it whether a place is theirs, and an owner may have them
//! asked for a proof when it changes (`flow`): a country that is not known changes
//! nothing.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use maxminddb::{MaxMindDbError, Reader};
use parking_lot::RwLock;
use serde::Deserialize;
use thiserror::Error;

use crate::base::{FileMark, Timestamp};
use crate::domain::Language;
use crate::outbound::guard::is_public;

/// Why there are no countries to be had from a file.
#[derive(Debug, Error)]
pub enum GeoError {
    /// The file cannot be read.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, std::io::ErrorKind),
    /// It is no database, or a broken one.
    #[error("{}: is no database in MaxMind's format: {}", .0.display(), .1)]
    Format(PathBuf, MaxMindDbError),
    /// Its kind says that it knows nothing of countries.
    #[error("{}: is a database of kind {:?}, which knows no countries", .0.display(), .1)]
    Kind(PathBuf, String),
}

/// Knows countries by addresses; nothing, where no file is configured. Clones share
/// what was read.
#[derive(Clone, Default)]
pub struct Countries(Option<Arc<Database>>);

/// A file that was read.
struct Loaded {
    reader: Reader<Vec<u8>>,
    /// Whether the log was told that something in it is broken.
    told: AtomicBool,
}

struct Database {
    path: PathBuf,
    state: RwLock<State>,
}

struct State {
    loaded: Arc<Loaded>,
    /// The file as it was when it was read, or was found to be no good.
    read: Option<FileMark>,
    /// The file at the last look.
    seen: Option<FileMark>,
}

/// What a country's or a city's database says of an address; the rest of it is
/// not looked at.
#[derive(Deserialize)]
struct Place {
    country: Option<Country>,
}

#[derive(Deserialize)]
struct Country {
    iso_code: Option<String>,
    #[serde(default)]
    names: HashMap<String, String>,
}

impl Countries {
    /// Reads the file, if there is to be one.
    ///
    /// # Errors
    /// It cannot be read, or is no database of countries.
    pub fn open(file: Option<&Path>) -> Result<Self, GeoError> {
        let Some(path) = file else { return Ok(Self::default()) };
        let mark = FileMark::of(path);
        let state = State { loaded: Arc::new(read(path)?), read: mark, seen: mark };
        Ok(Self(Some(Arc::new(Database { path: path.to_owned(), state: RwLock::new(state) }))))
    }

    /// Looks at all that the file says, which takes seconds where it knows cities.
    ///
    /// # Errors
    /// Something in it is broken behind a whole head.
    pub fn verify(&self) -> Result<(), GeoError> {
        let Some(database) = &self.0 else { return Ok(()) };
        database.loaded().verify(&database.path)
    }

    /// Reads the file again when it has changed, and was left alone since the last
    /// look: nobody is writing it any more. When it is gone or broken anywhere, the
    /// log is told once and the old one stays. Takes as long as [`Self::verify`].
    pub fn refresh(&self) {
        let Some(database) = &self.0 else { return };
        let mark = FileMark::of(&database.path);
        {
            let mut state = database.state.write();
            let settled = std::mem::replace(&mut state.seen, mark) == mark;
            if !settled || state.read == mark {
                return;
            }
        }
        let read = read(&database.path).and_then(|loaded| loaded.verify(&database.path).map(|()| loaded));
        let mut state = database.state.write();
        state.read = mark;
        match read {
            Ok(loaded) => {
                state.loaded = Arc::new(loaded);
                tracing::info!("countries are looked up in the new file");
            }
            Err(error) => tracing::warn!(%error, "the new database of countries is not used, the old one stays"),
        }
    }

    /// The two letters of an address's country (ISO 3166-1), where the file tells them.
    #[must_use]
    pub fn letters(&self, address: &str) -> Option<String> {
        self.country(address)?.iso_code
    }

    /// What the country of an address is called in this language: by the file's own
    /// names, else its two letters. `None` for an address that the file does not
    /// know, and for one that is nowhere in the public internet.
    #[must_use]
    pub fn name(&self, address: &str, language: Language) -> Option<String> {
        let mut country = self.country(address)?;
        country.names.remove(language.as_str()).or(country.iso_code)
    }

    fn country(&self, address: &str) -> Option<Country> {
        let loaded = self.0.as_ref()?.loaded();
        let address: IpAddr = address.parse().ok()?;
        let address = address.to_canonical();
        if !is_public(address) {
            return None;
        }
        let found = loaded.reader.lookup(address).and_then(|found| found.decode::<Place>());
        found.inspect_err(|error| loaded.tell(error)).ok()??.country
    }
}

impl Database {
    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.state.read().loaded)
    }
}

impl Loaded {
    fn verify(&self, path: &Path) -> Result<(), GeoError> {
        self.reader.verify().map_err(|error| GeoError::Format(path.to_owned(), error))
    }

    /// Tells the log that something is broken: once, not at every look.
    fn tell(&self, error: &MaxMindDbError) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "the database of countries is broken");
        }
    }
}

fn read(path: &Path) -> Result<Loaded, GeoError> {
    let bytes = std::fs::read(path).map_err(|error| GeoError::File(path.to_owned(), error.kind()))?;
    let reader = Reader::from_source(bytes).map_err(|error| GeoError::Format(path.to_owned(), error))?;
    let kind = &reader.metadata().database_type;
    // GeoLite2-Country, DBIP-City-Lite, GeoIP2-Enterprise …
    if !["Country", "City", "Enterprise"].iter().any(|known| kind.contains(known)) {
        return Err(GeoError::Kind(path.to_owned(), kind.clone()));
    }
    Ok(Loaded { reader, told: AtomicBool::new(false) })
}

impl fmt::Display for Countries {
    /// Kind and date of the file, for operators.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(database) = &self.0 else { return f.write_str("none") };
        let loaded = database.loaded();
        let metadata = loaded.reader.metadata();
        let built = i64::try_from(metadata.build_epoch).unwrap_or_default();
        let day: String = Timestamp::from_seconds(built).to_string().chars().take_while(|c| *c != 'T').collect();
        write!(f, "{} of {day}", metadata.database_type)
    }
}
