//! The demo's directory and the configuration that it runs with.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::DemoError;
use super::addresses::Addresses;
use crate::config::Config;

/// Where a demo keeps its data: a directory that was named, or one that goes
/// when the demo ends.
pub enum Home {
    /// Named by the caller; stays.
    Kept(PathBuf),
    /// Fresh; removed at the end.
    Fresh(TempDir),
}

impl Home {
    /// Opens `data`, or a fresh directory.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn open(data: Option<&Path>) -> Result<Self, DemoError> {
        let made = match data {
            Some(path) => make(path).map(|()| Self::Kept(path.to_owned())),
            None => tempfile::Builder::new().prefix("menshen-demo-").tempdir().map(Self::Fresh),
        };
        let shown = || data.map_or_else(|| "--data".to_owned(), |path| path.display().to_string());
        made.map_err(|error| DemoError::new(shown(), error.kind()))
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Fresh(directory) => directory.path(),
        }
    }

    /// Writes the demo's configuration file, so that the other commands can be
    /// given it, and loads it with what the environment overrides. `vendors` are
    /// the sections of whoever plays them.
    ///
    /// # Errors
    /// The file cannot be written, or an override is wrong.
    pub fn configure(&self, addresses: &Addresses, vendors: &str) -> Result<Config, DemoError> {
        let file = self.config_file();
        let text = self.toml(addresses, vendors);
        std::fs::write(&file, text).map_err(|error| DemoError::new(file.display(), error.kind()))?;
        Config::load(Some(&file)).map_err(|error| DemoError::new(error.key, error.reason))
    }

    /// Where the configuration is.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.path().join("demo.toml")
    }

    /// Removes the directory if it is a fresh one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn close(self) -> Result<(), DemoError> {
        match self {
            Self::Kept(_) => Ok(()),
            Self::Fresh(directory) => {
                let shown = directory.path().display().to_string();
                directory.close().map_err(|error| DemoError::new(shown, error.kind()))
            }
        }
    }

    /// Files of other names than those of `serve`, so that a demo is never
    /// poured into the database of a real server.
    fn toml(&self, addresses: &Addresses, vendors: &str) -> String {
        let file = |name: &str| quoted(&self.path().join(name).display().to_string());
        let database = quoted(&format!("sqlite:{}", self.path().join("demo.db").display()));
        format!(
            "# Written by `menshen demo` at each start. Other commands take it by --config.\n\
             [server]\nlisten = \"{}\"\nissuer = {}\n\
             [database]\nurl = {database}\n\
             [keys]\nkek_file = {}\n\
             [metrics]\nlisten = \"{}\"\n\
             [outbound]\nallow_private_addresses = true\n\
             [login]\ndefault_client = {}\n\
             {vendors}\
             [log]\nlevel = \"warn\"\nformat = \"text\"\n",
            addresses.listen_provider(),
            quoted(&addresses.issuer),
            file("demo.key"),
            addresses.listen_metrics(),
            quoted(super::data::CONSOLE),
        )
    }
}

fn make(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// As a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_home_is_gone_when_it_is_closed_and_a_named_one_stays() {
        let fresh = Home::open(None).unwrap();
        let path = fresh.path().to_owned();
        assert!(path.is_dir());
        fresh.close().unwrap();
        assert!(!path.exists());

        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("a \"b\"");
        let kept = Home::open(Some(&named)).unwrap();
        kept.close().unwrap();
        assert!(named.is_dir());
    }

    #[test]
    fn the_configuration_loads_whatever_the_directory_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("a \"b\" 门"))).unwrap();
        let config = home.configure(&Addresses::from_port_base(9080).unwrap(), "").unwrap();
        assert_eq!(config.server.issuer.as_str(), "http://localhost:9080");
        assert_eq!(config.metrics.listen.port(), 9084);
        assert_eq!(config.database.url.sqlite_path(), home.path().join("demo.db").to_str());
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let error = Home::open(Some(Path::new("/dev/null/x"))).err().unwrap();
        assert!(error.to_string().starts_with("/dev/null/x: "), "{error}");
    }
}
