//! The file of the key-encryption key: owner-only, made on the first start.
//!
//! Called by `vault` alone, which decides what its text means.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

use super::vault::KEY_LEN;
use crate::base::Entropy;
use crate::config::KeyEncryptionKey;

/// More than any sane key file holds; a device file must not be read to its end.
const MAX_FILE_LEN: u64 = 4096;

/// Why the key file was refused. Never shows what is in it.
#[derive(Debug, Error)]
#[error("key file {}: {source}", path.display())]
pub struct KeyFileError {
    /// The file.
    path: PathBuf,
    /// What is wrong.
    source: io::Error,
}

/// Reads the file; makes it, mode 0600 and synced, when it is absent. Of two
/// processes that start at once one makes it and both read it.
pub(super) fn load(path: &Path, entropy: &dyn Entropy) -> Result<KeyEncryptionKey, KeyFileError> {
    read_or_create(path, entropy)
        .and_then(|text| {
            KeyEncryptionKey::parse(&text).map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))
        })
        .map_err(|source| KeyFileError { path: path.to_owned(), source })
}

fn read_or_create(path: &Path, entropy: &dyn Entropy) -> io::Result<Zeroizing<String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path, entropy)?;
            File::open(path)?
        }
        opened => opened?,
    };
    let mode = file.metadata()?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let what = format!("mode {mode:04o} lets others in; it must be 0600");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE_LEN).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a new root beside `path`, syncs it and moves it there unless
/// somebody else was first.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // tempfile makes files of mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let root = Zeroizing::new(entropy.bytes::<KEY_LEN>());
    let text = Zeroizing::new(STANDARD.encode(root.as_slice()));
    writeln!(file, "{}", text.as_str())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_written) => File::open(folder)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::base::SeededEntropy;
    use crate::keys::{Purpose, Vault};

    #[test]
    fn the_first_start_makes_a_file_for_its_owner_alone_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("kek");
        let first = Vault::load(&path, &SeededEntropy::new(3)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let second = Vault::load(&path, &SeededEntropy::new(4)).unwrap();
        assert_eq!(first.derive(Purpose::Csrf), second.derive(Purpose::Csrf));
        let text = fs::read_to_string(&path).unwrap();
        let third = Vault::from_bytes(KeyEncryptionKey::parse(&text).unwrap().expose());
        assert_eq!(first.derive(Purpose::Csrf), third.derive(Purpose::Csrf));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        Vault::load(&path, &SeededEntropy::new(3)).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(Vault::load(&path, &SeededEntropy::new(3)).err().unwrap().to_string().contains("0600"), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(Vault::load(&path, &SeededEntropy::new(3)).is_ok());
    }

    #[test]
    fn a_file_with_something_else_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "hunter2-hunter2", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            let path = folder.path().join("kek");
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Vault::load(&path, &SeededEntropy::new(3)).err().unwrap().to_string();
            assert!(error.contains("kek") && (text.is_empty() || !error.contains(text)), "{error}");
        }
    }
}
