//! Floor 3: in which country an address is, by a file that the operator has.
//!
//! `app` reads the file once, at the start; `/me/sessions` shows what it says and
//! `doctor` looks at it. Nobody outside is asked, and nothing is decided by it:
//! people tell by it whether a place is theirs.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;
use thiserror::Error;

use crate::base::Timestamp;
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

/// Knows countries by addresses; nothing, where no file is configured.
#[derive(Clone, Default)]
pub struct Countries(Option<Arc<Reader<Vec<u8>>>>);

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
        let bytes = std::fs::read(path).map_err(|error| GeoError::File(path.to_owned(), error.kind()))?;
        let reader = Reader::from_source(bytes).map_err(|error| GeoError::Format(path.to_owned(), error))?;
        let kind = &reader.metadata().database_type;
        // GeoLite2-Country, DBIP-City-Lite, GeoIP2-Enterprise …
        if !["Country", "City", "Enterprise"].iter().any(|known| kind.contains(known)) {
            return Err(GeoError::Kind(path.to_owned(), kind.clone()));
        }
        Ok(Self(Some(Arc::new(reader))))
    }

    /// What the country of an address is called in this language: by the file's own
    /// names, else its two letters. `None` for an address that the file does not
    /// know, and for one that is nowhere in the public internet.
    #[must_use]
    pub fn name(&self, address: &str, language: Language) -> Option<String> {
        let reader = self.0.as_ref()?;
        let address: IpAddr = address.parse().ok()?;
        let address = address.to_canonical();
        if !is_public(address) {
            return None;
        }
        let found = reader.lookup(address).and_then(|found| found.decode::<Place>());
        let place = found.inspect_err(|error| tracing::warn!(%error, "the database of countries is broken")).ok()??;
        let mut country = place.country?;
        country.names.remove(language.as_str()).or(country.iso_code)
    }
}

impl fmt::Display for Countries {
    /// Kind and date of the file, for operators.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(reader) = &self.0 else { return f.write_str("none") };
        let built = i64::try_from(reader.metadata().build_epoch).unwrap_or_default();
        let day: String = Timestamp::from_seconds(built).to_string().chars().take_while(|c| *c != 'T').collect();
        write!(f, "{} of {day}", reader.metadata().database_type)
    }
}
